//! The two loops of the controller and what they work on.

use super::nodes::NodeSet;
use super::rank::{Ranking, Ranks};
use super::select::Leaves;
use super::{Controller, Gang, Millis, SECOND};
use crate::job::Seconds;

/// A gang on its nodes.
#[derive(Debug, Clone)]
pub(super) struct Running {
    /// Until when the controller must expect it.
    pub limit_end: Seconds,
    /// When its nodes are free.
    free_at: Millis,
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
    pub fn new(c: &'a Controller, gangs: &'a [Gang], ranking: Option<Ranking<'a>>) -> Self {
        const LONG_AGO: Seconds = Seconds::MIN / 4;
        State {
            c,
            gangs,
            leaves: Leaves::new(c.nodes, c.nodes_per_leaf),
            now: 0,
            next: 0,
            free: NodeSet::all(c.nodes),
            running: Vec::new(),
            queue: Vec::new(),
            ranks: ranking.map(|by| Ranks::new(by, gangs.len())),
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

    pub fn run(&mut self) {
        while let Some(at) = self.next_moment() {
            self.now = at;
            self.end();
            self.hear();
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
        let event = submit.into_iter().chain(end).chain(answered).min();
        let waiting = !self.queue.is_empty();
        if !waiting && event.is_none() {
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
            gone.push(r.gang);
            false
        });
        for gang in gone {
            let Gang { nodes, release, .. } = self.gangs[gang];
            self.charge(gang, -i64::from(nodes));
            self.last_change = self.second();
            // The message left when the job ended. Its nodes are free now; whoever waits for the answers sees it when next awake.
            let heard = now - release + heard_after(release);
            let place = self.answered.partition_point(|at| *at > heard);
            self.answered.insert(place, heard);
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
            if gang.nodes > self.c.nodes || gang.nodes == 0 {
                continue;
            }
            self.changed();
            self.enqueue(index);
        }
    }

    fn changed(&mut self) {
        self.asked = true;
        self.last_change = self.second();
    }

    pub fn launch(&mut self, index: usize, nodes: NodeSet) {
        let gang = &self.gangs[index];
        self.free.remove(&nodes);
        self.charge(index, i64::from(gang.nodes));
        self.start[index] = Some(self.second());
        self.last_change = self.second();
        self.running.push(Running {
            limit_end: self.second() + gang.limit,
            free_at: self.now + gang.run.min(gang.limit * SECOND).max(1) + gang.release,
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

    /// The main scheduler: in order, until one does not fit.
    fn main(&mut self, depth: usize) {
        let mut started = 0;
        while let Some(&index) = self.queue.get(started).filter(|_| started < depth) {
            let Some(nodes) = self.leaves.choose(&self.free, self.gangs[index].nodes) else { break };
            self.launch(index, nodes);
            started += 1;
        }
        self.queue.drain(..started);
    }
}
