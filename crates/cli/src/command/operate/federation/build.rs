//! What a run of several sites is made of.

use std::path::Path;

use gigatwin_factory::{SiteOperations, SiteRates};
use gigatwin_operations::{Account, FailureModel, Job, Member, Seconds, ShareTree, Site};

use super::super::setting::{Setting, tree};
use super::others::{Other, own_jobs};
use crate::args::operate::Operate;
use crate::context::Context;
use crate::exit::Fault;

/// The sites.
pub(super) struct Built {
    pub members: Vec<Member>,
    /// Jobs of the others' own users, with their homes.
    pub theirs: Vec<(Job, u16)>,
    /// Speed, price and carbon by site, as stated.
    pub rates: Vec<Option<SiteRates>>,
}

/// This site first, then the others. The accounts of their users come into this site's tree.
pub(super) fn build(
    context: &Context,
    args: &Operate,
    setting: &mut Setting,
    facts: Option<&SiteOperations>,
    home_rates: Option<SiteRates>,
    others: Vec<Other>,
) -> Result<Built, Fault> {
    let own = setting.site.shares.accounts().to_vec();
    let top: f64 = own.iter().filter(|a| a.parent.is_none()).map(|a| a.shares).sum();
    // One more account for the users of each other site; at home they are guests without a share, who come last.
    let shares_at = |at: usize| -> Result<ShareTree, Fault> {
        let mut list = own.clone();
        let guests = if at == 0 { 1.0 } else { others[at - 1].guests.clamp(0.01, 0.99) };
        list.iter_mut().filter(|a| a.parent.is_none()).for_each(|a| a.shares *= guests / top.max(1e-12));
        list.extend(others.iter().enumerate().map(|(i, o)| Account {
            name: format!("users of {}", o.name),
            parent: None,
            shares: if i + 1 == at { 1.0 - guests } else { 0.0 },
        }));
        tree(list)
    };
    if !others.is_empty() {
        setting.site.shares = shares_at(0)?;
    }
    let mut rates = vec![home_rates];
    let mut members =
        vec![Member { outages: setting.outages.clone(), ..Member::new(&setting.name, setting.site.clone()) }];
    let mut theirs: Vec<(Job, u16)> = Vec::new();
    let hour = |r: &SiteRates| (r.watts * r.eur_per_mwh / 1e6, r.watts * r.grams_per_kwh / 1e6);
    if let Some(r) = &home_rates {
        (members[0].speed, members[0].price, members[0].carbon) = (r.peak, hour(r).0, hour(r).1);
    }
    for (i, o) in others.iter().enumerate() {
        let mut site =
            Site { shares: shares_at(i + 1)?, qos: setting.site.qos.clone(), ..Site::new(o.layout) };
        if let (Some(f), false) = (facts, args.no_failures) {
            let per_node = f64::from(o.layout.gpus_per_node) / f64::from(f.layout.gpus_per_node);
            site.failures = Some(FailureModel {
                per_job_day: args.job_failures,
                ..FailureModel::like_llama3(
                    f.node_failure.per_s() * 86_400.0 * per_node,
                    (f.repair.s().round() as Seconds).max(60),
                )
            });
        }
        let tenant = (own.len() + i) as u32;
        let jobs = own_jobs(context, setting, facts, o, tenant, i as u64 + 1)?;
        theirs.extend(jobs.into_iter().map(|j| (j, i as u16 + 1)));
        let stated = args.speed.iter().find_map(|s| {
            let (name, ratio) = s.split_once('=')?;
            (name == o.name || Path::new(name) == o.given).then(|| ratio.parse::<f64>().ok()).flatten()
        });
        let speed = stated.map_or(o.rates.peak, |ratio| ratio * members[0].speed);
        let (price, carbon) = hour(&o.rates);
        members.push(Member { speed, price, carbon, ..Member::new(&o.name, site) });
        rates.push(Some(o.rates));
    }
    Ok(Built { members, theirs, rates })
}
