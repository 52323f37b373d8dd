//! Events of strands that share resources: arrivals, ends, links that stall.

use super::certificate::{Bottleneck, Certificate, NotFair, certify};
use super::clock::Clock;
use super::fill::Shares;
use super::problem::Problem;

/// Ends within this part of the time so far are taken together.
const TOGETHER: f64 = 1e-9;

/// Strands with what they have to do.
pub(crate) struct Component {
    pub problem: Problem,
    /// Work in quanta × picoseconds; infinite for background.
    pub work: Vec<f64>,
    /// Beginning of each strand, picoseconds.
    pub start: Vec<u64>,
    /// Priority; empty where all are of one class.
    pub class: Vec<u8>,
    /// Numbers of the resources in the router's counting; empty where they are the same.
    pub names: Vec<u32>,
    /// Resources without capacity between two times: (from, to, resource).
    pub stalls: Vec<(u64, u64, u32)>,
}

/// How strands fared.
#[derive(Default)]
pub(crate) struct Course {
    /// End of each strand, picoseconds; `u64::MAX` where it does not end.
    pub end: Vec<u64>,
    /// Work left of each strand; empty where all have ended.
    pub left: Vec<f64>,
    pub counts: Counts,
    pub certificate: Certificate,
    /// What was proven where, by the router's resources.
    pub bottlenecks: Vec<Bottleneck>,
}

/// Solves are printed until there are so many lines.
const MOST_PRINTED: usize = 100_000;

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Points in time at which rates changed.
    pub events: u64,
    /// Rates found, summed over all solves.
    pub rates: u64,
}

impl Counts {
    /// Both together.
    #[must_use]
    pub fn and(self, other: Counts) -> Counts {
        Counts { events: self.events + other.events, rates: self.rates + other.rates }
    }
}

struct Events<'a> {
    component: &'a Component,
    /// Strands by beginning.
    queue: Vec<u32>,
    next: usize,
    /// Times at which capacities change.
    turns: Vec<u64>,
    turn: usize,
}

impl Events<'_> {
    fn arrival(&self) -> Option<u64> {
        self.queue.get(self.next).map(|s| self.component.start[*s as usize])
    }

    fn arrivals(&mut self, now: u64) -> std::ops::Range<usize> {
        let from = self.next;
        while self.arrival().is_some_and(|t| t <= now) {
            self.next += 1;
        }
        from..self.next
    }
}

/// Runs until everything finite is over, or until a time.
pub(crate) fn run(
    mut component: Component,
    until: u64,
    certificate: bool,
    print: bool,
) -> Result<Course, NotFair> {
    let n = component.problem.strands();
    let mut course = Course { end: vec![u64::MAX; n], ..Course::default() };
    let mut problem = std::mem::take(&mut component.problem);
    let mut finite = component.work.iter().filter(|w| w.is_finite()).count();
    let mut clock = Clock::new(std::mem::take(&mut component.work));
    let mut shares = Shares::new(&problem, std::mem::take(&mut component.class));
    let class: Vec<u8> = if certificate { shares.classes().to_vec() } else { Vec::new() };
    let mut queue: Vec<u32> = (0..n as u32).collect();
    if component.start.windows(2).any(|w| w[0] > w[1]) {
        queue.sort_by_key(|s| component.start[*s as usize]);
    }
    let mut turns: Vec<u64> = component.stalls.iter().flat_map(|s| [s.0, s.1]).collect();
    turns.sort_unstable();
    turns.dedup();
    let capacity: Vec<u64> = component.stalls.iter().map(|s| problem.capacity[s.2 as usize]).collect();
    let mut events = Events { component: &component, queue, next: 0, turns, turn: 0 };
    let mut leaving: Vec<u32> = Vec::new();
    let mut now = 0u64;
    while finite > 0 {
        let end = clock.next();
        let turn = events.turns.get(events.turn).copied();
        let next = [events.arrival(), turn].into_iter().flatten().fold(ceil(end), u64::min).max(now);
        if next >= until {
            now = until;
            break;
        }
        now = next;
        leaving.clear();
        clock.until(now as f64 * (1.0 + TOGETHER), &mut leaving);
        for s in &leaving {
            course.end[*s as usize] = ceil(clock.end(*s));
        }
        finite -= leaving.len();
        if finite == 0 {
            // Nobody is left to share with: there are no rates to find.
            course.counts.events += 1;
            break;
        }
        let coming = events.arrivals(now);
        let coming = &events.queue[coming];
        if !leaving.is_empty() || !coming.is_empty() {
            course.counts.events += 1;
            shares
                .solve(&mut problem, &leaving, coming, |s, former, rate| clock.change(s, now, former, rate));
        }
        if turn == Some(now) {
            events.turn += 1;
            course.counts.events += 1;
            let stalled = |t: u64, r: u32| component.stalls.iter().any(|s| s.2 == r && s.0 <= t && t < s.1);
            let turned: Vec<(u32, u64)> = component
                .stalls
                .iter()
                .zip(&capacity)
                .map(|(s, c)| (s.2, if stalled(now, s.2) { 0 } else { *c }))
                .collect();
            shares.solve_all(&mut problem, turned, |s, former, rate| clock.change(s, now, former, rate));
        }
        if certificate {
            let sending: Vec<u32> = shares.sending().collect();
            let room = print && course.bottlenecks.len() < MOST_PRINTED;
            let print = room.then_some((now, &mut course.bottlenecks));
            let proof = certify(&problem, &sending, |s| shares.rate(s), &class, print)?;
            course.certificate = course.certificate.and(proof);
        }
    }
    if finite > 0 {
        course.left = (0..n as u32)
            .map(|s| if shares.is_over(s) { 0.0 } else { clock.left(s, now, shares.rate(s)) })
            .collect();
    }
    course.counts.rates = shares.work;
    for b in &mut course.bottlenecks {
        b.resource = component.names.get(b.resource as usize).copied().unwrap_or(b.resource);
    }
    Ok(course)
}

fn ceil(time: f64) -> u64 {
    // Infinite becomes the largest number.
    time.ceil() as u64
}
