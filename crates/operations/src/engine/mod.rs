mod caps;
mod check;
mod clock;
mod easy;
mod failures;
mod limits;
mod outlook;
mod pass;
mod preempt;
mod priority;
mod queue;
mod settled;
mod shadow;
mod start;

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use rustc_hash::FxHashMap;

use crate::failure::Breakdowns;
use crate::grid::Grid;
use crate::job::{Job, JobRecord, Seconds};
use crate::lanes::{Ageing, Lanes};
use crate::nodes::Nodes;
use crate::outcome::{Counts, Holding, Incident, Outcome, Sample};
use crate::policy::{Order, Policy, Reservation};
use crate::profile::Profile;
use crate::releases::Releases;
use crate::site::{Settings, Site};
use crate::usage::Usage;

pub use check::SimulationError;
pub(crate) use check::check;

/// What can happen, in the order in which it happens within one second: what ends goes before what begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    /// A job ends: its place among the running, and which of the place's tenants it is.
    End { slot: u32, epoch: u32 },
    /// Nodes of an ended job can be given again.
    Freed { slot: u32 },
    /// A repair is done; without a node, the mended one becomes a spare.
    Mended { node: u32, crew: bool },
    /// A spare stands in a node's place.
    Back { node: u32 },
    /// Something breaks.
    Break,
    /// A failure is noticed on a node.
    Noticed { node: u32, component: u16 },
    /// A job might fail by itself, whatever its nodes do.
    Crash { slot: u32 },
    /// A stopped job waits again.
    Again { job: u32 },
    /// A reservation or cap begins or ends.
    Edge,
}

type Event = Reverse<(Seconds, What, u32)>;

/// A job on the machine.
#[derive(Debug, Default)]
struct Running {
    job: u32,
    nodes: Vec<u32>,
    start: Seconds,
    planned_end: Seconds,
    units: i64,
    speed: f64,
    /// Seconds of its own work that this attempt has to do before the limit stops it.
    work: Seconds,
    /// Time at the start of this attempt that is no work: coming back after a stop.
    overhead: Seconds,
    finishes: bool,
    epoch: u32,
    live: bool,
    /// Ended, but its nodes cannot be given yet.
    completing: bool,
}

/// Runs the workload through the site.
///
/// Jobs must stand in order of submission. Same inputs, same bytes.
///
/// # Errors
/// Every job that can never run (larger than the site, negative times, unknown tenant or quality of service), jobs out of order,
/// and settings that contradict themselves.
pub fn simulate(site: &Site, jobs: &[Job], settings: &Settings) -> Result<Outcome, Vec<SimulationError>> {
    check::check(site, jobs, settings)?;
    let mut engine = Engine::new(site, jobs, settings);
    engine.run();
    Ok(engine.finish())
}

pub(crate) struct Engine<'a> {
    site: &'a Site,
    jobs: &'a [Job],
    settings: &'a Settings,
    now: Seconds,
    arrivals: usize,
    events: BinaryHeap<Event>,
    sequence: u32,
    nodes: Nodes,
    /// Accelerators that are up and idle.
    free: i64,
    down_units: i64,
    busy_units: [i64; crate::job::JobClass::ALL.len()],
    running: Vec<Running>,
    vacant: Vec<u32>,
    running_jobs: u32,
    releases: Releases,
    queue: Lanes,
    /// Jobs behind the depth that the scheduler looks at.
    behind: Lanes,
    depth: usize,
    newest: (Seconds, u32),
    queued_units: i64,
    held_jobs: u32,
    ageing: Ageing,
    group_factor: Vec<f64>,
    next_calc: Seconds,
    usage: Option<Usage>,
    /// Work saved by jobs that were stopped, and how often they were.
    saved: FxHashMap<u32, Seconds>,
    /// Reservations that are not over.
    ahead: Vec<Reservation>,
    stoppable: preempt::Stoppable,
    /// For whom jobs were stopped in this second.
    preempted: std::collections::BTreeSet<(Seconds, u32)>,
    profile: Profile,
    /// In place of the profile in Slurm's backfill.
    grid: Grid,
    on_grid: bool,
    /// Does the profile hold two moments alone, and when is the second?
    by_shadow: bool,
    clear: Seconds,
    shadow_at: Option<Seconds>,
    /// Does the profile of the last pass still stand, so that it can turn away arrivals?
    profile_stands: bool,
    changed: bool,
    arrived: Vec<u32>,
    clock: clock::SlurmClock,
    scratch: pass::Scratch,
    hopes: easy::Hopes,
    breakdowns: Option<Breakdowns>,
    node_up: Vec<bool>,
    records: Vec<JobRecord>,
    incidents: Vec<Incident>,
    series: Vec<Sample>,
    holdings: Vec<Holding>,
    span: Sample,
    next_sample: Seconds,
    busy: [i64; crate::job::JobClass::ALL.len()],
    down: i64,
    spread: [i64; crate::job::JobClass::ALL.len()],
    cap_stops: u64,
    began: Seconds,
    idle_waiting: i64,
    /// Fewest accelerators a waiting job asks for, as of the last pass.
    least_waiting: i64,
    counts: Counts,
    unfinished: usize,
    /// Does the whole site stand still?
    is_out: bool,
    /// See [`Engine::handed_back`] and [`Engine::take_ended`].
    handed_back: Vec<u32>,
    ended: Vec<(u32, bool)>,
    reports: bool,
    /// What waits beside the queue, where what one may hold is limited.
    limits: Option<limits::Limits>,
    /// Do other sites charge the same accounts? Starts and ends are then told.
    shares_accounts: bool,
    moves: Vec<(u32, limits::Amount)>,
}

impl<'a> Engine<'a> {
    pub(crate) fn new(site: &'a Site, jobs: &'a [Job], settings: &'a Settings) -> Self {
        let depth = match settings.policy {
            Policy::Slurm(s) => s.bf_max_job_test.max(s.default_queue_depth).max(1),
            _ => usize::MAX,
        };
        let usage = match settings.order {
            Order::Multifactor(m) => {
                Some(Usage::new(site.shares.accounts().len(), m.half_life, &site.past_use, site.past_use_at))
            }
            Order::Submit => None,
        };
        let mut engine = Self {
            site,
            jobs,
            settings,
            now: jobs.first().map_or(0, |j| j.submit.min(0)),
            arrivals: 0,
            events: BinaryHeap::new(),
            sequence: 0,
            nodes: Nodes::new(site.layout),
            free: site.layout.gpus(),
            down_units: 0,
            busy_units: Default::default(),
            running: Vec::new(),
            vacant: Vec::new(),
            running_jobs: 0,
            releases: Releases::default(),
            queue: Lanes::marking(site.qos.iter().map(|q| q.preempts).collect()),
            behind: Lanes::default(),
            depth,
            newest: (Seconds::MIN, 0),
            queued_units: 0,
            held_jobs: 0,
            ageing: Ageing::default(),
            group_factor: Vec::new(),
            next_calc: Seconds::MIN,
            usage,
            saved: FxHashMap::default(),
            ahead: site.reservations.clone(),
            stoppable: preempt::Stoppable::new(&site.qos),
            preempted: std::collections::BTreeSet::new(),
            profile: Profile::default(),
            by_shadow: false,
            clear: Seconds::MAX / 4,
            shadow_at: None,
            grid: Grid::default(),
            on_grid: false,
            profile_stands: false,
            changed: false,
            arrived: Vec::new(),
            clock: clock::SlurmClock::new(&settings.policy),
            scratch: pass::Scratch::default(),
            hopes: easy::Hopes::default(),
            breakdowns: None,
            node_up: vec![true; site.layout.nodes as usize],
            records: vec![JobRecord { start: -1, end: -1, ..JobRecord::default() }; jobs.len()],
            incidents: Vec::new(),
            series: Vec::new(),
            holdings: Vec::new(),
            span: Sample::default(),
            next_sample: settings.sample.unwrap_or(Seconds::MAX),
            busy: Default::default(),
            down: 0,
            spread: Default::default(),
            cap_stops: 0,
            began: jobs.first().map_or(0, |j| j.submit.min(0)),
            idle_waiting: 0,
            least_waiting: i64::MAX,
            counts: Counts::default(),
            unfinished: jobs.len(),
            is_out: false,
            handed_back: Vec::new(),
            ended: Vec::new(),
            reports: false,
            limits: None,
            shares_accounts: false,
            moves: Vec::new(),
        };
        engine.limits = limits::Limits::of(site, jobs, |j| engine.plain_group_of(j));
        for r in &site.reservations {
            engine.push(r.start, What::Edge);
            engine.push(r.end, What::Edge);
        }
        for c in &site.caps {
            engine.push(c.from, What::Edge);
        }
        engine.start_breakdowns();
        engine
    }

    fn push(&mut self, at: Seconds, what: What) {
        self.sequence = self.sequence.wrapping_add(1);
        self.events.push(Reverse((at, what, self.sequence)));
    }

    /// A site of a federation: who comes in is decided outside, and every end is told.
    pub(crate) fn member(
        site: &'a Site,
        jobs: &'a [Job],
        settings: &'a Settings,
        shares_accounts: bool,
    ) -> Self {
        Self { arrivals: jobs.len(), reports: true, shares_accounts, ..Self::new(site, jobs, settings) }
    }

    /// When something happens here next, submissions left out.
    pub(crate) fn due(&self) -> Seconds {
        let event = self.events.peek().map_or(Seconds::MAX, |e| e.0.0);
        if self.is_out {
            return event.max(self.now);
        }
        let queue = !self.queue.active().is_empty();
        let calc = if queue && self.usage.is_some() { self.next_calc } else { Seconds::MAX };
        event.min(calc).min(self.clock.due(queue)).max(self.now)
    }

    /// Goes to a moment and lets happen what is due.
    pub(crate) fn begin(&mut self, at: Seconds) {
        self.advance(at);
        self.counts.moments += 1;
        while let Some(Reverse((t, what, _))) = self.events.peek().copied() {
            if t > self.now {
                break;
            }
            self.events.pop();
            self.happen(what);
        }
    }

    /// Ends a moment: starts what may start.
    pub(crate) fn conclude(&mut self) {
        if self.is_out {
            self.arrived.clear();
        } else {
            self.schedule();
        }
    }

    fn run(&mut self) {
        while self.unfinished > 0 || self.settings.until.is_some() {
            let arrival = self.jobs.get(self.arrivals).map_or(Seconds::MAX, |j| j.submit);
            let at = arrival.min(self.due()).max(self.now);
            if let Some(until) = self.settings.until
                && at >= until
            {
                self.advance(until);
                break;
            }
            if at == Seconds::MAX {
                break;
            }
            self.begin(at);
            while let Some(job) = self.jobs.get(self.arrivals)
                && job.submit <= self.now
            {
                let index = self.arrivals as u32;
                self.arrivals += 1;
                self.enqueue(index);
            }
            self.conclude();
        }
    }

    fn happen(&mut self, what: What) {
        match what {
            What::End { slot, epoch } => self.end(slot, epoch),
            What::Freed { slot } => self.freed(slot),
            What::Back { node } => self.back(node),
            What::Break => self.breaks(),
            What::Noticed { node, component } => self.noticed(node, component),
            What::Crash { slot } => self.crashes(slot),
            What::Mended { node, crew } => self.mended(node, crew),
            What::Again { job } => {
                self.held_jobs -= 1;
                if self.is_out {
                    self.handed_back.push(job);
                    return;
                }
                self.enqueue(job);
                self.changed = true;
            }
            What::Edge => {
                self.ahead.retain(|r| r.end > self.now);
                self.keep_cap();
                self.changed = true;
                self.clock.wake(self.now, self.is_waiting());
            }
        }
    }

    /// Moves the clock and charges the time that passes.
    pub(crate) fn advance(&mut self, to: Seconds) {
        while self.next_sample <= to {
            let at = self.next_sample;
            self.charge(at);
            self.point(at);
            self.next_sample += self.settings.sample.unwrap_or(1);
        }
        self.charge(to);
    }

    /// Ends a span of the time series here.
    fn point(&mut self, at: Seconds) {
        let since = self.series.last().map_or(self.began, |p| p.at);
        let length = (at - since).max(1) as f64;
        let mut point = std::mem::take(&mut self.span);
        point.at = at;
        for b in &mut point.busy {
            *b /= length;
        }
        point.down /= length;
        point.queued = (self.queue.len() + self.behind.len() + self.limited_jobs()) as u32 + self.held_jobs;
        point.queued_gpus = self.queued_units;
        point.running = self.running_jobs;
        self.series.push(point);
    }

    fn charge(&mut self, to: Seconds) {
        let dt = to - self.now;
        if dt <= 0 {
            return;
        }
        for c in 0..self.busy.len() {
            self.busy[c] += self.busy_units[c] * dt;
            self.span.busy[c] += (self.busy_units[c] * dt) as f64;
        }
        let busy: i64 = self.busy_units.iter().sum();
        let down = if self.is_out { self.site.layout.gpus() - busy } else { self.down_units };
        self.down += down * dt;
        self.span.down += (down * dt) as f64;
        if !self.is_out && self.free >= self.least_waiting {
            self.idle_waiting += self.free * dt;
        }
        self.now = to;
    }

    pub(crate) fn finish(mut self) -> Outcome {
        let end = self.now;
        // A run need not end with a whole step.
        if self.settings.sample.is_some() && end > self.series.last().map_or(self.began, |p| p.at) {
            self.point(end);
        }
        for slot in 0..self.running.len() as u32 {
            if self.running[slot as usize].live {
                self.charge_spread(slot);
            }
        }
        for r in self.running.iter().filter(|r| r.live) {
            let record = &mut self.records[r.job as usize];
            record.state = crate::job::JobState::Running;
            record.held += r.units * (end - r.start);
            if self.settings.holdings {
                self.holdings.push(Holding { job: r.job, from: r.start, to: end, nodes: r.nodes.clone() });
            }
        }
        Outcome {
            jobs: self.records,
            series: self.series,
            incidents: self.incidents,
            holdings: self.holdings,
            end,
            busy: self.busy,
            down: self.down,
            spread: self.spread,
            cap_stops: self.cap_stops,
            start: self.began,
            idle_waiting: self.idle_waiting,
            counts: self.counts,
        }
    }
}
