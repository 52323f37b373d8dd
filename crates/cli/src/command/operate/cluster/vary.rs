//! What if: the base with other nodes or another policy.

use gigatwin_operations::{Job, Layout, LeftOut, Member, Policy, Recorded, Site};

use super::super::setting::{self, Setting};
use super::{Run, Variation, simulate};
use crate::context::Context;
use crate::exit::Fault;

fn scaled(layout: Layout, factor: f64) -> Layout {
    let nodes = (f64::from(layout.nodes) * factor).round().clamp(1.0, 1e6) as u32;
    Layout::flat(nodes, layout.gpus_per_node)
}

/// The base with other nodes in each pool or another policy.
pub(super) fn vary(
    context: &Context,
    base: &Run,
    factor: Option<f64>,
    policy: Option<(Policy, &'static str)>,
) -> Result<Variation, Fault> {
    let from = &base.answer.setting;
    let (mut layout, mut members) = (from.site.layout, base.members.clone());
    let mut names = Vec::new();
    if let Some(factor) = factor {
        layout = scaled(layout, factor);
        members.iter_mut().for_each(|m: &mut Member| m.site.layout = scaled(m.site.layout, factor));
        names.push(format!("nodes × {factor}"));
    }
    let mut settings = from.settings;
    let mut policy_name = from.policy;
    if let Some((policy, name)) = policy {
        settings.policy = policy;
        policy_name = name;
        names.push(name.to_owned());
    }
    let mut left_out: Vec<LeftOut> = Vec::new();
    let recorded = from.recorded.as_deref().unwrap_or_default();
    let (mut jobs, mut kept, mut homes): (Vec<Job>, Vec<Recorded>, Vec<u16>) = Default::default();
    let mut keep = vec![true; from.jobs.len()];
    for (((job, rec), home), keep) in from.jobs.iter().zip(recorded).zip(&base.homes).zip(&mut keep) {
        let here = members[usize::from(*home)].site.layout;
        if here.units(job.size) > here.gpus() {
            let reason = format!("job {} is larger than {} nodes", job.id, here.nodes);
            left_out.push(LeftOut { line: 0, code: "G583", reason });
            *keep = false;
            continue;
        }
        jobs.push(*job);
        kept.push(*rec);
        homes.push(*home);
    }
    let site = Site { layout, ..from.site.clone() };
    let setting = Setting {
        recorded: Some(kept),
        links: setting::linked_among(&from.links, &keep, &mut Vec::new()),
        left_out,
        inputs_sha256: from.inputs_sha256.clone(),
        policy: policy_name,
        order: from.order,
        trace: from.trace.clone(),
        span: from.span,
        ..Setting::bare(names.join(", "), site, jobs, settings)
    };
    Ok(Variation { name: names.join(", "), run: simulate(context, setting, members, homes, base.from)? })
}
