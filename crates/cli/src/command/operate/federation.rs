//! Several sites: what waits too long here is sent to where less waits.

use gigatwin_factory::site_operations;
use gigatwin_operations::report::{Waits, route};
use gigatwin_operations::{Job, JobClass, Site, simulate};

use super::setting::Setting;
use crate::args::operate::Operate;
use crate::context::Context;
use crate::exit::Fault;

/// Another site after the run.
pub(super) struct Other {
    pub name: String,
    pub gpus: i64,
    pub jobs: usize,
    pub hours: f64,
    pub utilisation: f64,
    pub waits: Option<Waits>,
}

/// Sends jobs to the other sites and runs them there; what stays remains in the setting. `None` where a file has faults.
pub(super) fn send(
    context: &Context,
    args: &Operate,
    setting: &mut Setting,
) -> Result<Option<Vec<Other>>, Fault> {
    if args.with.is_empty() {
        return Ok(Some(Vec::new()));
    }
    let catalog = context.catalog()?;
    let mut sites = Vec::new();
    for path in &args.with {
        let Some(usable) = context.usable(path, &catalog)? else { return Ok(None) };
        let facts = site_operations(&usable.factory)
            .map_err(|reason| super::setting::not_understood("G589", &reason, "gigatwin run says more"))?;
        sites.push((facts.name, facts.layout));
    }
    let mut layouts = vec![setting.site.layout];
    layouts.extend(sites.iter().map(|s| s.1));
    // Services and campaigns stay where they were built; batch, development and sessions may go.
    let may = |j: &Job| matches!(j.class, JobClass::Batch | JobClass::Development | JobClass::Interactive);
    let (free, bound): (Vec<Job>, Vec<Job>) = setting.jobs.iter().copied().partition(|j| may(j));
    let bound_units: i64 = bound.iter().map(|j| layouts[0].units(j.size) * j.runtime.min(setting.span)).sum();
    // What is bound takes its part of the home site away from the router's picture.
    let left =
        (layouts[0].gpus() - bound_units / setting.span.max(1)).max(i64::from(layouts[0].gpus_per_node));
    let mut picture = layouts.clone();
    picture[0].nodes = u32::try_from(left / i64::from(layouts[0].gpus_per_node)).unwrap_or(u32::MAX);
    let to = route(&free, &picture, (args.patience * 3_600.0) as i64);
    let mut split: Vec<Vec<Job>> = vec![Vec::new(); layouts.len()];
    for (job, site) in free.into_iter().zip(to) {
        split[site].push(job);
    }
    let mut others = Vec::new();
    for (i, (name, layout)) in sites.into_iter().enumerate() {
        let jobs = std::mem::take(&mut split[i + 1]);
        let site =
            Site { shares: setting.site.shares.clone(), qos: setting.site.qos.clone(), ..Site::new(layout) };
        let outcome = simulate(&site, &jobs, &setting.settings).map_err(|faults| {
            let list: Vec<String> = faults.iter().take(5).map(ToString::to_string).collect();
            super::setting::not_understood("G582", &list.join("; "), "mend the workload")
        })?;
        let span = (layout.gpus() * outcome.end.max(1)) as f64;
        let waits = outcome.jobs.iter().zip(&jobs).filter_map(|(r, j)| r.wait(j)).collect();
        others.push(Other {
            name,
            gpus: layout.gpus(),
            jobs: jobs.len(),
            hours: outcome.busy_all() as f64 / 3_600.0,
            utilisation: outcome.busy_all() as f64 / span,
            waits: Waits::of(waits),
        });
    }
    let mut home = std::mem::take(&mut split[0]);
    home.extend(bound);
    home.sort_by_key(|j| (j.submit, j.id));
    setting.recorded = None;
    setting.jobs = home;
    Ok(Some(others))
}
