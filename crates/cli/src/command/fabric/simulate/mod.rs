//! `fabric simulate`: flows on a network.

mod faults;
mod folder;
mod page;
mod setting;

use std::path::Path;

use gigatwin_fabric::flow::{
    Flow, FlowError, FlowList, Outcome, Pattern, Placement, Replay, Routing, Simulation, Traffic, parse,
    replay_on,
};
use gigatwin_factory::diagnostic::{Diagnostic, Sources, Span};
use gigatwin_quantity::{Bandwidth, Data, Dim, Quantity, parse as parse_quantity};

use super::{not_understood, stamp};
use crate::args::fabric::{PatternName, PlacementName, RoutingName, Simulate};
use crate::context::Context;
use crate::diagnostics::{self, Finding};
use crate::exit::{Exit, Fault};
use crate::files;
use crate::stats;
use setting::Setting;

/// What was simulated.
enum Found {
    Pattern { flows: Box<dyn FlowList>, outcome: Outcome, ideal: Outcome },
    Job { traffic: Traffic, replay: Replay, others: Vec<(PlacementName, Replay)> },
}

pub(super) fn run(context: &Context, args: &Simulate) -> Result<Exit, Fault> {
    let mut wrong = options(args);
    if args.file.is_none() {
        wrong.extend(super::design::faults(&context.catalog()?, &args.design)?);
    }
    if !wrong.is_empty() {
        diagnostics::findings(context, None, &wrong)?;
        return Ok(Exit::NotUnderstood);
    }
    let Some(setting) = setting::read(context, args)? else { return Ok(Exit::NotUnderstood) };
    let topology = &setting.topology;
    let routing = match args.routing {
        RoutingName::Spray => Routing::Spray,
        RoutingName::Adaptive => Routing::Adaptive,
        RoutingName::Ecmp => Routing::Ecmp { seed: context.seed },
        RoutingName::Dmodk => Routing::DModK,
    };
    let mut simulation = Simulation::new(topology, routing);
    simulation.certificate = args.certificate;
    simulation.print = args.certificate && args.out.is_some();
    simulation.loads = true;
    simulation.memory = quantity(&args.memory, "--memory")?;
    simulation.faults = faults::cables(&args.fail, topology, context.seed)?;
    simulation.flaps = faults::flaps(&args.flap, topology)?;
    simulation.reaction = args.reaction.as_deref().map(|t| quantity(t, "--reaction")).transpose()?;
    if let Some(share) = &args.background {
        simulation.background = background(share, &setting, context.seed)?;
    }
    let found = match &setting.traffic {
        Some(traffic) => job(context, args, &setting, &simulation, traffic),
        None => match &args.traffic {
            Some(path) => match read_traffic(context, path)? {
                Some(traffic) => job(context, args, &setting, &simulation, &traffic),
                None => return Ok(Exit::NotUnderstood),
            },
            None => pattern(context, args, &setting, &simulation),
        },
    }?;
    let found = match found {
        Ok(found) => found,
        Err((code, reason)) => return no(context, &setting, code, &reason),
    };
    if let Some(path) = &args.write_traffic {
        files::write(&context.messages, path, found.text(topology.endpoints()).as_bytes())?;
    }
    if let Some(out) = &args.out {
        folder::write(context, out, &setting, &found)?;
    }
    let counts = found.counts();
    let n = |x: u64| usize::try_from(x).unwrap_or(usize::MAX);
    stats::say(context, &[("flows", n(counts.0)), ("events", n(counts.1)), ("rates", n(counts.2))]);
    page::write(context, args, &setting, &simulation, &found)?;
    Ok(Exit::Done)
}

/// The answer is no: these flows cannot all arrive on this network.
fn no(context: &Context, setting: &Setting, code: &str, reason: &str) -> Result<Exit, Fault> {
    if context.json {
        let list = serde_json::json!([{"what": setting.name, "code": code, "reason": reason}]);
        let stamp = stamp(context, &setting.sha256);
        context.json(&serde_json::json!({"gigatwin": stamp, "status": "infeasible", "infeasible": list}))?;
    } else {
        context.data(&format!("{}: {reason}\n", setting.name))?;
    }
    Ok(Exit::No)
}

fn coded(code: &'static str, message: impl Into<String>, hint: impl Into<String>) -> Fault {
    Fault::NotUnderstood { code, message: message.into(), hint: hint.into(), file: None }
}

/// Every quantity among the options that cannot be read.
fn options(args: &Simulate) -> Vec<Finding> {
    let mut list = Vec::new();
    let mut check = |option: &str, text: Option<&str>, dim: Dim, most: f64, hint: &str| {
        let Some(text) = text else { return };
        let (code, message) = match parse_quantity(text, dim) {
            Ok(m) if m.value >= 0.0 && m.value <= most => return,
            Ok(_) if most.is_finite() => ("G500", format!("{option} lies between 0 and 100 %")),
            Ok(_) => ("G500", format!("{option} must not be negative")),
            Err(e) => (e.code(), format!("{option}: {e}")),
        };
        list.push(Finding { code, message, hint: format!("write {option} \"{hint}\"") });
    };
    let endless = f64::INFINITY;
    check("--bytes", Some(&args.bytes), Dim::Data, endless, "1 GB");
    check("--memory", Some(&args.memory), Dim::Data, endless, "4 GB");
    check("--reaction", args.reaction.as_deref(), Dim::Time, endless, "10 ms");
    check("--background", args.background.as_deref(), Dim::Share, 1.0, "20%");
    check("--endpoint-rate", args.endpoint_rate.as_deref(), Dim::Bandwidth, endless, "400 Gbit/s");
    check("--scaleup-rate", args.scaleup_rate.as_deref(), Dim::Bandwidth, endless, "450 GB/s");
    list
}

/// A quantity from an option.
fn quantity<Q: Quantity>(text: &str, option: &str) -> Result<Q, Fault> {
    match parse_quantity(text, Q::DIM) {
        Ok(m) if m.value >= 0.0 => Ok(Q::from_base(m.value)),
        Ok(_) => Err(not_understood(format!("{option} must not be negative"), "")),
        Err(e) => Err(coded(e.code(), format!("{option}: {e}"), "")),
    }
}

fn background(share: &str, setting: &Setting, seed: u64) -> Result<Vec<(u32, u32, Bandwidth)>, Fault> {
    let part = match parse_quantity(share, Dim::Share) {
        Ok(m) if m.value >= 0.0 && m.value <= 1.0 => m.value,
        Ok(_) => return Err(not_understood("--background is a share between 0 and 100%", "write 20%")),
        Err(e) => return Err(coded(e.code(), format!("--background: {e}"), "write 20%")),
    };
    let topology = &setting.topology;
    let rate = topology.spec().endpoint_rate * part;
    // A permutation of its own: other than that of the pattern and of the placement.
    let pattern = Pattern::permutation(topology.endpoints(), seed.wrapping_add(0x0bac));
    let ends = (0..pattern.flows() as usize).map(|i| pattern.ends(i));
    Ok(ends.filter(|(a, b)| a != b && part > 0.0).map(|(a, b)| (a, b, rate)).collect())
}

/// Nothing where faults have been reported.
fn read_traffic(context: &Context, path: &Path) -> Result<Option<Traffic>, Fault> {
    let text = files::read_text(&context.messages, path)?;
    match parse(&text) {
        Ok(traffic) => Ok(Some(traffic)),
        Err(faults) => {
            let starts: Vec<usize> =
                std::iter::once(0).chain(text.match_indices('\n').map(|(i, _)| i + 1)).collect();
            let mut sources = Sources::default();
            let file = sources.add(&path.display().to_string(), text.clone());
            let list: Vec<Diagnostic> = faults
                .into_iter()
                .map(|f| {
                    let line = starts.get(f.line.saturating_sub(1) as usize).copied().unwrap_or(0);
                    let start = (line + f.column.saturating_sub(1) as usize).min(text.len());
                    let end = (start + f.width as usize).min(text.len());
                    let at = |x: usize| u32::try_from(x).unwrap_or(u32::MAX);
                    Diagnostic::error(
                        f.code,
                        Span { file, start: at(start), end: at(end) },
                        f.message,
                        f.hint,
                    )
                })
                .collect();
            diagnostics::report(context, &sources, &list)?;
            Ok(None)
        }
    }
}

/// The inner result is a no, with its code.
type Answer = Result<Found, (&'static str, String)>;

fn refused(e: &FlowError) -> Result<Answer, Fault> {
    match e {
        FlowError::NoPath { .. } | FlowError::Stalled { .. } => Ok(Err((e.code(), e.to_string()))),
        FlowError::Memory { .. } => {
            Err(coded(e.code(), e.to_string(), "raise --memory, or send fewer flows"))
        }
        _ => Err(coded(e.code(), e.to_string(), "")),
    }
}

fn job(
    context: &Context,
    args: &Simulate,
    setting: &Setting,
    simulation: &Simulation<'_>,
    traffic: &Traffic,
) -> Result<Answer, Fault> {
    let first = args.first.unwrap_or(setting.first);
    let range = first..topology_end(setting, first, traffic.ranks);
    let on = |name: PlacementName| {
        let place = placed(name, context.seed).place_within(traffic.ranks, &setting.topology, range.clone());
        replay_on(simulation, &setting.network, traffic, &place?)
    };
    let chosen = if args.placement == PlacementName::All { PlacementName::Packed } else { args.placement };
    let found = match on(chosen) {
        Ok(replay) => replay,
        Err(gigatwin_fabric::flow::ReplayError::Flow(e)) => return refused(&e),
        Err(e) => return Err(coded(e.code(), e.to_string(), "")),
    };
    // What the placement costs shows beside the packed one.
    let others: &[PlacementName] = match args.placement {
        PlacementName::Packed => &[],
        PlacementName::All => &PLACEMENTS[1..],
        _ => &PLACEMENTS[..1],
    };
    let others = others.iter().filter_map(|name| on(*name).ok().map(|r| (*name, r))).collect();
    Ok(Ok(Found::Job { traffic: traffic.clone(), replay: found, others }))
}

/// Packed first.
const PLACEMENTS: [PlacementName; 5] = [
    PlacementName::Packed,
    PlacementName::Spread,
    PlacementName::ByRail,
    PlacementName::RailAligned,
    PlacementName::Random,
];

fn placed(name: PlacementName, seed: u64) -> Placement {
    match name {
        PlacementName::Packed | PlacementName::All => Placement::Packed,
        PlacementName::Spread => Placement::Spread,
        PlacementName::ByRail => Placement::ByRail,
        PlacementName::RailAligned => Placement::RailAligned { seed },
        PlacementName::Random => Placement::Random { seed },
    }
}

/// Where the endpoints of a job end: those of its partition where it fits there, else all.
fn topology_end(setting: &Setting, first: u32, ranks: u32) -> u32 {
    let all = setting.topology.endpoints();
    let own = setting.end.min(all);
    if first < own && own - first >= ranks { own } else { all }
}

fn pattern(
    context: &Context,
    args: &Simulate,
    setting: &Setting,
    simulation: &Simulation<'_>,
) -> Result<Answer, Fault> {
    let topology = &setting.topology;
    let n = topology.endpoints();
    let bytes: Data = quantity(&args.bytes, "--bytes")?;
    let kind = args.pattern.unwrap_or(PatternName::Permutation);
    let count = match kind {
        PatternName::AllToAll => u64::from(n) * u64::from(n.saturating_sub(1)),
        _ => u64::from(n),
    };
    // Before anything is made of them.
    if let Err(e) = simulation.affords(count) {
        return refused(&e);
    }
    let pattern = match kind {
        PatternName::Permutation => Pattern::permutation(n, context.seed),
        PatternName::Ring => Pattern::shift(n, 1),
        PatternName::Rail => Pattern::shift(n, setting.rails),
        PatternName::AllToAll => Pattern::all_to_all(n),
        PatternName::Incast => Pattern::Incast { endpoints: n },
    };
    let regular = pattern.sending(bytes);
    let flows: Box<dyn FlowList> = if matches!(args.placement, PlacementName::Packed | PlacementName::All) {
        Box::new(regular)
    } else {
        let place = placed(args.placement, context.seed)
            .place(n, topology)
            .map_err(|e| not_understood(e.to_string(), ""))?;
        let all: Vec<Flow> = (0..regular.count())
            .map(|i| regular.flow(i))
            .map(|f| Flow { from: place[f.from as usize], to: place[f.to as usize], ..f })
            .collect();
        Box::new(all)
    };
    let run = |s: &Simulation<'_>| s.run(flows.as_ref());
    let mut sound = Simulation::new(topology, Routing::Spray);
    sound.memory = simulation.memory;
    match run(simulation).and_then(|outcome| Ok((outcome, run(&sound)?))) {
        Ok((outcome, ideal)) => Ok(Ok(Found::Pattern { flows, outcome, ideal })),
        Err(e) => refused(&e),
    }
}

impl Found {
    /// Flows, events, rates.
    fn counts(&self) -> (u64, u64, u64) {
        match self {
            Found::Pattern { outcome, .. } => {
                (outcome.simulated, outcome.counts.events, outcome.counts.rates)
            }
            Found::Job { replay, .. } => (replay.flows, replay.counts.events, replay.counts.rates),
        }
    }

    fn text(&self, endpoints: u32) -> String {
        match self {
            Found::Job { traffic, .. } => traffic.to_text(),
            Found::Pattern { flows, .. } => {
                use gigatwin_fabric::flow::{After, Phase, Transfer};
                let transfers = (0..flows.count()).map(|i| Transfer::Flow(flows.flow(i))).collect();
                let phase = Phase {
                    name: "all".to_owned(),
                    after: After::Start,
                    delay: gigatwin_quantity::Time::ZERO,
                    repeat: 1,
                    transfers,
                };
                Traffic { ranks: endpoints, phases: vec![phase] }.to_text()
            }
        }
    }
}
