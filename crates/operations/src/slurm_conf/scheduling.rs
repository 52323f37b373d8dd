//! `SchedulerType`, `SchedulerParameters` and the `Priority…` keys.

use crate::policy::{FairShareRule, Multifactor, SlurmSettings};
use crate::trace::time::span;

/// What the file says about the order of jobs.
pub(super) struct Rules {
    builtin: bool,
    scheduler: SlurmSettings,
    multifactor: Option<bool>,
    weights: Multifactor,
    without_counterpart: Vec<String>,
    favor_small: bool,
}

impl Default for Rules {
    /// As Slurm ships it: backfill over 500 jobs and one day, all weights zero.
    fn default() -> Self {
        Self {
            builtin: false,
            scheduler: SlurmSettings {
                bf_max_job_test: 500,
                bf_window: 86_400,
                sched_min_interval: 0,
                ..SlurmSettings::default()
            },
            multifactor: None,
            weights: Multifactor { age: 0.0, size: 0.0, qos: 0.0, fair_share: 0.0, ..Multifactor::default() },
            without_counterpart: Vec::new(),
            favor_small: false,
        }
    }
}

fn whole(key: &str, value: &str, low: i64, high: i64) -> Result<i64, String> {
    match value.parse::<i64>() {
        Ok(n) if (low..=high).contains(&n) => Ok(n),
        Ok(n) => Err(format!("{key}={n} is outside {low} to {high}")),
        Err(_) => Err(format!("{key}={} is no whole number", value.chars().take(40).collect::<String>())),
    }
}

fn time(key: &str, value: &str) -> Result<i64, String> {
    span(value)
        .filter(|s| *s >= 0)
        .ok_or_else(|| format!("{key}={} is no time", value.chars().take(40).collect::<String>()))
}

impl Rules {
    /// Takes a key in small letters; says what is wrong with it. Unknown keys are passed over.
    pub fn take(&mut self, key: &str, value: &str) -> Vec<String> {
        if key == "schedulerparameters" {
            return value.split(',').filter_map(|p| self.parameter(p.trim()).err()).collect();
        }
        self.key(key, value).err().into_iter().collect()
    }

    fn key(&mut self, key: &str, value: &str) -> Result<(), String> {
        let low = value.to_ascii_lowercase();
        let weight = |key: &str| whole(key, value, 0, i64::from(u32::MAX)).map(|n| n as f64);
        match key {
            "schedulertype" => match low.trim_start_matches("sched/") {
                "backfill" => self.builtin = false,
                "builtin" => self.builtin = true,
                _ => {
                    return Err(format!("SchedulerType={value} is neither sched/backfill nor sched/builtin"));
                }
            },
            "prioritytype" => match low.trim_start_matches("priority/") {
                "multifactor" => self.multifactor = Some(true),
                "basic" => self.multifactor = Some(false),
                _ => {
                    return Err(format!(
                        "PriorityType={value} is neither priority/multifactor nor priority/basic"
                    ));
                }
            },
            "priorityweightage" => self.weights.age = weight("PriorityWeightAge")?,
            "priorityweightfairshare" => self.weights.fair_share = weight("PriorityWeightFairshare")?,
            "priorityweightjobsize" => self.weights.size = weight("PriorityWeightJobSize")?,
            "priorityweightqos" => self.weights.qos = weight("PriorityWeightQOS")?,
            "priorityweightpartition" | "priorityweightassoc" if weight(key)? > 0.0 => {
                self.without_counterpart.push(key.replace("priorityweight", "the priority weight of the "));
            }
            "priorityweighttres" if !value.is_empty() => {
                self.without_counterpart.push("PriorityWeightTRES".to_owned());
            }
            "prioritydecayhalflife" => self.weights.half_life = time("PriorityDecayHalfLife", value)?,
            "prioritycalcperiod" => self.weights.calc_period = time("PriorityCalcPeriod", value)?.max(1),
            "prioritymaxage" => self.weights.max_age = time("PriorityMaxAge", value)?.max(1),
            "priorityfavorsmall" => self.favor_small = low == "yes",
            "priorityflags" if low.split(',').any(|f| f.trim() == "no_fair_tree") => {
                self.weights.rule = FairShareRule::Classic;
            }
            _ => {}
        }
        Ok(())
    }

    fn parameter(&mut self, parameter: &str) -> Result<(), String> {
        const DAY: i64 = 86_400;
        let Some((key, value)) = parameter.split_once('=') else {
            return Ok(());
        };
        let s = &mut self.scheduler;
        match key.trim().to_ascii_lowercase().as_str() {
            "bf_max_job_test" => {
                s.bf_max_job_test = usize::try_from(whole(key, value, 1, 1_000_000)?).unwrap_or(usize::MAX);
            }
            "bf_window" => s.bf_window = whole(key, value, 1, 43_200)? * 60,
            "bf_resolution" => s.bf_resolution = whole(key, value, 1, 3_600)?,
            "bf_interval" => match whole(key, value, -1, 10_800)? {
                -1 => return Err("bf_interval=-1 turns backfill off: use SchedulerType=sched/builtin".into()),
                n => s.bf_interval = n.max(1),
            },
            "default_queue_depth" => {
                s.default_queue_depth =
                    usize::try_from(whole(key, value, 0, 1_000_000)?).unwrap_or(usize::MAX);
            }
            // Zero would leave the main scheduler to events alone.
            "sched_interval" => match whole(key, value, -1, DAY)? {
                n if n < 1 => {
                    return Err(format!("sched_interval={n} turns the main scheduler's own runs off"));
                }
                n => s.sched_interval = n,
            },
            // In microseconds; the simulation counts whole seconds.
            "sched_min_interval" => {
                s.sched_min_interval = (whole(key, value, 0, DAY * 1_000_000)? + 500_000) / 1_000_000;
            }
            _ => {}
        }
        Ok(())
    }

    /// Builtin?, the scheduler, and the priority where there is one.
    pub fn close(mut self, notes: &mut Vec<String>) -> (bool, SlurmSettings, Option<Multifactor>) {
        let w = &mut self.weights;
        let any = w.age + w.size + w.qos + w.fair_share > 0.0;
        // Releases differ in the default of PriorityType; without weights both wait in the order of submission.
        let multifactor = self.multifactor.unwrap_or(any) && any;
        if multifactor {
            if self.favor_small && w.size > 0.0 {
                w.size = 0.0;
                self.without_counterpart.push("PriorityFavorSmall".to_owned());
            }
            for what in &self.without_counterpart {
                notes.push(format!("{what} has no counterpart in the simulation"));
            }
        }
        (self.builtin, self.scheduler, multifactor.then_some(self.weights))
    }
}
