//! A job's traffic on a network: when each phase ends, and how much slower that is than the analytic figure.
//!
//! A collective takes its analytic time on a network without contention (launch, latency, protocol and bytes over
//! the rate of an endpoint) and what contention adds: the time of its flows less the time they would take if
//! nothing but their endpoints limited them and every scale-up domain held as many members. Phases that overlap are simulated together; as their beginnings depend
//! on each other's ends this is repeated until the beginnings stay.

use gigatwin_quantity::Time;

use super::certificate::{Certificate, Witness};
use super::component::Counts;
use super::expand::{balanced, expand, farthest, flows_of, group_of, uncontended};
use super::load::Loads;
use super::placement::{Placement, TooManyRanks};
use super::simulate::{FlowError, Simulation};
use super::traffic::{After, Flow, Traffic, Transfer};
use super::units::time_of;
use crate::collective::Network;

/// Most rounds until the beginnings of overlapping phases must stay.
const ROUNDS: usize = 12;
/// Beginnings that move by no more than this part of the whole stay.
const STAYS: f64 = 1e-6;

/// Why there is no replay.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ReplayError {
    /// More ranks than endpoints.
    #[error(transparent)]
    Ranks(#[from] TooManyRanks),
    /// Groups that do not fit the ranks.
    #[error("phase {phase}: {ranks} ranks do not fall into groups of {size} at stride {stride}")]
    Groups {
        /// Phase.
        phase: String,
        /// Ranks of the job.
        ranks: u32,
        /// Size of the groups.
        size: u32,
        /// Stride of the groups.
        stride: u32,
    },
    /// A rank that does not exist, or a phase that waits for itself or a later one.
    #[error("phase {phase}: {what}")]
    Contradiction {
        /// Phase.
        phase: String,
        /// What is wrong.
        what: &'static str,
    },
    /// The flows cannot be simulated.
    #[error(transparent)]
    Flow(#[from] FlowError),
}

impl ReplayError {
    /// The diagnostic code.
    pub fn code(&self) -> &'static str {
        match self {
            ReplayError::Ranks(_) => "G511",
            ReplayError::Groups { .. } => "G512",
            ReplayError::Contradiction { .. } => "G513",
            ReplayError::Flow(e) => e.code(),
        }
    }
}

/// A transfer in a replay; times are of one repetition.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TransferReplay {
    /// Its place in the phase.
    pub index: usize,
    /// Flows.
    pub flows: u64,
    /// Time by the analytic model, oversubscription included as the planners have it.
    pub analytic: Time,
    /// Time on this network with what runs beside it.
    pub simulated: Time,
}

/// A phase in a replay.
#[derive(Debug, Clone, PartialEq)]
pub struct PhaseReplay {
    /// Name.
    pub name: String,
    /// Repetitions.
    pub repeat: u32,
    /// Beginning.
    pub start: Time,
    /// End of the last repetition.
    pub end: Time,
    /// Time of all repetitions by the analytic model.
    pub analytic: Time,
    /// Transfers; single flows are one entry.
    pub transfers: Vec<TransferReplay>,
}

impl PhaseReplay {
    /// Simulated over analytic time; one where neither takes any.
    pub fn slowdown(&self) -> f64 {
        ratio(self.end - self.start, self.analytic)
    }
}

/// A replay.
#[derive(Debug, Clone, PartialEq)]
pub struct Replay {
    /// Phases.
    pub phases: Vec<PhaseReplay>,
    /// End of the last phase.
    pub makespan: Time,
    /// The same with every phase at its analytic time.
    pub analytic: Time,
    /// Bytes over links, all phases and repetitions, where asked for.
    pub loads: Option<Loads>,
    /// What was done.
    pub counts: Counts,
    /// What was proven, where asked for.
    pub certificate: Option<Certificate>,
    /// The certificate line by line, where it is to be printed; times are of each simulation.
    pub witnesses: Vec<Witness>,
    /// Flows simulated, all rounds.
    pub flows: u64,
    /// Whether phases overlap and were simulated together.
    pub together: bool,
    /// Whether the beginnings of overlapping phases stayed in the end.
    pub settled: bool,
}

impl Replay {
    /// Simulated over analytic time of the whole.
    pub fn slowdown(&self) -> f64 {
        ratio(self.makespan, self.analytic)
    }
}

fn ratio(simulated: Time, analytic: Time) -> f64 {
    if analytic > Time::ZERO { simulated / analytic } else { 1.0 }
}

/// A transfer with its flows (all repetitions in one) and the times that do not depend on the network.
struct Item {
    phase: usize,
    index: usize,
    flows: Vec<Flow>,
    /// Analytic time, all repetitions: as planners have it, and without oversubscription.
    analytic: Time,
    plain: Time,
    /// Time of the flows if only endpoints limited them.
    ideal: Time,
}

/// Replays traffic on a placement. `network` is what the analytic model knows of the same network.
///
/// # Errors
/// [`ReplayError`].
pub fn replay(
    simulation: &Simulation<'_>,
    network: &Network,
    traffic: &Traffic,
    placement: Placement,
) -> Result<Replay, ReplayError> {
    check(traffic)?;
    affords(simulation, traffic)?;
    let place = placement.place(traffic.ranks, simulation.topology)?;
    replay_on(simulation, network, traffic, &place)
}

/// As [`replay`] with the endpoint of each rank given.
///
/// # Errors
/// [`ReplayError`].
pub fn replay_on(
    simulation: &Simulation<'_>,
    network: &Network,
    traffic: &Traffic,
    place: &[u32],
) -> Result<Replay, ReplayError> {
    check(traffic)?;
    if place.len() < traffic.ranks as usize {
        return Err(TooManyRanks { ranks: traffic.ranks, endpoints: place.len() as u32 }.into());
    }
    affords(simulation, traffic)?;
    let items = items(simulation, network, traffic, place);
    let mut state = Round {
        counts: Counts::default(),
        certificate: Certificate::default(),
        witnesses: Vec::new(),
        flows: 0,
        loads: None,
    };

    // Each phase alone, then its place in time.
    let mut times: Vec<Time> = vec![Time::ZERO; items.len()];
    for p in 0..traffic.phases.len() {
        let of_phase: Vec<usize> = (0..items.len()).filter(|i| items[*i].phase == p).collect();
        let starts = vec![Time::ZERO; traffic.phases.len()];
        state.simulate(simulation, &items, &of_phase, &starts, &mut times)?;
    }
    let mut plan = schedule(traffic, |p| longest(&items, &times, p));
    let together = overlap(&plan);
    let mut settled = true;
    if together {
        settled = false;
        let everything: Vec<usize> = (0..items.len()).collect();
        for _ in 0..ROUNDS {
            let starts: Vec<Time> = plan.iter().map(|(s, _)| *s).collect();
            state.loads = None;
            state.simulate(simulation, &items, &everything, &starts, &mut times)?;
            let next = schedule(traffic, |p| longest(&items, &times, p));
            let end = next.iter().map(|(_, e)| e.s()).fold(0.0, f64::max);
            settled = plan.iter().zip(&next).all(|(a, b)| (a.0 - b.0).s().abs() <= STAYS * end);
            plan = next;
            if settled {
                break;
            }
        }
    }
    let analytic = schedule(traffic, |p| {
        items.iter().filter(|i| i.phase == p).map(|i| i.analytic).fold(Time::ZERO, Time::max)
    });
    Ok(finish(simulation, traffic, &items, &times, &plan, &analytic, state, (together, settled)))
}

fn affords(simulation: &Simulation<'_>, traffic: &Traffic) -> Result<(), FlowError> {
    let transfers = traffic.phases.iter().flat_map(|p| &p.transfers);
    let all = transfers.map(|t| flows_of(t, traffic.ranks)).fold(0, u64::saturating_add);
    simulation.affords(all).map(|_| ())
}

fn check(traffic: &Traffic) -> Result<(), ReplayError> {
    for (i, phase) in traffic.phases.iter().enumerate() {
        let wrong = |what| Err(ReplayError::Contradiction { phase: phase.name.clone(), what });
        if let After::Phases(list) = &phase.after
            && list.iter().any(|k| *k as usize >= i)
        {
            return wrong("it waits for itself or a later phase");
        }
        if phase.repeat == 0 {
            return wrong("it happens no time at all");
        }
        for transfer in &phase.transfers {
            match transfer {
                Transfer::Flow(f) if f.from >= traffic.ranks || f.to >= traffic.ranks => {
                    return wrong("a flow ends at a rank that does not exist");
                }
                Transfer::Collective(c) if !c.groups.fit(traffic.ranks) => {
                    return Err(ReplayError::Groups {
                        phase: phase.name.clone(),
                        ranks: traffic.ranks,
                        size: c.groups.size,
                        stride: c.groups.stride,
                    });
                }
                _ => {}
            }
        }
    }
    Ok(())
}

/// Collectives one by one; the single flows of a phase together.
fn items(simulation: &Simulation<'_>, network: &Network, traffic: &Traffic, place: &[u32]) -> Vec<Item> {
    let topology = simulation.topology;
    let plain = Network { oversubscription: 1.0, ..*network };
    let mut out = Vec::new();
    for (p, phase) in traffic.phases.iter().enumerate() {
        let times = f64::from(phase.repeat);
        let mut singles: Option<Item> = None;
        for (index, transfer) in phase.transfers.iter().enumerate() {
            let mut flows = Vec::new();
            expand(topology, transfer, place, times, Time::ZERO, &mut flows);
            match transfer {
                Transfer::Collective(c) => {
                    let group = group_of(topology, c, place);
                    let time = |n: &Network| n.time(c.operation, c.bytes, group) * times;
                    let ideal = balanced(topology, c, group) * times + farthest(topology, &flows);
                    out.push(Item {
                        phase: p,
                        index,
                        flows,
                        analytic: time(network),
                        plain: time(&plain),
                        ideal,
                    });
                }
                Transfer::Flow(_) => {
                    let none = Item {
                        phase: p,
                        index,
                        flows: Vec::new(),
                        analytic: Time::ZERO,
                        plain: Time::ZERO,
                        ideal: Time::ZERO,
                    };
                    singles.get_or_insert(none).flows.append(&mut flows);
                }
            }
        }
        if let Some(mut item) = singles {
            let last = item.flows.iter().map(|f| f.start).fold(Time::ZERO, Time::max);
            item.ideal = uncontended(topology, &item.flows);
            item.analytic = last.max(item.ideal);
            item.plain = item.ideal;
            out.push(item);
        }
    }
    out
}

struct Round {
    counts: Counts,
    certificate: Certificate,
    witnesses: Vec<Witness>,
    flows: u64,
    loads: Option<Loads>,
}

impl Round {
    /// Simulates items that begin with their phases; writes their times.
    fn simulate(
        &mut self,
        simulation: &Simulation<'_>,
        items: &[Item],
        which: &[usize],
        starts: &[Time],
        times: &mut [Time],
    ) -> Result<(), FlowError> {
        let total = which.iter().map(|i| items[*i].flows.len()).sum();
        let mut flows: Vec<Flow> = Vec::with_capacity(total);
        for i in which {
            let item = &items[*i];
            flows.extend(item.flows.iter().map(|f| Flow { start: f.start + starts[item.phase], ..*f }));
        }
        let outcome = simulation.run(&flows)?;
        self.counts = self.counts.and(outcome.counts);
        self.certificate = self.certificate.and(outcome.certificate.unwrap_or_default());
        self.witnesses.extend(outcome.witnesses);
        self.flows += flows.len() as u64;
        match (&mut self.loads, outcome.loads) {
            (Some(mine), Some(more)) => mine.add_times(&more, 1),
            (mine, more) => *mine = more,
        }
        let mut at = 0;
        for i in which {
            let item = &items[*i];
            let ends = &outcome.ends[at..at + item.flows.len()];
            at += item.flows.len();
            let end = ends.iter().copied().max().map_or(Time::ZERO, |e| time_of(e) - starts[item.phase]);
            let delay = (end - item.ideal).max(Time::ZERO);
            times[*i] = if item.plain > item.ideal { item.plain + delay } else { end.max(item.plain) };
        }
        Ok(())
    }
}

fn longest(items: &[Item], times: &[Time], phase: usize) -> Time {
    items.iter().zip(times).filter(|(i, _)| i.phase == phase).map(|(_, t)| *t).fold(Time::ZERO, Time::max)
}

/// Beginning and end of each phase.
fn schedule(traffic: &Traffic, time: impl Fn(usize) -> Time) -> Vec<(Time, Time)> {
    let mut out: Vec<(Time, Time)> = Vec::with_capacity(traffic.phases.len());
    for (i, phase) in traffic.phases.iter().enumerate() {
        let after = match &phase.after {
            After::Start => Time::ZERO,
            After::Previous => out.last().map_or(Time::ZERO, |(_, e)| *e),
            After::Phases(list) => {
                list.iter().filter_map(|k| out.get(*k as usize)).map(|(_, e)| *e).fold(Time::ZERO, Time::max)
            }
        };
        let start = after + phase.delay;
        out.push((start, start + time(i)));
    }
    out
}

fn overlap(plan: &[(Time, Time)]) -> bool {
    let mut spans: Vec<(f64, f64)> =
        plan.iter().map(|(s, e)| (s.s(), e.s())).filter(|(s, e)| e > s).collect();
    spans.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    spans.windows(2).any(|w| w[1].0 < w[0].1 * (1.0 - 1e-12))
}

#[allow(clippy::too_many_arguments)]
fn finish(
    simulation: &Simulation<'_>,
    traffic: &Traffic,
    items: &[Item],
    times: &[Time],
    plan: &[(Time, Time)],
    analytic: &[(Time, Time)],
    state: Round,
    (together, settled): (bool, bool),
) -> Replay {
    let last = |plan: &[(Time, Time)]| plan.iter().map(|(_, e)| *e).fold(Time::ZERO, Time::max);
    let phases = traffic.phases.iter().enumerate().map(|(p, phase)| {
        let times_over = 1.0 / f64::from(phase.repeat.max(1));
        let transfers = items.iter().zip(times).filter(|(i, _)| i.phase == p).map(|(i, t)| TransferReplay {
            index: i.index,
            flows: i.flows.len() as u64,
            analytic: i.analytic * times_over,
            simulated: *t * times_over,
        });
        PhaseReplay {
            name: phase.name.clone(),
            repeat: phase.repeat,
            start: plan[p].0,
            end: plan[p].1,
            analytic: analytic[p].1 - analytic[p].0,
            transfers: transfers.collect(),
        }
    });
    Replay {
        phases: phases.collect(),
        makespan: last(plan),
        analytic: last(analytic),
        loads: state.loads,
        counts: state.counts,
        certificate: simulation.certificate.then_some(state.certificate),
        witnesses: state.witnesses,
        flows: state.flows,
        together,
        settled,
    }
}
