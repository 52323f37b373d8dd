//! A workload with what became of it on a real Slurm, and what the twin makes of it.

use std::collections::BTreeMap;

use gigatwin_operations::SlurmSettings;
use gigatwin_operations::controller::{self, Controller, Course, Gang, Millis, Phase};

use super::accounts::{Accounts, RECKONS_AFTER};
use super::comparison::{Comparison, Kind, turned_pairs};
use super::costs::{Costs, TURN};
use super::rules::Rules;
use crate::report::{mean, quantile, sorted};
use crate::table::{Row, Table, ValidationError};

const REQUIRED: [&str; 13] = [
    "workload",
    "machine_nodes",
    "nodes_per_leaf",
    "load",
    "seed",
    "job",
    "submit_s",
    "nodes",
    "limit_min",
    "sleep_s",
    "run",
    "start_s",
    "end_s",
];

/// What the loops of a controller stand in when a replay begins is known in part: so many places are tried for the rest, evenly.
const PHASES: i64 = 45;
/// Thousandths of a second in one.
const SECOND: Millis = 1000;

/// One run of a workload.
#[derive(Debug, Clone, PartialEq, Default)]
struct Run {
    /// Second of the minute in which it began, where that was written down.
    clock: Option<f64>,
    /// Seconds until the backfill scheduler might begin its next cycle, where that was written down.
    cycle: Option<f64>,
    /// A look of the loop of the main scheduler before it began, and its last look at the whole queue, where those were.
    tick: Option<f64>,
    sweep: Option<f64>,
    /// Mean time from one look of the loop to the next while the run lasted, where the log said.
    turn: Option<f64>,
    /// Seconds until priorities were worked out next, where that was written down.
    reckon: Option<f64>,
    /// Start and end by job, in seconds.
    jobs: BTreeMap<u32, (f64, f64)>,
    /// How often its jobs were stopped, all together.
    stops: usize,
}

impl Run {
    fn turn_of(&self) -> Millis {
        self.turn.map_or(TURN, |seconds| (seconds * SECOND as f64).round() as Millis)
    }
}

/// A workload with what became of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Workload {
    /// Name.
    pub name: String,
    /// Nodes of the machine.
    pub machine: u32,
    /// Nodes below a leaf switch.
    pub leaf: u32,
    /// Offered load.
    pub load: f64,
    /// Seed of the generator.
    pub seed: u32,
    /// Jobs by number: when they were submitted, and the rest. Their run is what they do themselves.
    jobs: BTreeMap<u32, (f64, Gang)>,
    runs: BTreeMap<u32, Run>,
    accounts: Accounts,
    rules: Rules,
}

/// Reads a table of replays.
///
/// # Errors
/// Where the table cannot be read.
pub fn read(csv: &str) -> Result<Vec<Workload>, ValidationError> {
    let table = Table::read(csv, &REQUIRED)?;
    let mut list: Vec<Workload> = Vec::new();
    for row in table.rows() {
        let count = |column| row.count(column)?.ok_or_else(|| row.fault(column, "a whole number"));
        let number = |column| row.number(column)?.ok_or_else(|| row.fault(column, "a number, zero or more"));
        let name = row.text("workload");
        if list.last().is_none_or(|w| w.name != name) && !list.iter().any(|w| w.name == name) {
            list.push(Workload {
                name: name.to_owned(),
                machine: count("machine_nodes")?,
                leaf: count("nodes_per_leaf")?,
                load: number("load")?,
                seed: count("seed")?,
                jobs: BTreeMap::new(),
                runs: BTreeMap::new(),
                accounts: Accounts::default(),
                rules: Rules::default(),
            });
        }
        let (job, times) = (count("job")?, (number("start_s")?, number("end_s")?));
        let gang = Gang {
            submit: 0,
            run: Millis::from(count("sleep_s")?) * SECOND,
            limit: i64::from(count("limit_min")?) * 60,
            nodes: count("nodes")?,
            release: 0,
        };
        if let Some(workload) = list.iter_mut().find(|w| w.name == name) {
            workload.accounts.add(row, job)?;
            workload.rules.add(row, job)?;
            workload.jobs.insert(job, (number("submit_s")?, gang));
            let run = workload.runs.entry(count("run")?).or_default();
            run.clock = seconds(row, "clock_s")?;
            run.cycle = seconds(row, "cycle_s")?;
            run.tick = seconds(row, "tick_s")?;
            run.sweep = seconds(row, "sweep_s")?;
            run.turn = seconds(row, "turn_s")?;
            run.reckon = seconds(row, "reckon_s")?;
            run.stops += row.text("stopped").split(';').filter(|s| !s.is_empty()).count();
            run.jobs.insert(job, times);
        }
    }
    Ok(list)
}

/// Seconds before or after, or nothing where the column or the value is missing.
fn seconds(row: Row<'_>, column: &'static str) -> Result<Option<f64>, ValidationError> {
    let text = row.text(column);
    let number = || {
        let found = text.parse::<f64>().ok().filter(|s| s.is_finite() && s.abs() < 1e9);
        found.ok_or_else(|| row.fault(column, "a number of seconds"))
    };
    (!text.is_empty()).then(number).transpose()
}

fn millis(seconds: f64) -> Millis {
    (seconds * SECOND as f64).round() as Millis
}

/// The `k`th place of the loops of a controller: as written down, else spread evenly over what each may stand in, each in an order of its own.
fn phase(k: i64, run: &Run, turn: Millis) -> Phase {
    let settings = SlurmSettings::default();
    let part = |turn: i64, whole: i64| (k * turn % PHASES) * whole / PHASES;
    Phase {
        clock: run.clock.map_or_else(|| part(4, settings.bf_resolution), |s| s as i64),
        tick: run.tick.map_or_else(|| part(7, SECOND), |s| millis(s).rem_euclid(turn)),
        cycle: match run.cycle {
            // The log has it to the millisecond.
            Some(second) if second.fract() != 0.0 || run.tick.is_some() => millis(second),
            Some(second) if second >= 0.0 => millis(second) + part(2, SECOND),
            // Slurm's statistics know of cycles with jobs alone: the scheduler may be waiting for something to do, or may
            // just have spent a cycle on an empty queue. Each is as good a guess.
            Some(_) if k % 2 == 0 => -SECOND + part(2, SECOND),
            _ => part(1, settings.bf_interval * SECOND),
        },
        sweep: run.sweep.map_or_else(|| -part(11, 60), |s| s.floor() as i64),
    }
}

impl Workload {
    /// Whether its jobs belong to accounts and qualities of service.
    pub fn has_accounts(&self) -> bool {
        self.accounts.any()
    }

    /// What is told apart in it, for tables.
    pub fn kind(&self) -> Kind {
        match (self.rules.stop(), self.rules.parted(), self.has_accounts()) {
            (true, ..) => Kind::Stops,
            (_, true, _) => Kind::Partitions,
            _ if self.rules.chained() => Kind::Chains,
            (.., true) => Kind::Accounts,
            _ => Kind::Plain,
        }
    }

    /// What the twin says of a run, phase by phase.
    fn predict(
        &self,
        run: &Run,
        jobs: &[(u32, f64, Gang)],
        gangs: &[Gang],
        costs: Costs,
    ) -> Vec<Vec<Course>> {
        let rules = self.rules.ordered(jobs.iter().map(|j| j.0));
        let ranks = if self.accounts.any() { self.accounts.ranks(jobs.iter().map(|j| j.0)) } else { None };
        let launch = costs.launch.unwrap_or_else(|| self.launch_of(run));
        let turn = costs.tick.unwrap_or_else(|| run.turn_of()).max(SECOND);
        (0..PHASES)
            .map(|k| {
                let mut controller = Controller::new(self.machine, self.leaf, SlurmSettings::default());
                // So do turns in what they take beyond their sleep of a second: from nothing to twice the mean.
                let turn = SECOND + 2 * (turn - SECOND) * (k * 19 % PHASES) / PHASES;
                controller.phase = phase(k, run, turn);
                controller.tick = turn;
                controller.thought = costs.thought;
                let place = k * 13 % PHASES * SECOND / PHASES;
                let first = run.reckon.map_or(60 * place, |s| millis(s) + RECKONS_AFTER - SECOND / 2 + place);
                let ranking = ranks.as_ref().map(|(shares, of)| self.accounts.ranking(shares, of, first));
                // Launches differ: half to one and a half times their mean.
                let launch = launch / 2 + launch * (k * 17 % PHASES) / PHASES;
                let gangs: Vec<Gang> = gangs
                    .iter()
                    .map(|g| Gang { run: g.run + launch, release: costs.release(g.nodes), ..*g })
                    .collect();
                let (preemption, partitions) = (rules.preemption(), rules.partitions());
                let chains = rules.chains();
                controller.courses(&gangs, &controller::Rules { ranking, preemption, partitions, chains })
            })
            .collect()
    }

    /// Compares. Nothing where a job is larger than the machine, or fewer than two runs are there.
    pub fn compare(&self, costs: Costs) -> Option<Comparison> {
        let jobs = self.in_order();
        let gangs: Vec<Gang> = jobs
            .iter()
            .map(|(_, at, g)| Gang { submit: (at * SECOND as f64).round() as Millis, ..*g })
            .collect();
        let pair = |list: &[f64]| (quantile(list, 0.5), quantile(list, 0.9));
        let own = self.own_differences();
        if own.is_empty() {
            return None;
        }
        // By phase: differences to Slurm of all runs, and mean waits.
        let (mut middle, mut single) = (Vec::new(), vec![Vec::new(); PHASES as usize]);
        let mut waits = vec![Vec::new(); PHASES as usize];
        let (mut turned, mut twin_stops) = (Vec::new(), Vec::new());
        for run in self.runs.values() {
            let courses = self.predict(run, &jobs, &gangs, costs);
            twin_stops.extend(courses.iter().map(|p| p.iter().map(|c| c.vain.len()).sum::<usize>() as f64));
            // Nothing where a job is larger than the machine.
            let starts = |p: &Vec<Course>| p.iter().map(|c| c.start.map(|s| s as f64)).collect();
            let phases: Vec<Vec<f64>> = courses.iter().map(starts).collect::<Option<_>>()?;
            let mut both = Vec::new();
            for (i, (job, ..)) in jobs.iter().enumerate() {
                let Some((start, _)) = run.jobs.get(job) else { continue };
                let twin = quantile(&sorted(phases.iter().map(|p| p[i])), 0.5);
                both.push((*start, twin));
                middle.push((start - twin).abs());
                single.iter_mut().zip(&phases).for_each(|(list, p)| list.push((start - p[i]).abs()));
            }
            turned.push(turned_pairs(&both));
            for (list, p) in waits.iter_mut().zip(&phases) {
                list.push(mean(p.iter().zip(&jobs).map(|(s, j)| s - j.1)));
            }
        }
        let single: Vec<(f64, f64)> =
            single.into_iter().map(|list| pair(&sorted(list.into_iter()))).collect();
        let ends = |list: Vec<f64>| (quantile(&list, 0.1), quantile(&list, 0.9));
        let waits = sorted(waits.into_iter().map(|list| mean(list.into_iter())));
        Some(Comparison {
            spread: pair(&own),
            twin: pair(&sorted(middle.into_iter())),
            band: [ends(sorted(single.iter().map(|s| s.0))), ends(sorted(single.iter().map(|s| s.1)))],
            wait: mean(self.runs.values().map(|run| self.wait(run))),
            twin_wait: (mean(waits.iter().copied()), quantile(&waits, 0.1), quantile(&waits, 0.9)),
            turned: (self.own_turned(), mean(turned.into_iter())),
            stops: {
                let of = || self.runs.values().map(|run| run.stops);
                (mean(of().map(|n| n as f64)), of().min().unwrap_or(0), of().max().unwrap_or(0))
            },
            twin_stops: mean(twin_stops.into_iter()),
        })
    }

    /// Mean wait of a run.
    fn wait(&self, run: &Run) -> f64 {
        mean(run.jobs.iter().filter_map(|(job, times)| Some(times.0 - self.jobs.get(job)?.0)))
    }

    /// By how much the jobs of a run lasted longer than what they did themselves, on average. A job whose end was lost on the way lasts for a
    /// minute and more: those are no launches.
    fn launch_of(&self, run: &Run) -> Millis {
        let longer = run.jobs.iter().filter_map(|(job, (start, end))| {
            Some(end - start - (self.jobs.get(job)?.1.run / SECOND) as f64)
        });
        (mean(longer.filter(|s| s.abs() <= 5.0)) * SECOND as f64).max(0.0).round() as Millis
    }

    /// The same over all runs.
    pub fn launch(&self) -> Millis {
        mean(self.runs.values().map(|run| self.launch_of(run) as f64)).round() as Millis
    }

    /// From one look of the loop of the main scheduler until the next, over all runs.
    pub fn turn(&self) -> Millis {
        mean(self.runs.values().map(|run| run.turn_of() as f64)).round() as Millis
    }

    /// Number, time of submission and the rest of each job, as they were submitted.
    fn in_order(&self) -> Vec<(u32, f64, Gang)> {
        let mut jobs: Vec<(u32, f64, Gang)> = self.jobs.iter().map(|(k, (at, g))| (*k, *at, *g)).collect();
        jobs.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
        jobs
    }

    /// Starts of each job in any two runs that both have it.
    fn pairs_of_runs(&self) -> Vec<Vec<(f64, f64)>> {
        let runs: Vec<_> = self.runs.values().collect();
        let pairs = (0..runs.len()).flat_map(|a| (a + 1..runs.len()).map(move |b| (a, b)));
        pairs
            .map(|(a, b)| {
                let other = |job| runs[b].jobs.get(job).map(|times| times.0);
                runs[a].jobs.iter().filter_map(|(job, times)| Some((times.0, other(job)?))).collect()
            })
            .collect()
    }

    /// Absolute differences of a job's starts between any two runs.
    fn own_differences(&self) -> Vec<f64> {
        sorted(self.pairs_of_runs().into_iter().flatten().map(|(a, b)| (a - b).abs()))
    }

    /// Part of the pairs of jobs that one run starts in another order than another run.
    fn own_turned(&self) -> f64 {
        mean(self.pairs_of_runs().iter().map(|both| turned_pairs(both)))
    }
}
