//! Where the loops of a controller stand, out of its own log.

use gigatwin_operations::SlurmSettings;

use super::replay::seconds;

/// Where the loops of a controller stood when a replay began, in seconds from its start; nothing where the log has no trace of one.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Loops {
    /// When the backfill scheduler may begin its next cycle; below zero where it might have and found nothing to do.
    pub cycle: Option<f64>,
    /// A look of the loop of the main scheduler, the last before.
    pub tick: Option<f64>,
    /// Its last look at the whole queue.
    pub sweep: Option<f64>,
    /// From one look of that loop until the next while the replay lasted, on average.
    pub turn: Option<f64>,
}

/// Looks further apart do not say how many turns lie between.
const NEAR: f64 = 6.5;
/// The backfill scheduler looks every second whether there is something to do; the controller takes a while to note a job.
const AT_ONCE: f64 = 1.5;

impl Loops {
    /// Of a log that holds a replay from `epoch` (seconds since 1970) on: its first job was submitted `first` seconds later and its last ended after `last`.
    pub(super) fn read(log: &str, epoch: i64, first: f64, last: f64) -> Loops {
        let settings = SlurmSettings::default();
        let (interval, sched_interval) = (settings.bf_interval as f64, 60.0);
        let mut loops = Loops::default();
        let (mut later_cycle, mut later_sweep) = (None, None);
        let mut looks = Vec::new();
        for line in log.lines() {
            let Some((at, said)) = line.strip_prefix('[').and_then(|l| l.split_once(']')) else { continue };
            let Some(at) = moment(at).map(|(s, part)| (s - epoch) as f64 + part) else { continue };
            if said.contains("_attempt_backfill: beginning") {
                if at < 0.0 {
                    loops.cycle = Some(at + interval);
                } else {
                    later_cycle = later_cycle.or(Some(at));
                }
            }
            if said.contains("Running job scheduler") {
                let full = said.contains("full queue");
                if at < 0.0 {
                    loops.tick = Some(at);
                    loops.sweep = if full { Some(at) } else { loops.sweep };
                } else {
                    later_sweep = later_sweep.or(full.then_some(at));
                    looks.extend((at <= last).then_some(at));
                }
            }
        }
        // A young cluster has spent its last cycle before it was told to log them. The first one after says where the loop stood: where it came
        // only a while after there was something to do, the loop slept until then, else it was waiting for that.
        loops.cycle = loops.cycle.or_else(|| {
            later_cycle.map(|at: f64| if at > first + AT_ONCE { at } else { at - at.floor() - 1.0 })
        });
        loops.sweep = loops.sweep.or_else(|| later_sweep.map(|at: f64| at - sched_interval));
        let gaps = looks.windows(2).map(|w| w[1] - w[0]).filter(|gap| *gap < NEAR && *gap > 0.5);
        let (time, turns) = gaps.fold((0.0, 0.0), |(time, turns), gap| (time + gap, turns + gap.round()));
        loops.turn = (turns > 0.0).then(|| time / turns);
        loops
    }

    pub(super) fn columns(&self) -> String {
        [self.cycle, self.tick, self.sweep, self.turn]
            .map(|v| v.map_or_else(String::new, |v| format!("{v:.3}")))
            .join(",")
    }
}

/// Whole seconds since 1970 and the part of one, of a time in the log.
fn moment(text: &str) -> Option<(i64, f64)> {
    let (whole, part) = text.split_once('.')?;
    Some((seconds(whole)?, format!("0.{part}").parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::Loops;

    const LOG: &str = "[2026-11-26T19:47:20.250] debug:  sched: Running job scheduler for full queue.
[2026-11-26T19:47:29.500] sched/backfill: _attempt_backfill: beginning
[2026-11-26T19:47:47.750] debug:  sched: Running job scheduler for default depth.
a line of another program
[2026-11-26T19:47:59.500] sched/backfill: _attempt_backfill: beginning
[2026-11-26T19:48:00.750] debug:  sched: Running job scheduler for default depth.
[2026-11-26T19:48:03.780] debug:  sched: Running job scheduler for default depth.
[2026-11-26T19:48:20.800] debug:  sched: Running job scheduler for full queue.
";

    #[test]
    fn the_log_says_where_the_loops_stood() {
        let loops = Loops::read(LOG, 1_795_722_469, 3.0, 60.0);
        assert_eq!(loops.columns(), "10.500,-1.250,-28.750,1.010");
        assert_eq!(Loops::read("", 0, 3.0, 60.0).columns(), ",,,");
    }

    #[test]
    fn the_first_cycle_says_where_the_loop_of_a_young_cluster_stood() {
        let young = &LOG[LOG.find("a line").unwrap_or(0)..];
        // The first job came seven seconds before the cycle: the loop slept until then. Or it came just before: the loop waited for it.
        assert_eq!(Loops::read(young, 1_795_722_469, 3.0, 60.0).columns(), "10.500,,-28.200,1.010");
        assert_eq!(Loops::read(young, 1_795_722_469, 9.2, 60.0).columns(), "-0.500,,-28.200,1.010");
    }
}
