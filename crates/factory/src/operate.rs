//! A factory as the event simulation sees it: nodes and domains, failures, tenants, campaigns, services.

use gigatwin_operations::{Account, Layout};
use gigatwin_programme::access::AccessClass;
use gigatwin_quantity::{Hazard, Share, Time};

use crate::evaluate::train::REFERENCE_NODE;
use crate::evaluate::{hours, physical, plan};
use crate::inputs::Values;
use crate::resolved::{Factory, TenantKind};
use crate::run::Evaluator;

/// A training run of the file.
#[derive(Debug, Clone)]
pub struct SiteCampaign {
    /// Name in the file, as an id.
    pub name: String,
    /// Accelerators it uses.
    pub accelerators: u32,
    /// How long it trains, failures left out.
    pub duration: Time,
}

/// A service of the file.
#[derive(Debug, Clone)]
pub struct SitePool {
    /// Name in the file, as an id.
    pub name: String,
    /// Accelerators at the peak.
    pub accelerators: u32,
    /// Busiest hour over the mean hour.
    pub peak: f64,
}

/// A span that comes again and again, counted from the start of a run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SiteWindow {
    /// How long it lasts.
    pub length: Time,
    /// From one to the next; once where absent.
    pub every: Option<Time>,
    /// To the first.
    pub first: Time,
}

/// Accelerators that a tenant has to itself.
#[derive(Debug, Clone, PartialEq)]
pub struct SiteReservation {
    /// Name of the tenant's account.
    pub tenant: String,
    /// How many.
    pub accelerators: f64,
    /// When.
    pub window: SiteWindow,
}

/// Everything the simulation needs, every range at its mode.
#[derive(Debug, Clone)]
pub struct SiteOperations {
    /// Name of the site.
    pub name: String,
    /// Hash of all inputs.
    pub inputs_sha256: String,
    /// Nodes and domains. Partitions stand as one machine of nodes like those of the largest.
    pub layout: Layout,
    /// Were partitions of other nodes counted as nodes like these?
    pub levelled: bool,
    /// Failures of a node that take it out of service.
    pub node_failure: Hazard,
    /// Mean time to return to service.
    pub repair: Time,
    /// Share of the time in planned maintenance.
    pub maintenance: Share,
    /// Share of the available hours that the file expects to be used.
    pub utilisation: Share,
    /// Tenants as a tree: below a tenant its classes of users, below the States each of them. Shares are hours of a year.
    pub accounts: Vec<Account>,
    /// By account: the kind of user it stands for, where it stands for one (`sme`, `industry`, `research`, `public`).
    pub users: Vec<Option<String>>,
    /// Accelerator-hours of a year that can be used, where the file tells.
    pub available_hours: Option<f64>,
    /// Classes of access, as the catalog has them.
    pub classes: Vec<AccessClass>,
    /// Recurring maintenance of the whole machine: what the file says, else its share of the year in one window a month; none at a share of zero.
    pub window: Option<SiteWindow>,
    /// Accelerators that tenants have to themselves.
    pub reservations: Vec<SiteReservation>,
    /// Other sites of the file, and the word of the rule between them.
    pub federation: Option<(Vec<String>, String)>,
    /// Id of the accelerator of most nodes.
    pub accelerator: String,
    /// Host State, as in the catalog.
    pub country: String,
    /// Training runs that fit.
    pub campaigns: Vec<SiteCampaign>,
    /// Services with a deployment.
    pub pools: Vec<SitePool>,
}

/// Looks at a factory as a running site.
///
/// # Errors
/// In words, where the machine cannot be evaluated.
pub fn site_operations(f: &Factory) -> Result<SiteOperations, String> {
    let base = f.inputs.base();
    let v = Values::new(&f.inputs, &base);
    let plans = plan(f, &v);
    let p = physical(f, &v, &plans);
    if let (true, Some(reason)) = (p.machines.is_empty(), p.infeasible.first()) {
        return Err(reason.reason.clone());
    }
    let evaluation = Evaluator::new(f).base();
    let sheet = &evaluation.sheet;
    let largest = p
        .machines
        .iter()
        .zip(&f.partitions)
        .max_by(|a, b| a.0.accelerators.total_cmp(&b.0.accelerators))
        .ok_or("the file has no partition")?;
    let (machine, partition) = largest;
    let whole = |x: f64| x.round().clamp(1.0, f64::from(u32::MAX / 64)) as u32;
    let gpus_per_node = whole(machine.per_node);
    let accelerators: f64 = p.machines.iter().map(|m| m.accelerators).sum();
    let nodes = whole(accelerators / f64::from(gpus_per_node));
    // A unit of several nodes is a rack or a scale-up domain; single servers stand behind leaf switches of 32.
    let per_unit = whole(v.number(partition.nodes_per_unit));
    let nodes_per_leaf = if per_unit > 1 { per_unit } else { 32 };
    let layout = Layout {
        nodes,
        gpus_per_node,
        nodes_per_leaf: nodes_per_leaf.min(nodes),
        // Eight units to a block: a row of racks behind one stage of switches.
        leaves_per_block: 8,
    };
    let levelled = p.machines.iter().any(|m| (m.per_node - machine.per_node).abs() > 0.5);
    let mut hours_sheet = p.sheet.clone();
    hours::available(f, &v, &p.machines, &mut hours_sheet)?;
    let campaigns = f
        .runs
        .iter()
        .filter_map(|run| {
            let at = |key: &str| sheet.at(&format!("training.{}.{key}", run.slug));
            let (n, days, ettr) = (at("accelerators"), at("days"), at("ettr"));
            (n.is_finite() && days.is_finite() && n >= 1.0 && n <= accelerators).then(|| SiteCampaign {
                name: run.slug.clone(),
                accelerators: whole(n),
                duration: Time::from_s(days * if ettr.is_finite() { ettr } else { 1.0 }),
            })
        })
        .collect();
    let pools = f
        .services
        .iter()
        .filter_map(|s| {
            let n = sheet.at(&format!("serving.{}.chips", s.slug));
            (n.is_finite() && n >= 1.0).then(|| SitePool {
                name: s.slug.clone(),
                accelerators: whole(n),
                peak: v.number(s.peak),
            })
        })
        .collect();
    let accounts = accounts(f, &v, &|id| sheet.at(id));
    Ok(SiteOperations {
        name: f.name.clone(),
        inputs_sha256: f.sha256.clone(),
        layout,
        levelled,
        node_failure: v.get(f.operations.node_failure_rate) * (machine.per_node / REFERENCE_NODE),
        repair: v.get(f.operations.repair),
        maintenance: v.get(f.operations.maintenance),
        utilisation: v.get(f.operations.utilisation),
        users: users(f, &accounts),
        accounts,
        available_hours: Some(sheet.at("hours.available_annual")).filter(|h| h.is_finite() && *h > 0.0),
        classes: f.access.clone(),
        window: window(f, &v),
        reservations: reservations(f, &v),
        federation: f.federation.as_ref().map(|x| (x.sites.clone(), x.routing.clone())),
        accelerator: partition.chip_id.clone(),
        country: f.country.clone(),
        campaigns,
        pools,
    })
}

/// A month of a mean Gregorian year.
const MONTH: f64 = 8_766.0 / 12.0 * 3_600.0;

fn window(f: &Factory, v: &Values<'_>) -> Option<SiteWindow> {
    if let Some(w) = &f.operations.window {
        let every = w.every.map(|e| v.get(e));
        let first = w.first.map(|x| v.get(x)).or(every).unwrap_or(Time::ZERO);
        return Some(SiteWindow { length: v.get(w.length), every, first });
    }
    let share = v.get(f.operations.maintenance).fraction();
    (share > 0.0).then(|| SiteWindow {
        length: Time::from_s(share * MONTH),
        every: Some(Time::from_s(MONTH)),
        first: Time::from_s(MONTH / 2.0),
    })
}

fn reservations(f: &Factory, v: &Values<'_>) -> Vec<SiteReservation> {
    let of = |t: &crate::resolved::Tenant| {
        let r = t.reservation.as_ref()?;
        Some(SiteReservation {
            tenant: t.slug.clone(),
            accelerators: v.number(r.accelerators),
            window: SiteWindow {
                length: v.get(r.span.length),
                every: r.span.every.map(|e| v.get(e)),
                first: r.span.first.map_or(Time::ZERO, |x| v.get(x)),
            },
        })
    };
    f.tenants.iter().filter_map(of).collect()
}

/// The last part of an account's name where it is a class of users, else the kind of its tenant.
fn users(f: &Factory, accounts: &[Account]) -> Vec<Option<String>> {
    let known = |word: &str| ["sme", "industry", "research", "public"].contains(&word);
    let of = |a: &Account| {
        let last = a.name.rsplit('/').next().unwrap_or_default();
        if a.parent.is_some() && known(last) {
            return Some(last.to_owned());
        }
        let tenant = f.tenants.iter().find(|t| t.slug == a.name)?;
        known(&tenant.word).then(|| tenant.word.clone())
    };
    accounts.iter().map(of).collect()
}

fn accounts(f: &Factory, v: &Values<'_>, at: &dyn Fn(&str) -> f64) -> Vec<Account> {
    let mut out: Vec<Account> = Vec::new();
    let known = |x: f64| if x.is_finite() && x > 0.0 { x } else { 0.0 };
    let mut given = 0.0;
    for t in &f.tenants {
        let hours = known(at(&format!("tenant.{}.hours", t.slug)));
        if hours <= 0.0 {
            continue;
        }
        given += hours;
        let top = out.len() as u32;
        out.push(Account { name: t.slug.clone(), parent: None, shares: hours });
        let mut parents = vec![(top, t.slug.clone())];
        if t.kind == TenantKind::States && !f.states.is_empty() {
            parents.clear();
            for s in &f.states {
                let name = format!("{}/{}", t.slug, s.code);
                parents.push((out.len() as u32, name.clone()));
                out.push(Account { name, parent: Some(top), shares: v.get(s.share).fraction() });
            }
        }
        for (parent, name) in parents {
            for (class, share) in &t.classes {
                let shares = v.get(*share).fraction();
                if shares > 0.0 {
                    out.push(Account { name: format!("{name}/{class}"), parent: Some(parent), shares });
                }
            }
        }
    }
    let open = known(at("hours.available_annual")) - given;
    if out.is_empty() || open > 0.01 * given {
        out.push(Account {
            name: "open".into(),
            parent: None,
            shares: if out.is_empty() { 1.0 } else { open },
        });
    }
    out
}
