//! One cycle of the backfill scheduler.

use super::nodes::NodeSet;
use super::state::State;
use crate::job::Seconds;

/// The map of the future: from when to when which nodes are in no reservation.
struct Slot {
    begin: Seconds,
    end: Seconds,
    open: NodeSet,
}

/// Width of the first group of ends that is tried at once; each further group reaches twice as far.
const FIRST_GROUP: Seconds = 30;

impl State<'_> {
    pub(super) fn backfill(&mut self) {
        let (clock, now) = (self.c.phase.clock, self.second());
        let resolution = self.c.settings.bf_resolution.max(1);
        // Slots are cut from the clock on the wall.
        let floor = move |t: Seconds| (t + clock).div_euclid(resolution) * resolution - clock;
        let mut map = vec![Slot {
            begin: floor(now),
            end: floor(now + self.c.settings.bf_window),
            open: NodeSet::all(self.c.nodes),
        }];
        let mut order: Vec<usize> = (0..self.running.len()).collect();
        order.sort_by_key(|i| self.running[*i].limit_end);
        let mut waiting = Vec::with_capacity(self.queue.len());
        for (tested, index) in std::mem::take(&mut self.queue).into_iter().enumerate() {
            if tested >= self.c.settings.bf_max_job_test || !self.place(index, &mut map, &mut order, &floor) {
                waiting.push(index);
            }
        }
        self.queue = waiting;
    }

    /// Starts a gang, or reserves nodes for it. True where it has started.
    fn place(
        &mut self,
        index: usize,
        map: &mut Vec<Slot>,
        order: &mut Vec<usize>,
        floor: &impl Fn(Seconds) -> Seconds,
    ) -> bool {
        if self.is_held(index) {
            return false;
        }
        let (gang, now) = (self.gangs[index], self.second());
        let mut later = Some(now);
        while let Some(from) = later.take() {
            let until = from.max(now) + gang.limit;
            let mine = self.parts.nodes(index);
            let mut open = mine.clone();
            for (i, slot) in map.iter().enumerate() {
                if slot.end <= from {
                    continue;
                }
                // The next moment at which a reservation ends and gives nodes back.
                if later.is_none()
                    && let Some(next) = map.get(i + 1)
                    && !next.open.shared(mine).within(&slot.open)
                {
                    later = Some(slot.end);
                }
                if slot.begin > until {
                    break;
                }
                open.keep(&slot.open);
            }
            if open.count() < gang.nodes {
                continue;
            }
            let Some((at, nodes)) = self.earliest(index, &open, order) else { continue };
            let mut at = at.max(from);
            if at <= now && nodes.meets(&self.emptying()) {
                // Their jobs are not gone yet.
                (at, later) = (now + 1, None);
            }
            if at <= now {
                // On the nodes that no reservation holds.
                let mut free = self.free.clone();
                free.keep(&open);
                if let Some(nodes) = self.leaves.choose(&free, gang.nodes) {
                    self.launch(index, nodes);
                    let limit_end = now + gang.limit;
                    let place = order.partition_point(|i| self.running[*i].limit_end <= limit_end);
                    order.insert(place, self.running.len() - 1);
                    if self.stops.is_none() {
                        // What was started in this cycle, and cannot be stopped, stands in the map.
                        let held = self.running[self.running.len() - 1].nodes.clone();
                        reserve(map, floor(now), floor(limit_end), self.c.settings.bf_resolution, &held);
                    }
                    return true;
                }
                // It could once others are stopped. Until then it holds what it was promised, from now on.
                self.stop_for(index, &open);
                reserve(map, floor(now), floor(now + gang.limit), self.c.settings.bf_resolution, &nodes);
                return false;
            }
            if later.is_some_and(|l| at > l) {
                continue;
            }
            if at > now + self.c.settings.bf_window {
                return false;
            }
            let (begin, end) = (floor(at), floor(at + gang.limit));
            if map.iter().any(|s| s.end > begin && s.begin < end && !nodes.within(&s.open)) {
                later = Some(at);
                // Slurm tries again from here on; where nothing changes any more it would not end.
                if at <= from {
                    return false;
                }
                continue;
            }
            reserve(map, begin, end, self.c.settings.bf_resolution, &nodes);
            return false;
        }
        false
    }

    /// When and where the select plugin says that the gang can run on these nodes: now, also where it would have to stop others, or at the
    /// end of a group of running jobs.
    fn earliest(&self, index: usize, open: &NodeSet, order: &[usize]) -> Option<(Seconds, NodeSet)> {
        let (now, wanted) = (self.second(), self.gangs[index].nodes);
        let mut at_hand = self.free.clone();
        at_hand.add(&self.emptying());
        at_hand.keep(open);
        if let Some(nodes) = self.leaves.choose(&at_hand, wanted) {
            return Some((now, nodes));
        }
        let stoppable = self.stoppable(index, self.parts.nodes(index));
        if !stoppable.is_empty() {
            stoppable.iter().for_each(|i| at_hand.add(&self.running[*i].nodes.shared(open)));
            if let Some(nodes) = self.leaves.choose(&at_hand, wanted) {
                return Some((now, nodes));
            }
        }
        // What is being stopped already is no running job any more.
        let stays = |i: &&usize| !stoppable.contains(i) && self.running[**i].stopped.is_none();
        let mut rest = order.iter().filter(stays).map(|i| &self.running[*i]).peekable();
        let (mut width, mut bar) = (FIRST_GROUP, None);
        while rest.peek().is_some() {
            let mut last = None;
            // Jobs on other nodes end no group: the next job on these nodes joins it however late it ends.
            while let Some(job) = rest.next() {
                if !job.nodes.meets(open) {
                    continue;
                }
                at_hand.add(&job.nodes.shared(open));
                last = Some(job.limit_end);
                let bar = *bar.get_or_insert_with(|| self.next_bar(job.limit_end));
                if rest.peek().is_none_or(|next| next.limit_end > bar + width) {
                    break;
                }
            }
            let (last, bar) = (last?, bar?);
            width *= 2;
            while rest.peek().is_some_and(|next| next.limit_end > bar + width) {
                width *= 2;
            }
            if let Some(nodes) = self.leaves.choose(&at_hand, wanted) {
                return Some((last.max(now + 1), nodes));
            }
        }
        None
    }

    /// Groups of ends are measured from the next bar on the wall clock after the first of them.
    fn next_bar(&self, end: Seconds) -> Seconds {
        end + FIRST_GROUP - (end + self.c.phase.clock).rem_euclid(FIRST_GROUP)
    }
}

/// Takes nodes out of the map from `begin` to `end`, at least one slot.
fn reserve(map: &mut Vec<Slot>, begin: Seconds, end: Seconds, resolution: Seconds, nodes: &NodeSet) {
    let begin = begin.max(map.first().map_or(begin, |s| s.begin));
    let end = end.max(begin + resolution);
    for edge in [begin, end] {
        if let Some(i) = map.iter().position(|s| s.begin < edge && edge < s.end) {
            let tail = Slot { begin: edge, end: map[i].end, open: map[i].open.clone() };
            map[i].end = edge;
            map.insert(i + 1, tail);
        }
    }
    for slot in map.iter_mut().filter(|s| s.begin >= begin && s.end <= end) {
        slot.open.remove(nodes);
    }
}
