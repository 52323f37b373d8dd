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
            Some(s) if queue => {
                let periodic = (self.main_last + s.sched_interval).max(0);
                self.main_due.min(self.backfill_due).min(periodic)
            }
            _ => Seconds::MAX,
        }
    }

    /// Something changed: the main scheduler runs as soon as it may, backfill in its next cycle.
    pub fn wake(&mut self, now: Seconds) {
        let Some(s) = self.settings else { return };
        self.main_due = self.main_due.min(now.max(self.main_last + s.sched_min_interval));
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
        let run = self.main_due <= now || self.main_last + s.sched_interval <= now;
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
