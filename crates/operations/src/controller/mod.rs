//! Slurm's controller, decision by decision.
//!
//! The simulation of a site counts free nodes, which is fast and enough for months of a large machine. This model instead keeps the map of every single
//! node through the same decisions as `slurmctld` 22.05 takes them, for questions about one cluster over hours: will this job
//! start where and when a real Slurm starts it? What is modelled, as read in Slurm's own documentation and sources (`slurmctld/controller.c`,
//! `sched/backfill`, `select/cons_tres`, `topology/tree`) and in logs of real controllers:
//!
//! - one loop of the controller looks once a second whether jobs have come or gone since; if so, and three seconds have passed since the last time, the
//!   main scheduler walks the queue in its order and ends at the first job that does not fit. It looks at the whole queue every minute;
//! - another loop runs the backfill scheduler: it sleeps for `interval` after a cycle, then looks once a second whether anything has changed. A cycle
//!   builds a map of the future out of its own reservations alone, asks for each job on which nodes and when it could run, and reserves
//!   whole slots of `resolution`;
//! - when it asks for the future, running jobs are taken to end at their limits, in groups of 30 s, 60 s and so on from the first half minute of the
//!   clock after the first end: a start is planned at the end of a group and not of the job that makes room;
//! - when a job ends its nodes are told to clear it away, and are free when all have answered. The thread that waits for the answers sleeps for 5,
//!   10, 20 ms and so on between its looks, and only then asks for a look of the main scheduler;
//! - nodes are taken from the smallest switch that holds the job.
//!
//! The controller writes whole seconds, but its loops stand anywhere within one; so time is counted in milliseconds here.

mod backfill;
mod nodes;
mod rank;
mod select;
mod state;

pub use rank::{Charged, Ranking};
use state::State;

use crate::job::Seconds;
use crate::policy::SlurmSettings;

/// Thousandths of a second.
pub type Millis = i64;

/// Thousandths of a second in one.
const SECOND: Millis = 1000;

/// A gang of whole nodes as a user submits it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gang {
    /// When it is submitted.
    pub submit: Millis,
    /// From its start until the controller hears that it is done.
    pub run: Millis,
    /// How long it asks for.
    pub limit: Seconds,
    /// Nodes.
    pub nodes: u32,
    /// From then until all its nodes have answered that nothing is left and are free again. The main scheduler is asked for a look a little later.
    pub release: Millis,
}

/// A machine under Slurm's controller. Of the settings these count: `bf_interval`, `bf_resolution`, `bf_window`, `bf_max_job_test` and
/// `default_queue_depth`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Controller {
    /// Nodes.
    pub nodes: u32,
    /// Nodes below one leaf switch.
    pub nodes_per_leaf: u32,
    /// The knobs.
    pub settings: SlurmSettings,
    /// Where the loops of the controller stand at the start.
    pub phase: Phase,
    /// Least time from a look of the main scheduler until the next (`batch_sched_delay`).
    pub batch_delay: Seconds,
    /// From one look at the whole queue until the next (`sched_interval`).
    pub sched_interval: Seconds,
    /// From one look of the loop of the main scheduler until the next: it sleeps ten times for a tenth of a second and then works.
    pub tick: Millis,
    /// How long the backfill scheduler thinks about one job, in microseconds for each node of the machine.
    pub thought: i64,
}

/// Where the loops of a controller stand when a workload begins. Nobody sets them: they follow from the moment at which the daemon was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Phase {
    /// Time of day, since slots of `bf_resolution` are cut from midnight.
    pub clock: Seconds,
    /// First look of the loop that starts the main scheduler.
    pub tick: Millis,
    /// First moment at which a backfill cycle may begin; before zero where nothing has asked for one since.
    pub cycle: Millis,
    /// When the main scheduler last looked at the whole queue, zero or before.
    pub sweep: Seconds,
}

impl Controller {
    /// A machine with these settings.
    pub fn new(nodes: u32, nodes_per_leaf: u32, settings: SlurmSettings) -> Controller {
        Controller {
            nodes,
            nodes_per_leaf: nodes_per_leaf.max(1),
            settings,
            phase: Phase::default(),
            batch_delay: 3,
            sched_interval: 60,
            tick: SECOND,
            thought: 0,
        }
    }

    /// When each gang starts, in the order given and in the whole seconds that Slurm writes; gangs must stand in order of submission. A gang larger
    /// than the machine never starts.
    pub fn starts(&self, gangs: &[Gang]) -> Vec<Option<Seconds>> {
        self.starts_by(gangs, None)
    }

    /// The same where gangs wait in another order than that in which they came.
    pub fn starts_by(&self, gangs: &[Gang], ranking: Option<Ranking<'_>>) -> Vec<Option<Seconds>> {
        let mut state = State::new(self, gangs, ranking);
        state.run();
        state.start
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Multifactor;
    use crate::share::{Account, ShareTree};
    use proptest::prelude::*;

    fn gang(submit: Seconds, run: Seconds, limit: Seconds, nodes: u32) -> Gang {
        Gang { submit: submit * SECOND, run: run * SECOND, limit, nodes, release: 0 }
    }

    fn controller(nodes: u32, leaf: u32) -> Controller {
        let mut controller = Controller::new(nodes, leaf, SlurmSettings::default());
        controller.phase.cycle = 30 * SECOND;
        controller
    }

    #[test]
    fn a_job_that_delays_nobody_starts_in_the_next_cycle() {
        // Eight nodes: six busy until 100 (limit 120), the next needs eight, the third fits beside them until then.
        let gangs = [gang(0, 100, 120, 6), gang(1, 50, 60, 8), gang(2, 30, 60, 2), gang(3, 300, 300, 2)];
        let starts = controller(8, 8).starts(&gangs);
        assert_eq!(starts[..3], [Some(0), Some(100), Some(30)], "backfilled at the cycle, not at once");
        // The fourth would delay the second: it comes when that is gone.
        assert_eq!(starts[3], Some(150));
    }

    #[test]
    fn the_main_scheduler_looks_every_third_second_at_most() {
        let gangs = [gang(0, 10, 60, 4), gang(0, 10, 60, 4), gang(5, 10, 60, 8), gang(5, 10, 60, 9)];
        assert_eq!(controller(8, 4).starts(&gangs), [Some(0), Some(0), Some(10), None]);
        // The look at 9 s finds a new job and a full machine; what comes free at 10 s is seen at 12 s.
        let gangs = [gang(0, 10, 60, 8), gang(9, 10, 60, 8)];
        assert_eq!(controller(8, 4).starts(&gangs)[1], Some(12));
        // Within a second the loop stands anywhere: here at its half.
        let mut half = controller(8, 4);
        half.phase.tick = SECOND / 2;
        let gangs = [gang(0, 10, 60, 8), gang(5, 10, 60, 8)];
        assert_eq!(half.starts(&gangs), [Some(0), Some(10)]);
    }

    #[test]
    fn the_end_of_a_gang_asks_for_a_look_once_its_answers_were_seen() {
        let by = |release| {
            let mut late = controller(8, 8);
            late.phase.tick = 100;
            late.starts(&[Gang { release, ..gang(0, 10, 60, 8) }, gang(5, 10, 60, 8)])[1]
        };
        // It starts at 0.1 s. Answered after 70 ms, seen after 75: the look at 11.1 s finds it, as that at 10.1 s came just too soon.
        assert_eq!(by(0), Some(10));
        assert_eq!(by(70), Some(11));
        // Answered after 650 ms, seen after 1,275: the nodes are free at 10.75 s, but nobody asks for the look at 11.1 s.
        assert_eq!(by(650), Some(12));
    }

    #[test]
    fn ends_are_grouped_from_a_half_minute_of_the_clock_on() {
        // Four of twelve nodes are free; the limits of the others end at 100 and at 155 s. The third gang waits for eight.
        let gangs = [gang(0, 95, 100, 4), gang(0, 150, 155, 4), gang(1, 20, 60, 8), gang(2, 10, 120, 2)];
        let by = |clock| {
            let mut shifted = controller(12, 12);
            shifted.phase.clock = clock;
            shifted.starts(&gangs)
        };
        // On the minute the first group reaches from 100 to 150 s: the third is planned at 100 s and the fourth would be in its way.
        assert!(by(0)[3] > Some(95), "{:?}", by(0));
        // 25 s later it reaches to 155 s and holds both ends: time enough for the fourth.
        assert_eq!(by(25)[3], Some(30));
    }

    #[test]
    fn a_cycle_of_the_backfill_is_spent_on_an_empty_queue() {
        // The end at 20 s lets the cycle at 30 s run with nobody waiting; the next may run at 60 s.
        let gangs = [gang(0, 20, 60, 8), gang(40, 60, 180, 6), gang(44, 60, 120, 8), gang(45, 30, 60, 2)];
        assert_eq!(controller(8, 8).starts(&gangs)[3], Some(60));
    }

    #[test]
    fn an_account_that_has_had_less_goes_first_once_priorities_are_worked_out() {
        let account = |name: &str| Account { name: name.into(), parent: None, shares: 1.0 };
        let shares = ShareTree::new(vec![account("a"), account("b")]).expect("tree");
        let rule = Multifactor { calc_period: 60, ..Multifactor::default() };
        // The first account holds the machine; of the two that wait the other account's is the later one.
        let gangs = [gang(0, 80, 120, 8), gang(5, 10, 60, 8), gang(6, 10, 60, 8)];
        let of = [(0, 0.0), (0, 0.0), (1, 0.0)];
        let by = |first, of: &[(u32, f64)]| {
            controller(8, 8).starts_by(
                &gangs,
                Some(Ranking { rule, shares: &shares, of, first, charged: Charged::Always }),
            )
        };
        assert_eq!(by(30 * SECOND, &of), [Some(0), Some(90), Some(80)]);
        // Worked out only after the machine came free: they go as they came.
        assert_eq!(by(500 * SECOND, &of), [Some(0), Some(80), Some(90)]);
        // A better quality of service goes first at once, within one account.
        assert_eq!(by(500 * SECOND, &[(0, 0.0), (0, 0.0), (0, 0.5)]), [Some(0), Some(90), Some(80)]);
    }

    proptest! {
        #[test]
        fn nodes_are_never_given_twice_and_all_jobs_start(
            jobs in proptest::collection::vec((0i64..400, 1i64..120, 1i64..4, 1u32..33), 1..60),
            leaf in 1u32..33,
            tick in 0i64..1000,
            cycle in 0i64..30_000,
        ) {
            let mut gangs: Vec<Gang> = jobs.iter().map(|&(s, r, l, n)| gang(s, r, (l * 60).max(r), n)).collect();
            gangs.sort_by_key(|g| g.submit);
            let mut controller = controller(32, leaf);
            controller.phase = Phase { clock: 7, tick, cycle, sweep: -tick / 20 };
            let starts = controller.starts(&gangs);
            let spans: Vec<(i64, i64, i64)> = gangs
                .iter()
                .zip(&starts)
                // Starts are cut to whole seconds: a job may be seen to start up to one before it did.
                .map(|(g, s)| { let s = s.expect("starts"); (s, s + g.run / SECOND, i64::from(g.nodes)) })
                .collect();
            for (g, s) in gangs.iter().zip(&spans) {
                prop_assert!(s.0 >= g.submit / SECOND);
                let busy: i64 = spans.iter().filter(|o| o.0 <= s.0 && s.0 < o.1).map(|o| o.2).sum();
                prop_assert!(busy <= 32, "{busy} nodes at {}", s.0);
            }
        }
    }
}
