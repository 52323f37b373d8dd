//! Max-min fair rates by progressive filling (Bertsekas and Gallager, Data Networks, 6.5.2).
//!
//! All rates rise together until a resource is full; its strands then keep their rate and the others rise on.
//! The next resource to fill is found by a heap keyed by what is left over the strands that still rise. While
//! rates rise this share only grows, so an outdated key is simply put back.
//!
//! Strands are remembered in the order in which they were fixed. After a departure only those at or above its
//! rate are filled anew, after an arrival those at or above the least equal share on its way: below, filling
//! would run exactly as before. Arithmetic is in whole numbers, so the result is that of filling from scratch,
//! bit by bit. Strict priorities are filled one after another over what is left.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::problem::Problem;
use super::units::WHOLE;

/// Rate of a strand that is rising.
const RISING: u64 = u64::MAX;
/// Rate of a strand that is over.
const OVER: u64 = u64::MAX - 1;

/// The rates of the strands of a problem.
pub(crate) struct Shares {
    rate: Vec<u64>,
    class: Vec<u8>,
    /// Strands by class, in the order in which they were fixed: rates do not fall along a list.
    fixed: Vec<Vec<u32>>,
    left: Vec<u64>,
    rising: Vec<u64>,
    stamp: Vec<u32>,
    epoch: u32,
    /// Users of each resource that are not over yet.
    users: Vec<u32>,
    touched: Vec<u32>,
    heap: Vec<Reverse<(u64, u32)>>,
    /// Strands filled anew with their former rates.
    again: Vec<(u32, u64)>,
    /// Strands fixed, summed over all solves.
    pub(crate) work: u64,
}

/// What is left for each of those that rise.
fn share(left: u64, rising: u64, whole: bool) -> u64 {
    if whole { left / rising } else { (u128::from(left) * u128::from(WHOLE) / u128::from(rising)) as u64 }
}

/// What a strand of a rate takes from a resource that it is on in part.
pub(crate) fn taken(rate: u64, part: u64) -> u64 {
    if part == WHOLE { rate } else { (u128::from(rate) * u128::from(part) / u128::from(WHOLE)) as u64 }
}

impl Shares {
    /// Nobody sends yet.
    pub(crate) fn new(problem: &Problem, class: Vec<u8>) -> Shares {
        let classes = class.iter().max().map_or(1, |c| usize::from(*c) + 1);
        let n = problem.capacity.len();
        Shares {
            rate: vec![0; problem.strands()],
            class,
            fixed: vec![Vec::new(); classes],
            left: problem.capacity.clone(),
            rising: vec![0; n],
            stamp: vec![0; n],
            epoch: 0,
            users: problem.back.windows(2).map(|w| w[1] - w[0]).collect(),
            touched: Vec::new(),
            heap: Vec::new(),
            again: Vec::new(),
            work: 0,
        }
    }

    /// Rate of a strand in quanta; zero before it sends and when it is over.
    pub(crate) fn rate(&self, strand: u32) -> u64 {
        let rate = self.rate[strand as usize];
        if rate >= OVER { 0 } else { rate }
    }

    /// Whether a strand is over.
    pub(crate) fn is_over(&self, strand: u32) -> bool {
        self.rate[strand as usize] == OVER
    }

    /// Class of each strand; empty where all are of one.
    pub(crate) fn classes(&self) -> &[u8] {
        &self.class
    }

    fn class_of(&self, strand: u32) -> usize {
        self.class.get(strand as usize).map_or(0, |c| usize::from(*c))
    }

    /// Strands that send, each once.
    pub(crate) fn sending(&self) -> impl Iterator<Item = u32> + '_ {
        self.fixed.iter().flatten().copied()
    }

    /// Takes leavers out and newcomers in, and finds the new rates. `changed` is called with each strand that
    /// was filled anew, its former rate and its new one; strands may keep their rate.
    pub(crate) fn solve(
        &mut self,
        problem: &mut Problem,
        leaving: &[u32],
        coming: &[u32],
        mut changed: impl FnMut(u32, u64, u64),
    ) {
        let (first, level) = self.level(problem, leaving, coming);
        self.release(problem, first, level);
        for strand in leaving {
            self.rate[*strand as usize] = OVER;
        }
        let again = std::mem::take(&mut self.again);
        for class in first..self.fixed.len() {
            self.touched.clear();
            self.next_epoch();
            for (strand, _) in &again {
                if self.class_of(*strand) == class && self.rate[*strand as usize] != OVER {
                    self.rise(problem, *strand);
                }
            }
            if coming.len() == problem.strands() && problem.parts.is_empty() && self.fixed.len() == 1 {
                self.rise_together(problem);
            } else {
                for strand in coming {
                    if self.class_of(*strand) == class {
                        self.rise(problem, *strand);
                    }
                }
            }
            self.fill(problem, class);
        }
        for (strand, former) in &again {
            let rate = self.rate[*strand as usize];
            if rate != OVER {
                changed(*strand, *former, rate);
            }
        }
        for strand in coming {
            changed(*strand, 0, self.rate[*strand as usize]);
        }
        self.again = again;
        self.again.clear();
    }

    /// A resource's capacity has changed: everything is filled anew.
    pub(crate) fn solve_all(
        &mut self,
        problem: &mut Problem,
        capacity: impl IntoIterator<Item = (u32, u64)>,
        changed: impl FnMut(u32, u64, u64),
    ) {
        for (r, c) in capacity {
            let used = problem.capacity[r as usize] - self.left[r as usize];
            // Everything is released before it is filled, so what is left is whole again by then.
            self.left[r as usize] = c.wrapping_sub(used);
            problem.capacity[r as usize] = c;
        }
        self.release(problem, 0, 0);
        let kept = std::mem::take(&mut self.again);
        let strands: Vec<u32> = kept.iter().map(|(s, _)| *s).collect();
        let former: Vec<u64> = kept.iter().map(|(_, r)| *r).collect();
        self.again = kept;
        self.again.clear();
        let mut changed = changed;
        let mut i = 0;
        self.solve(problem, &[], &strands, |s, _, new| {
            changed(s, former[i], new);
            i += 1;
        });
    }

    /// First class and level from which filling differs.
    fn level(&self, problem: &Problem, leaving: &[u32], coming: &[u32]) -> (usize, u64) {
        let all = leaving.iter().chain(coming);
        let first = all.map(|s| self.class_of(*s)).min().unwrap_or(0);
        let mut level = RISING;
        for s in leaving {
            if self.class_of(*s) == first {
                level = level.min(self.rate[*s as usize]);
            }
        }
        if !coming.is_empty() {
            // Capacities of lower classes are what higher ones leave, which is not kept: start from nothing.
            level = if self.fixed.len() > 1 { 0 } else { level.min(self.least_share(problem, coming)) };
        }
        (first, level)
    }

    /// Lower bound of the share at which a resource on the way of newcomers can fill: capacity over all users.
    fn least_share(&self, problem: &Problem, coming: &[u32]) -> u64 {
        let whole = problem.parts.is_empty();
        let mut least = RISING;
        if self.fixed.iter().all(Vec::is_empty) {
            return 0;
        }
        for s in coming {
            for at in problem.span(*s) {
                let r = problem.resources[at] as usize;
                // Users that are yet to come count too: the bound only gets lower.
                let users = u64::from(self.users[r].max(1)) * if whole { 1 } else { WHOLE };
                least = least.min(share(problem.capacity[r], users, whole));
            }
        }
        least
    }

    /// Takes back the rates at and above a level of a class, and of all later classes.
    fn release(&mut self, problem: &Problem, first: usize, level: u64) {
        self.again.clear();
        for class in first..self.fixed.len() {
            let mut list = std::mem::take(&mut self.fixed[class]);
            let rate = &self.rate;
            let cut = if class == first { list.partition_point(|s| rate[*s as usize] < level) } else { 0 };
            for s in &list[cut..] {
                let rate = self.rate[*s as usize];
                self.again.push((*s, rate));
                for at in problem.span(*s) {
                    let left = &mut self.left[problem.resources[at] as usize];
                    *left = left.wrapping_add(taken(rate, problem.part(at)));
                }
                self.rate[*s as usize] = 0;
            }
            list.truncate(cut);
            self.fixed[class] = list;
        }
    }

    fn next_epoch(&mut self) {
        self.epoch = self.epoch.wrapping_add(1);
        if self.epoch == 0 {
            self.stamp.fill(0);
            self.epoch = 1;
        }
    }

    fn rise(&mut self, problem: &Problem, strand: u32) {
        self.rate[strand as usize] = RISING;
        let whole = problem.parts.is_empty();
        for at in problem.span(strand) {
            let r = problem.resources[at] as usize;
            let part = if whole { 1 } else { problem.part(at) };
            if self.stamp[r] == self.epoch {
                self.rising[r] += part;
            } else {
                self.stamp[r] = self.epoch;
                self.rising[r] = part;
                self.touched.push(r as u32);
            }
        }
    }

    /// Everyone begins at once: those who rise on a resource are its users.
    fn rise_together(&mut self, problem: &Problem) {
        self.rate.fill(RISING);
        for r in 0..problem.capacity.len() {
            self.rising[r] = u64::from(self.users[r]);
            self.stamp[r] = self.epoch;
            if self.users[r] > 0 {
                self.touched.push(r as u32);
            }
        }
    }

    fn fill(&mut self, problem: &mut Problem, class: usize) {
        let whole = problem.parts.is_empty();
        let mut entries = std::mem::take(&mut self.heap);
        entries.clear();
        entries.extend(
            self.touched
                .iter()
                .map(|r| Reverse((share(self.left[*r as usize], self.rising[*r as usize], whole), *r))),
        );
        let mut heap = BinaryHeap::from(entries);
        let mut order = std::mem::take(&mut self.fixed[class]);
        while let Some(mut top) = heap.peek_mut() {
            let Reverse((key, r)) = *top;
            let rising = self.rising[r as usize];
            if rising == 0 {
                std::collections::binary_heap::PeekMut::pop(top);
                continue;
            }
            let now = share(self.left[r as usize], rising, whole);
            if now > key {
                *top = Reverse((now, r));
                continue;
            }
            std::collections::binary_heap::PeekMut::pop(top);
            self.fix(problem, r, key, whole, &mut order);
        }
        self.fixed[class] = order;
        self.heap = heap.into_vec();
    }

    /// A resource is full: those who still rise on it keep this rate.
    fn fix(&mut self, problem: &mut Problem, resource: u32, rate: u64, whole: bool, order: &mut Vec<u32>) {
        let begin = problem.back[resource as usize] as usize;
        let mut i = begin;
        let mut end = begin + self.users[resource as usize] as usize;
        while i < end && self.rising[resource as usize] > 0 {
            let strand = problem.users[i];
            match self.rate[strand as usize] {
                RISING => {
                    self.rate[strand as usize] = rate;
                    order.push(strand);
                    self.work += 1;
                    for at in problem.span(strand) {
                        let r = problem.resources[at] as usize;
                        if whole {
                            self.left[r] -= rate;
                            self.rising[r] -= 1;
                        } else {
                            let part = problem.part(at);
                            self.left[r] -= taken(rate, part).min(self.left[r]);
                            self.rising[r] -= part;
                        }
                    }
                }
                OVER => {
                    end -= 1;
                    problem.users.swap(i, end);
                    self.users[resource as usize] -= 1;
                    continue;
                }
                _ => {}
            }
            i += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn problem(capacity: &[u64], ways: &[Vec<u32>], parts: bool) -> Problem {
        let mut offsets = vec![0];
        let (mut list, mut fractions) = (Vec::new(), Vec::new());
        for way in ways {
            list.extend_from_slice(way);
            fractions.extend(way.iter().map(|r| (WHOLE / u64::from(1 + r % 3)) as u32));
            offsets.push(list.len() as u32);
        }
        Problem::new(capacity.to_vec(), offsets, list, if parts { fractions } else { Vec::new() })
    }

    fn ways() -> impl Strategy<Value = Vec<Vec<u32>>> {
        let way = proptest::collection::btree_set(0u32..8, 1..4).prop_map(|s| s.into_iter().collect());
        proptest::collection::vec(way, 1..24)
    }

    proptest! {
        /// Arrivals and departures one after another give, bit by bit, what filling from scratch gives.
        #[test]
        fn filling_anew_is_filling_from_scratch(
            ways in ways(), capacity in proptest::collection::vec(1u64..1 << 40, 8), parts: bool, two_classes: bool,
            turns in proptest::collection::vec(proptest::collection::vec(0u32..24, 0..6), 1..8),
        ) {
            let n = ways.len() as u32;
            let class = |s: u32| u8::from(two_classes && s.is_multiple_of(3));
            let classes: Vec<u8> = (0..n).map(class).collect();
            let mut kept = problem(&capacity, &ways, parts);
            let mut shares = Shares::new(&kept, classes.clone());
            let mut state = vec![0u8; n as usize];
            for turn in turns {
                let (mut leaving, mut coming) = (Vec::new(), Vec::new());
                for s in turn.into_iter().filter(|s| *s < n) {
                    match state[s as usize] {
                        0 => coming.push(s),
                        1 => leaving.push(s),
                        _ => continue,
                    }
                    // Nobody comes and goes in one turn.
                    state[s as usize] += 10;
                }
                for s in &mut state {
                    *s %= 9;
                }
                leaving.sort_unstable();
                shares.solve(&mut kept, &leaving, &coming, |_, _, _| {});
                let mut fresh = problem(&capacity, &ways, parts);
                let mut scratch = Shares::new(&fresh, classes.clone());
                let sending: Vec<u32> = (0..n).filter(|s| shares.sending().any(|t| t == *s)).collect();
                scratch.solve(&mut fresh, &[], &sending, |_, _, _| {});
                for s in 0..n {
                    prop_assert_eq!(shares.rate(s), scratch.rate(s));
                }
                let list: Vec<u32> = shares.sending().collect();
                let proof = crate::flow::certificate::certify(&kept, &list, |s| shares.rate(s), &classes, None);
                prop_assert!(proof.is_ok(), "{proof:?}");
            }
        }
    }
}
