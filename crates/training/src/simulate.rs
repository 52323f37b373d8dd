//! The same run, event by event: an oracle for the closed form, and a distribution of its length.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use gigatwin_quantity::{Share, Time};

use crate::goodput::{GoodputError, GoodputInputs};

/// One simulated run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Simulated {
    /// Wall time.
    pub wall: Time,
    /// Share of it that became training.
    pub ettr: Share,
    /// Interruptions.
    pub failures: u64,
}

/// SplitMix64 (Steele, Lea, Flood 2014): a stream that is the same on every machine.
struct Stream(u64);

impl Stream {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        ((z >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    fn exponential(&mut self, rate: f64) -> f64 {
        if rate > 0.0 { -self.next().ln() / rate } else { f64::INFINITY }
    }
}

/// Instants in whole nanoseconds, so that they are ordered.
fn instant(seconds: f64) -> u64 {
    (seconds * 1e9) as u64
}

/// State of a run in play.
struct Run<'a> {
    inputs: &'a GoodputInputs,
    intervals: Vec<f64>,
    stream: Stream,
    now: f64,
    /// Training safely or unsafely done.
    done: f64,
    /// Per tier: training at which the last complete checkpoint was taken, the one in the air (training, when it is safe), and training
    /// at which the next is due.
    safe: Vec<f64>,
    flying: Vec<Option<(f64, f64)>>,
    due: Vec<f64>,
    spares: u32,
    /// When lost nodes come back.
    away: BinaryHeap<Reverse<u64>>,
    slow_until: Vec<f64>,
    failures: u64,
    /// Instants of the next failure and of the next node that turns slow.
    failure: f64,
    slow: f64,
    /// Their rates.
    all: f64,
    slow_rate: f64,
}

/// Plays a run of so much training time at the given intervals. The same seed gives the same bits.
///
/// # Errors
/// [`GoodputError`] where a number is out of its domain or the run would never end.
pub fn simulate(
    inputs: &GoodputInputs,
    intervals: &[Time],
    training: Time,
    seed: u64,
) -> Result<Simulated, GoodputError> {
    inputs.check()?;
    if intervals.len() != inputs.tiers.len() {
        return Err(GoodputError::Invalid("one interval per tier is wanted"));
    }
    let intervals: Vec<f64> = intervals.iter().map(|t| t.s()).collect();
    let nodes = f64::from(inputs.nodes);
    let mut run = Run {
        failure: 0.0,
        slow: 0.0,
        all: inputs.components.iter().map(|c| nodes * c.rate.per_s()).sum(),
        slow_rate: nodes * inputs.straggler.rate.per_s(),
        inputs,
        stream: Stream(seed),
        now: 0.0,
        done: 0.0,
        safe: vec![0.0; intervals.len()],
        flying: vec![None; intervals.len()],
        due: intervals.clone(),
        spares: inputs.spares,
        away: BinaryHeap::new(),
        slow_until: Vec::new(),
        failures: 0,
        intervals,
    };
    let target = training.s();
    // Far beyond any run worth making.
    let give_up = target * 1e3 + 1e6;
    run.play(target, give_up)?;
    Ok(Simulated {
        wall: Time::from_s(run.now),
        ettr: Share::from_fraction(target / run.now),
        failures: run.failures,
    })
}

impl Run<'_> {
    fn play(&mut self, target: f64, give_up: f64) -> Result<(), GoodputError> {
        self.draw();
        while self.done < target {
            if self.now > give_up {
                return Err(GoodputError::NoProgress {
                    nodes: self.inputs.nodes,
                    mtbf: Time::from_s(1.0 / self.all),
                    lost: Time::from_s(self.now / self.failures.max(1) as f64),
                });
            }
            self.slow_until.sort_by(f64::total_cmp);
            let found = self.slow_until.first().copied().unwrap_or(f64::INFINITY);
            let (tier, due) = self
                .due
                .iter()
                .copied()
                .enumerate()
                .fold((0, f64::INFINITY), |m, (i, d)| if d < m.1 { (i, d) } else { m });
            let pace = 1.0 + self.inputs.straggler.slowdown.fraction() * self.slow_until.len() as f64;
            let next_stop = due.min(target);
            let until = self.now + (next_stop - self.done).max(0.0) * pace;
            let first = until.min(self.failure).min(self.slow).min(found);
            // Where training is what comes next, its end is met exactly.
            let reached = until <= first;
            self.done = if reached { next_stop } else { self.done + (first - self.now) / pace };
            self.now = first;
            if self.failure <= first {
                self.fail();
            } else if self.slow <= first {
                self.slow_until.push(self.now + self.inputs.straggler.detection.s());
                self.slow = self.now + self.stream.exponential(self.slow_rate);
            } else if found <= first {
                self.swap();
            } else if reached && due <= next_stop {
                self.save(tier);
                // A failure inside the stall takes the checkpoint with it.
                let end = self.now + self.inputs.tiers[tier].stall.s();
                if self.failure < end {
                    self.now = self.failure;
                    self.flying[tier] = None;
                    self.fail();
                } else {
                    self.now = end;
                }
            }
        }
        Ok(())
    }

    /// The next failure and the next slow node from now on: the exponential has no memory.
    fn draw(&mut self) {
        self.failure = self.now + self.stream.exponential(self.all);
        self.slow = self.now + self.stream.exponential(self.slow_rate);
        // What was slow and would have been found by now was, while the job stood still.
        let now = self.now;
        self.slow_until.retain(|t| *t > now);
    }

    /// Takes a checkpoint: what flies and is safe by now is kept.
    fn save(&mut self, tier: usize) {
        self.settle();
        self.flying[tier] = Some((self.done, self.now + self.inputs.tiers[tier].save.s()));
        self.due[tier] = self.done + self.intervals[tier];
    }

    fn settle(&mut self) {
        for (safe, flying) in self.safe.iter_mut().zip(&mut self.flying) {
            if let Some((done, when)) = *flying
                && when <= self.now
            {
                *safe = done;
                *flying = None;
            }
        }
    }

    fn fail(&mut self) {
        self.settle();
        self.failures += 1;
        let nodes = f64::from(self.inputs.nodes);
        let mut pick = self.stream.next() * self.all;
        let mut hit = self.inputs.components.len() - 1;
        for (i, c) in self.inputs.components.iter().enumerate() {
            pick -= nodes * c.rate.per_s();
            if pick <= 0.0 {
                hit = i;
                break;
            }
        }
        let c = &self.inputs.components[hit];
        let tier = self.inputs.restored_from(c.loses_node, &self.intervals);
        let down = c.detection.s() + self.inputs.restart.s() + self.inputs.tiers[tier].load.s();
        // The restored state is the newest that survives.
        self.done = self.safe[tier];
        for t in 0..self.safe.len() {
            // An upload goes on where the hosts live on.
            if c.loses_node || self.flying[t].is_some_and(|f| f.0 > self.done) {
                self.flying[t] = None;
            }
            self.safe[t] = self.safe[t].min(self.done);
            let last = self.flying[t].map_or(self.safe[t], |f| f.0);
            self.due[t] = (last + self.intervals[t]).max(self.done);
        }
        if c.loses_node {
            self.lose_node();
        }
        // Failures during the restart start it again.
        let mut left = down;
        loop {
            let again = self.stream.exponential(self.all);
            if again >= left {
                self.now += left;
                break;
            }
            self.now += again;
            left = down;
        }
        self.draw();
    }

    /// A node goes to repair; where no spare is left the job waits for the first that comes back.
    fn lose_node(&mut self) {
        while let Some(Reverse(back)) = self.away.peek().copied()
            && back <= instant(self.now)
        {
            self.away.pop();
            self.spares += 1;
        }
        let repair = self.inputs.repair.s();
        let back = self.now + self.stream.exponential(1.0 / repair.max(1e-9));
        self.away.push(Reverse(instant(back)));
        if self.spares > 0 {
            self.spares -= 1;
        } else if let Some(Reverse(first)) = self.away.pop() {
            self.now = self.now.max(first as f64 * 1e-9);
        }
    }

    /// A slow node is found: checkpoint, swap, restart.
    fn swap(&mut self) {
        self.slow_until.remove(0);
        let cost = self.inputs.tiers.iter().map(|t| t.stall.s() + t.load.s()).fold(f64::INFINITY, f64::min);
        self.lose_node();
        self.now += self.inputs.restart.s() + cost;
        self.draw();
    }
}
