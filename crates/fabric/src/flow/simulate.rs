//! The simulation as others call it.

use gigatwin_quantity::{Bandwidth, Data, Time};
use rayon::prelude::*;

use super::certificate::{Certificate, NotFair, Witness};
use super::component::{Component, Counts, Course, run};
use super::faults::{Faults, Flap};
use super::load::Loads;
use super::memory::memory_needed;
use super::pattern::FlowList;
use super::routes::{Router, Routing, Strands};
use super::split::{Share, split};
use super::symmetry;
use super::topology::{Shape, Topology};
use super::units::{ps, quanta, rate_of, time_of, work};

/// What is simulated besides the flows.
#[derive(Debug, Clone)]
pub struct Simulation<'a> {
    /// The network.
    pub topology: &'a Topology,
    /// How paths are chosen.
    pub routing: Routing,
    /// Links that are down all the time.
    pub faults: Faults,
    /// Links that go down and come back.
    pub flaps: Vec<Flap>,
    /// Time after which the network routes around a link that went down; without it flows wait for the link.
    pub reaction: Option<Time>,
    /// Endless flows beside: ends and highest rate.
    pub background: Vec<(u32, u32, Bandwidth)>,
    /// Whether each solve is proven max-min fair.
    pub certificate: bool,
    /// Whether the certificate is to be printed too: which full link limits how many flows, solve by solve. Symmetry is then
    /// not made use of.
    pub print: bool,
    /// Whether loads of links are wanted.
    pub loads: bool,
    /// Most memory it may take.
    pub memory: Data,
    /// Whether every flow and link is simulated on its own even where symmetry makes many of them alike (under
    /// spraying, up to 64 paths of a flow).
    pub explicit: bool,
}

/// Why there is no outcome.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum FlowError {
    /// More flows than memory.
    #[error("{flows} flows would take {needed} of memory, {limit} are allowed")]
    Memory {
        /// Flows.
        flows: u64,
        /// Memory they would take.
        needed: Data,
        /// Memory that is allowed.
        limit: Data,
    },
    /// An endpoint that does not exist.
    #[error("flow {flow} ends at endpoint {endpoint}, the network has {endpoints}")]
    UnknownEndpoint {
        /// Number of the flow.
        flow: u64,
        /// Endpoint.
        endpoint: u32,
        /// Endpoints of the network.
        endpoints: u32,
    },
    /// A flow whose size or beginning is not a number.
    #[error("flow {flow}: {what} is negative or not finite")]
    NotANumber {
        /// Number of the flow.
        flow: u64,
        /// Bytes or beginning.
        what: &'static str,
    },
    /// No way is left.
    #[error("{flows} flows have no path; the first goes from endpoint {from} to {to}")]
    NoPath {
        /// Number of such flows.
        flows: u64,
        /// Sender of the first.
        from: u32,
        /// Receiver of the first.
        to: u32,
    },
    /// Flows that never end.
    #[error(
        "{flows} flows never end: links on their way stay without bandwidth, or flows of a higher priority fill them for good"
    )]
    Stalled {
        /// Number of such flows.
        flows: u64,
    },
    /// The solver contradicts itself.
    #[error("rates are not max-min fair: {0}")]
    NotFair(#[from] NotFair),
}

impl FlowError {
    /// The diagnostic code.
    pub fn code(&self) -> &'static str {
        match self {
            FlowError::UnknownEndpoint { .. } | FlowError::NotANumber { .. } => "G511",
            FlowError::Memory { .. } => "G516",
            FlowError::NoPath { .. } | FlowError::Stalled { .. } | FlowError::NotFair(_) => "G518",
        }
    }
}

/// How the flows fared.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// End of each flow, picoseconds since the beginning: its last byte has arrived.
    pub ends: Vec<u64>,
    /// End of the last flow.
    pub makespan: Time,
    /// Bytes over links, where asked for.
    pub loads: Option<Loads>,
    /// What was done.
    pub counts: Counts,
    /// What was proven, where asked for.
    pub certificate: Option<Certificate>,
    /// The certificate line by line, where it is to be printed; of each set of flows at most 100,000 lines and the solve
    /// that they end in.
    pub witnesses: Vec<Witness>,
    /// Sets of flows that share no link with each other.
    pub components: usize,
    /// Flows that were simulated; fewer than all where symmetry makes some alike.
    pub simulated: u64,
}

impl Outcome {
    /// End of a flow.
    pub fn end(&self, flow: usize) -> Option<Time> {
        self.ends.get(flow).map(|t| time_of(*t))
    }
}

/// Default limit of memory.
const MEMORY: Data = Data::from_gb(4.0);

impl<'a> Simulation<'a> {
    /// A sound network without anything beside.
    pub fn new(topology: &'a Topology, routing: Routing) -> Simulation<'a> {
        Simulation {
            topology,
            routing,
            faults: Faults::none(),
            flaps: Vec::new(),
            reaction: None,
            background: Vec::new(),
            certificate: false,
            print: false,
            loads: false,
            memory: MEMORY,
            explicit: false,
        }
    }

    /// Whether the memory for so many flows is allowed.
    ///
    /// # Errors
    /// [`FlowError::Memory`] with the figure.
    pub fn affords(&self, flows: u64) -> Result<Data, FlowError> {
        let needed = memory_needed(self.topology, self.routing, flows);
        let most = u64::from(u32::MAX / 16);
        if needed > self.memory || flows > most {
            return Err(FlowError::Memory { flows, needed, limit: self.memory });
        }
        Ok(needed)
    }

    /// Runs the flows to their end. A flow loads its way from its beginning; its last byte arrives the latency
    /// of the way after the last was sent.
    ///
    /// # Errors
    /// [`FlowError`].
    pub fn run(&self, flows: &(impl FlowList + ?Sized)) -> Result<Outcome, FlowError> {
        // In a sound fat tree all paths are alike, and adaptive spraying is even spraying.
        let tree = matches!(self.topology.spec().shape, Shape::Clos(_));
        if self.routing == Routing::Adaptive && tree && self.faults.is_empty() && self.flaps.is_empty() {
            return Simulation { routing: Routing::Spray, ..self.clone() }.run(flows);
        }
        self.affords(flows.count() as u64)?;
        if let Some(outcome) = symmetry::run(self, flows)? {
            return Ok(outcome);
        }
        self.check(flows)?;
        let mut state = State {
            ends: vec![0; flows.count()],
            left: Vec::new(),
            loads: self.loads.then(|| Loads::new(self.topology)),
            counts: Counts::default(),
            certificate: Certificate::default(),
            witnesses: Vec::new(),
            components: 0,
        };
        for stage in self.stages() {
            let going = self.stage(flows, &stage, &mut state)?;
            if going == 0 {
                break;
            }
            if stage.until == u64::MAX {
                return Err(FlowError::Stalled { flows: going });
            }
        }
        let makespan = time_of(state.ends.iter().copied().max().unwrap_or(0));
        Ok(Outcome {
            ends: state.ends,
            makespan,
            loads: state.loads,
            counts: state.counts,
            certificate: self.certificate.then_some(state.certificate),
            witnesses: state.witnesses,
            components: state.components,
            simulated: flows.count() as u64,
        })
    }

    fn check(&self, flows: &(impl FlowList + ?Sized)) -> Result<(), FlowError> {
        let endpoints = self.topology.endpoints();
        if flows.pattern().is_some_and(|p| p.sound(endpoints)) {
            return Ok(());
        }
        for i in 0..flows.count() {
            let f = flows.flow(i);
            let flow = i as u64;
            if let Some(endpoint) = [f.from, f.to].into_iter().find(|e| *e >= endpoints) {
                return Err(FlowError::UnknownEndpoint { flow, endpoint, endpoints });
            }
            for (value, what) in [(f.bytes.bytes(), "its size"), (f.start.s(), "its beginning")] {
                if !(value >= 0.0 && value.is_finite()) {
                    return Err(FlowError::NotANumber { flow, what });
                }
            }
        }
        Ok(())
    }

    /// Spans of time with fixed routes.
    fn stages(&self) -> Vec<Stage> {
        let mut cuts = vec![0, u64::MAX];
        if let Some(reaction) = self.reaction {
            for f in &self.flaps {
                let (from, to) = span(f);
                if from.saturating_add(ps(reaction)) < to {
                    cuts.extend([from.saturating_add(ps(reaction)), to]);
                }
            }
        }
        cuts.sort_unstable();
        cuts.dedup();
        let stage = |w: &[u64]| {
            let around = self.flaps.iter().filter(|f| {
                let (from, to) = span(f);
                self.reaction.is_some_and(|r| from.saturating_add(ps(r)) <= w[0] && w[0] < to)
            });
            let down = Faults::cables(self.topology, around.map(|f| f.link));
            Stage { from: w[0], until: w[1], faults: self.faults.clone().and(&down) }
        };
        cuts.windows(2).map(stage).collect()
    }

    /// Runs a stage; how many flows go on after it.
    fn stage(
        &self,
        flows: &(impl FlowList + ?Sized),
        stage: &Stage,
        state: &mut State,
    ) -> Result<u64, FlowError> {
        let mut stalled: Vec<(u64, u64, u32)> = Vec::new();
        for f in &self.flaps {
            let (from, to) = span(f);
            let to = self.reaction.map_or(to, |r| to.min(from.saturating_add(ps(r))));
            if from < stage.until && to > stage.from {
                stalled
                    .extend([f.link, self.topology.reverse(f.link)].map(|l| (from.max(stage.from), to, l)));
            }
        }
        // Links that stall are marked as faults of their own for the classes of a fat tree, but stay in use.
        let flapping = Faults::cables(self.topology, stalled.iter().map(|s| s.2));
        let router = Router::new(self.topology, self.routing, &stage.faults, &flapping, self.explicit);
        let going = state.left.iter().filter(|w| **w > 0.0).count();
        let first = state.left.is_empty();
        let pick: Vec<u32> = if first {
            Vec::new()
        } else {
            (0..flows.count() as u32).filter(|i| state.left[*i as usize] > 0.0).collect()
        };
        let count = if first { flows.count() } else { going };
        let index = |i: usize| if first { i } else { pick[i] as usize };
        let ends = self.background.iter().map(|b| (b.0, b.1));
        let lost = |list: Vec<u32>| {
            let f = list.first().map(|i| flows.flow(index((*i as usize).min(count.saturating_sub(1)))));
            let (from, to) = f.map_or((0, 0), |f| (f.from, f.to));
            FlowError::NoPath { flows: list.len() as u64, from, to }
        };
        let mut strands = router.route((0..count).map(|i| flows.flow(index(i))), count).map_err(lost)?;
        let finite = strands.len();
        router.append(&mut strands, ends);
        // What all flows of a pattern carry need not be computed for each.
        let alike = flows.pattern().filter(|_| first).map(|p| work(p.bytes));
        let work_of = |s: usize| {
            if strands.span(s).is_empty() {
                return 0.0;
            }
            if s >= finite {
                return f64::INFINITY;
            }
            let flow = index(strands.flow_of(s));
            let all = match alike {
                Some(all) => all,
                None if first => work(flows.flow(flow).bytes),
                None => state.left[flow],
            };
            all / f64::from(strands.siblings(strands.flow_of(s)))
        };
        let all_work: Vec<f64> = (0..strands.len()).map(work_of).collect();
        let start = self.starts(flows, stage, &strands, finite, index);
        let class = self.classes(flows, &strands, finite, index);
        let caps: Vec<u64> = self.background.iter().map(|b| quanta(b.2)).collect();
        let total: Vec<f64> =
            if self.loads || stage.until != u64::MAX { all_work.clone() } else { Vec::new() };
        let shares = split(
            &router,
            &mut strands,
            &caps,
            finite,
            Share { work: all_work, start, class, stalled },
            self.loads,
        );
        state.components += if first { shares.len() } else { 0 };
        let courses = self.courses(shares, stage.until)?;
        let mut left_over = vec![0.0; if stage.until == u64::MAX { 0 } else { flows.count() }];
        let mut going = 0;
        let mut left_of: Vec<f64> = if total.is_empty() { Vec::new() } else { vec![0.0; strands.len()] };
        for (members, course) in courses {
            state.counts = state.counts.and(course.counts);
            state.certificate = state.certificate.and(course.certificate);
            state.witnesses.extend(course.bottlenecks.iter().map(|b| {
                let members =
                    if b.resource < router.resources() { router.members(b.resource) } else { Vec::new() };
                Witness {
                    at: time_of(b.at),
                    link: members.first().copied(),
                    links: members.len() as u32,
                    priority: b.class,
                    flows: b.strands,
                    rate: rate_of(b.rate),
                }
            }));
            for (k, end) in course.end.iter().enumerate() {
                let s = members.get(k).map_or(k, |s| *s as usize);
                if s >= finite {
                    if let (Some(slot), Some(left)) = (left_of.get_mut(s), course.left.get(k)) {
                        *slot = *left;
                    }
                    continue;
                }
                let flow = index(strands.flow_of(s));
                if *end == u64::MAX {
                    going += 1;
                    let left = course.left.get(k).copied().unwrap_or(0.0);
                    if let Some(slot) = left_over.get_mut(flow) {
                        *slot += left.max(f64::MIN_POSITIVE);
                    }
                    if let Some(slot) = left_of.get_mut(s) {
                        *slot = left;
                    }
                } else {
                    let end = end.saturating_add(u64::from(strands.latency[s]));
                    state.ends[flow] = state.ends[flow].max(end);
                }
            }
        }
        if let Some(loads) = &mut state.loads {
            loads.add(&router, &strands, finite, |s| total[s] - left_of[s]);
        }
        state.left = left_over;
        Ok(going)
    }

    fn starts(
        &self,
        flows: &(impl FlowList + ?Sized),
        stage: &Stage,
        strands: &Strands,
        finite: usize,
        index: impl Fn(usize) -> usize,
    ) -> Vec<u64> {
        if flows.pattern().is_some() {
            return vec![stage.from; strands.len()];
        }
        let of = |s: usize| {
            let own = if s < finite { ps(flows.flow(index(strands.flow_of(s))).start) } else { 0 };
            own.max(stage.from)
        };
        (0..strands.len()).map(of).collect()
    }

    fn classes(
        &self,
        flows: &(impl FlowList + ?Sized),
        strands: &Strands,
        finite: usize,
        index: impl Fn(usize) -> usize,
    ) -> Vec<u8> {
        if flows.pattern().is_some() {
            return Vec::new();
        }
        let of = |s: usize| if s < finite { flows.flow(index(strands.flow_of(s))).priority } else { 0 };
        if (0..finite).any(|s| of(s) != 0) { (0..strands.len()).map(of).collect() } else { Vec::new() }
    }

    fn courses(
        &self,
        shares: Vec<(Vec<u32>, Component)>,
        until: u64,
    ) -> Result<Vec<(Vec<u32>, Course)>, FlowError> {
        let one =
            |(members, c): (Vec<u32>, Component)| Ok((members, run(c, until, self.certificate, self.print)?));
        if shares.len() < 2 {
            return shares.into_iter().map(one).collect();
        }
        shares.into_par_iter().map(one).collect()
    }
}

fn span(flap: &Flap) -> (u64, u64) {
    let from = ps(flap.from);
    (from, from.saturating_add(ps(flap.lasts)))
}

/// A span of time with fixed routes.
struct Stage {
    from: u64,
    until: u64,
    faults: Faults,
}

/// What stages hand on.
struct State {
    ends: Vec<u64>,
    /// Work left of each flow; empty before the first stage.
    left: Vec<f64>,
    loads: Option<Loads>,
    counts: Counts,
    certificate: Certificate,
    witnesses: Vec<Witness>,
    components: usize,
}
