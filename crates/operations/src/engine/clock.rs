use crate::job::Seconds;
use crate::policy::{Policy, SlurmSettings};

/// When Slurm's two schedulers run next.
#[derive(Debug)]
pub(super) struct SlurmClock {
    settings: Option<SlurmSettings>,
    main_due: Seconds,
    main_last: Seconds,
    backfill_due: Seconds,
    backfill_last: Seconds,
}

impl SlurmClock {
    pub fn new(policy: &Policy) -> Self {
        let settings = match policy {
            Policy::Slurm(s) => Some(*s),
            _ => None,
        };
        let phase = settings.map_or(0, |s| s.bf_phase - s.bf_interval);
        Self {
            settings,
            main_due: Seconds::MAX,
            main_last: Seconds::MIN / 2,
            backfill_due: Seconds::MAX,
            backfill_last: phase,
        }
    }

    /// Next run of either; never for other policies.
    pub fn due(&self, queue: bool) -> Seconds {
        match self.settings {
            Some(_) if queue => self.main_due.min(self.backfill_due),
            _ => Seconds::MAX,
        }
    }

    /// Something changed: the main scheduler runs as soon as it may, backfill in its next cycle. `waiting`: were there jobs before?
    pub fn wake(&mut self, now: Seconds, waiting: bool) {
        let Some(s) = self.settings else { return };
        if waiting && self.main_due == Seconds::MAX && self.main_last >= 0 {
            // The runs every `sched_interval` that met nothing new did nothing, but from the last of them on the pause counts.
            let runs = (now - 1 - self.main_last).max(0) / s.sched_interval;
            self.main_last += runs * s.sched_interval;
        }
        // A run by the interval may come before the pause is over.
        let pause = s.sched_min_interval.min(s.sched_interval);
        self.main_due = self.main_due.min(now.max(self.main_last + pause));
        // A cycle that passed over an empty queue is gone.
        if self.backfill_due == Seconds::MAX || self.backfill_due < now {
            let since = (now - self.backfill_last).max(1);
            let cycles = (since + s.bf_interval - 1) / s.bf_interval;
            self.backfill_due = self.backfill_last + cycles * s.bf_interval;
        }
    }

    /// Does the main scheduler run now?
    pub fn main(&mut self, now: Seconds) -> bool {
        let Some(s) = self.settings else { return false };
        let mut run = self.main_due <= now;
        if !run && self.main_due == Seconds::MAX && self.main_last >= 0 {
            // On its interval it runs; between two of them the last one counts as made.
            let since = now - self.main_last;
            run = since >= s.sched_interval && since % s.sched_interval == 0;
            self.main_last += since / s.sched_interval * s.sched_interval;
        }
        if run {
            self.main_due = Seconds::MAX;
            self.main_last = now;
        }
        run
    }

    /// Does a backfill cycle run now?
    pub fn backfill(&mut self, now: Seconds) -> bool {
        let run = self.backfill_due <= now;
        if run {
            self.backfill_due = Seconds::MAX;
            self.backfill_last = now;
        }
        run
    }
}
