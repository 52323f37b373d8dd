//! The two loops of the controller and what they work on.

use super::chains::Chains;
use super::nodes::NodeSet;
use super::partitions::{Parts, cuts};
use super::preempt::Stops;
use super::rank::Ranks;
use super::select::Leaves;
use super::{Controller, Gang, Millis, Rules, SECOND};
use crate::job::Seconds;

/// A gang on its nodes.
#[derive(Debug, Clone)]
pub(super) struct Running {
    /// Until when the controller must expect it.
    pub limit_end: Seconds,
    /// When its nodes are free.
    pub free_at: Millis,
    /// When it was stopped, where it was.
    pub stopped: Option<Seconds>,
    pub gang: usize,
    pub nodes: NodeSet,
}

pub(super) struct State<'a> {
    pub c: &'a Controller,
    pub gangs: &'a [Gang],
    pub leaves: Leaves,
    pub now: Millis,
    next: usize,
    pub free: NodeSet,
    pub running: Vec<Running>,
    /// Waiting gangs in the order of the scheduler.
    pub queue: Vec<usize>,
    /// What the order follows; nothing where it is first come, first served.
    pub ranks: Option<Ranks<'a>>,
    /// Who may stop whom; nothing where nobody may.
    pub stops: Option<Stops<'a>>,
    pub parts: Parts<'a>,
    /// Whether each gang has ended by itself.
    pub done: Vec<bool>,
    /// Who waits for whom.
    pub chains: Option<Chains<'a>>,
    /// When each gang came, or came again.
    pub came: Vec<Seconds>,
    pub start: Vec<Option<Seconds>>,
    /// The next look of the loop of the main scheduler, in steps of a second.
    tick: Millis,
    /// Jobs have come or gone since the main scheduler looked.
    asked: bool,
    /// When the messages that end jobs are known to be answered, which asks for a look; the next one last.
    answered: Vec<Millis>,
    last_main: Seconds,
    last_full: Seconds,
    /// The next moment at which the loop of the backfill wakes up.
    poll: Millis,
    last_cycle: Seconds,
    /// The last second in which anything happened.
    last_change: Seconds,
}

/// First sleep of the thread that waits for the answers to a message; each further one is twice as long, a second at most.
const FIRST_SLEEP: Millis = 5;

/// When that thread knows that all have answered, if the last did so after `answered`.
fn heard_after(answered: Millis) -> Millis {
    let (mut at, mut sleep) = (0, FIRST_SLEEP);
    while at < answered {
        at += sleep;
        sleep = (2 * sleep).min(SECOND);
    }
    at
}

impl<'a> State<'a> {
    pub fn new(c: &'a Controller, gangs: &'a [Gang], rules: &Rules<'a>) -> Self {
        const LONG_AGO: Seconds = Seconds::MIN / 4;
        State {
            c,
            gangs,
            leaves: Leaves::new(c.nodes, c.nodes_per_leaf, &cuts(rules.partitions)),
            now: 0,
            next: 0,
            free: NodeSet::all(c.nodes),
            running: Vec::new(),
            queue: Vec::new(),
            ranks: rules.ranking.map(|by| Ranks::new(by, gangs.len())),
            stops: rules.preemption.map(|by| Stops::new(by, gangs.len())),
            parts: Parts::new(c.nodes, rules.partitions),
            done: vec![false; gangs.len()],
            chains: rules.chains,
            came: gangs.iter().map(|g| g.submit.div_euclid(SECOND)).collect(),
            start: vec![None; gangs.len()],
            tick: c.phase.tick,
            asked: false,
            answered: Vec::new(),
            last_main: LONG_AGO,
            last_full: c.phase.sweep,
            poll: c.phase.cycle,
            last_cycle: LONG_AGO,
            last_change: LONG_AGO * 2,
        }
    }

    /// The second that the controller reads from its clock.
    pub fn second(&self) -> Seconds {
        self.now.div_euclid(SECOND)
    }

    pub fn moment(&self) -> Millis {
        self.now
    }

    pub fn run(&mut self) {
        while let Some(at) = self.next_moment() {
            self.now = at;
            self.end();
            self.hear();
            self.wait_again();
            self.reckon();
            self.submit();
            if self.tick <= self.now {
                self.tick += self.c.tick.max(1);
                self.look();
            }
            if self.poll <= self.now {
                self.poll += SECOND;
                if self.last_change >= self.last_cycle {
                    let tested = self.queue.len().min(self.c.settings.bf_max_job_test) as i64;
                    self.backfill();
                    let thought = tested * i64::from(self.c.nodes) * self.c.thought / SECOND;
                    self.last_cycle = (self.now + thought).div_euclid(SECOND);
                    self.poll = self.now + thought + self.c.settings.bf_interval.max(1) * SECOND;
                }
            }
        }
    }

    /// The next moment at which something may happen; none once all is done. Looks that would find nothing are passed over.
    fn next_moment(&mut self) -> Option<Millis> {
        let submit = self.gangs.get(self.next).map(|g| g.submit);
        let end = self.running.iter().map(|r| r.free_at).min();
        let answered = self.answered.last().copied();
        let again = self.next_again();
        let event = submit.into_iter().chain(end).chain(answered).chain(again).min();
        // Looks at the whole queue keep their minute while somebody may come back to it.
        let waiting = !self.queue.is_empty() || again.is_some();
        if event.is_none() && (!waiting || self.is_stuck()) {
            return None;
        }
        let pass = |look: &mut Millis, step: Millis, idle: bool| {
            if idle && let Some(event) = event.filter(|e| *e > *look) {
                *look += (event - *look + step - 1).div_euclid(step) * step;
            }
        };
        pass(&mut self.tick, self.c.tick.max(1), !self.asked && !waiting);
        pass(&mut self.poll, SECOND, self.last_change < self.last_cycle);
        let reckon = self.ranks.as_ref().filter(|_| waiting).map(|r| r.next());
        event.into_iter().chain([self.tick, self.poll]).chain(reckon).min().map(|t| t.max(self.now))
    }

    fn end(&mut self) {
        let now = self.now;
        let (free, mut gone) = (&mut self.free, Vec::new());
        self.running.retain(|r| {
            if r.free_at > now {
                return true;
            }
            free.add(&r.nodes);
            gone.push((r.gang, r.stopped));
            false
        });
        let mut call = false;
        for (gang, stopped) in gone {
            let second = self.second();
            if let (Some(at), Some(stops)) = (stopped, self.stops.as_mut()) {
                stops.hold(gang, (self.start[gang].unwrap_or(at), at), second);
                self.came[gang] = second;
                call = true;
            } else {
                self.done[gang] = true;
            }
            let Gang { nodes, release, .. } = self.gangs[gang];
            self.charge(gang, -i64::from(nodes));
            self.noted();
            // The message left when the job ended. Its nodes are free now; whoever waits for the answers sees it when next awake.
            let heard = now - release + heard_after(release);
            let place = self.answered.partition_point(|at| *at > heard);
            self.answered.insert(place, heard);
        }
        if call {
            // What is put back into the queue calls the main scheduler by itself, beside its loop.
            self.main(self.c.settings.default_queue_depth);
        }
    }

    /// Asks for a look of the main scheduler where all nodes of an ended job are known to have answered.
    fn hear(&mut self) {
        while self.answered.last().is_some_and(|at| *at <= self.now) {
            self.answered.pop();
            self.asked = true;
        }
    }

    fn submit(&mut self) {
        while let Some(gang) = self.gangs.get(self.next).filter(|g| g.submit <= self.now) {
            let index = self.next;
            self.next += 1;
            if gang.nodes > self.parts.nodes(index).count() || gang.nodes == 0 {
                continue;
            }
            self.changed();
            self.enqueue(index);
        }
    }

    fn changed(&mut self) {
        self.asked = true;
        self.noted();
    }

    /// Something has happened that the backfill scheduler looks at.
    pub fn noted(&mut self) {
        self.last_change = self.second();
    }

    pub fn launch(&mut self, index: usize, nodes: NodeSet) {
        let gang = &self.gangs[index];
        self.free.remove(&nodes);
        self.charge(index, i64::from(gang.nodes));
        self.start[index] = Some(self.second());
        self.noted();
        self.running.push(Running {
            limit_end: self.second() + gang.limit,
            free_at: self.now + gang.run.min(gang.limit * SECOND).max(1) + gang.release,
            stopped: None,
            gang: index,
            nodes,
        });
    }

    /// One look of the loop that starts the main scheduler.
    fn look(&mut self) {
        let second = self.second();
        let depth = if second - self.last_full >= self.c.sched_interval {
            self.last_full = second;
            usize::MAX
        } else if self.asked && second - self.last_main >= self.c.batch_delay {
            self.c.settings.default_queue_depth
        } else {
            return;
        };
        self.asked = false;
        self.last_main = second;
        self.main(depth);
    }

    /// The main scheduler: in order, and where a job does not fit, none after it on nodes of its partition.
    fn main(&mut self, depth: usize) {
        let mut open = NodeSet::all(self.c.nodes);
        let mut failed = vec![false; self.parts.sets.len()];
        let mut waiting = Vec::with_capacity(self.queue.len());
        let mut queue = std::mem::take(&mut self.queue).into_iter().enumerate();
        for (tested, index) in queue.by_ref() {
            let part = self.parts.number(index);
            if tested >= depth || failed.iter().all(|f| *f) {
                waiting.push(index);
                break;
            }
            if self.is_held(index) {
                waiting.push(index);
                continue;
            }
            let mut here = open.clone();
            here.keep(&self.parts.sets[part]);
            let wanted = self.gangs[index].nodes;
            if !failed[part] && here.count() >= wanted {
                let mut free = self.free.clone();
                free.keep(&here);
                if let Some(nodes) = self.leaves.choose(&free, wanted) {
                    self.launch(index, nodes);
                    continue;
                }
                self.stop_for(index, &here);
            }
            failed[part] = true;
            open.remove(&self.parts.sets[part]);
            waiting.push(index);
        }
        waiting.extend(queue.map(|(_, index)| index));
        self.queue = waiting;
    }
}
