//! What accelerators are used for: each partition's hours of the day by use, the states they are in, and the year's hours, energy and
//! money of each use. All uses together are the site: every accelerator of every hour is in exactly one.

use gigatwin_facility::StateMix;
use gigatwin_operations::HOURS_PER_YEAR;
use gigatwin_quantity::Share;

use super::Physical;
use super::machine::power;
use super::sheet::Sheet;
use crate::inputs::Values;
use crate::resolved::Factory;

/// The uses, in the order of [`Used`].
pub(crate) const USES: [&str; 6] = ["training", "serving", "loading", "development", "tuning", "batch"];

/// Accelerators of one use in one hour, and how many of them are in each state.
#[derive(Debug, Clone, Copy, Default)]
struct Used {
    accelerators: f64,
    prefill: f64,
    decode: f64,
    compute: f64,
    communicate: f64,
}

impl Used {
    fn add(&mut self, other: &Used) {
        self.accelerators += other.accelerators;
        self.prefill += other.prefill;
        self.decode += other.decode;
        self.compute += other.compute;
        self.communicate += other.communicate;
    }

    /// Shares of time in each state.
    fn mix(&self) -> StateMix {
        let n = self.accelerators.max(f64::MIN_POSITIVE);
        let share = |x: f64| Share::from_fraction((x / n).clamp(0.0, 1.0));
        let (prefill, decode) = (share(self.prefill), share(self.decode));
        let (compute, communicate) = (share(self.compute), share(self.communicate));
        let busy: f64 = [prefill, decode, compute, communicate].iter().map(|s| s.fraction()).sum();
        StateMix {
            idle: share(n * (1.0 - busy)),
            prefill,
            decode,
            train_compute: compute,
            train_communicate: communicate,
            checkpoint: Share::ZERO,
        }
    }
}

/// How well the site works: shares of the installed hours.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Running {
    /// Accelerators that training and batch work have, at work.
    pub busy: f64,
    /// Accelerators that are there to work.
    pub up: f64,
}

/// One partition in one hour of the day. Notebooks compute while a cell runs; fine-tuning decodes in rollouts and computes else; both
/// while accelerators are up. Training and batch work are at work for [`Running::busy`] of their time.
fn hour(f: &Factory, v: &Values<'_>, p: &Physical, index: usize, h: usize, running: Running) -> [Used; 6] {
    let chips = p.machines[index].accelerators;
    let Some((inputs, day)) = &p.day else { return [Used::default(); 6] };
    let Some(of) = day.partitions.get(index).map(|hours| hours[h]) else { return [Used::default(); 6] };
    // Where more is wanted than there is, what comes first has it.
    let mut left = chips;
    let mut take = |wanted: f64| {
        let taken = wanted.min(left).max(0.0);
        left -= taken;
        taken
    };
    let (training, serving, loading) = (take(of.training), take(of.serving), take(of.loading));
    let (develop, tune) = (take(of.develop), take(of.tune));
    let batch = take(f64::INFINITY);
    let [compute, communicate] = training_states(f, v, p, index);
    let mut out = [Used::default(); 6];
    let work = |accelerators: f64| Used {
        accelerators,
        compute: accelerators * running.busy * compute,
        communicate: accelerators * running.busy * communicate,
        ..Used::default()
    };
    (out[0], out[5]) = (work(training), work(batch));
    out[1].accelerators = serving;
    for (s, served) in f.services.iter().zip(&p.services).filter(|(s, _)| s.partition == index) {
        let pool = inputs.pools.iter().find(|x| x.name == s.slug);
        if let (Some(served), Some(pool)) = (served, pool) {
            // Work follows the demand of the hour, whatever replicas are there for it.
            let mean: f64 = pool.applications.iter().map(|a| a.rate).sum();
            let now = served.chips * if mean > 0.0 { pool.rate(h) / mean } else { 0.0 };
            out[1].prefill += now * served.prefill;
            out[1].decode += now * served.decode;
        }
    }
    let wanted = out[1].prefill + out[1].decode;
    if wanted > serving {
        let fit = serving / wanted;
        (out[1].prefill, out[1].decode) = (out[1].prefill * fit, out[1].decode * fit);
    }
    out[2].accelerators = loading;
    out[3].accelerators = develop;
    let (mut held, mut cells) = (0.0, 0.0);
    for (d, hours) in inputs.developers.iter().zip(&day.developers).filter(|(d, _)| d.partition == index) {
        held += hours[h];
        cells += hours[h] * d.sessions().busy.fraction();
    }
    out[3].compute = develop * running.up * if held > 0.0 { cells / held } else { 0.0 };
    out[4].accelerators = tune;
    let (mut all, mut rolling) = (0.0, 0.0);
    for (_, d) in inputs.tunes.iter().zip(&day.tunes).filter(|(t, _)| t.partition == index) {
        all += d.chip_hours;
        rolling += d.chip_hours * d.job.rollout.fraction();
    }
    let rollout = if all > 0.0 { rolling / all } else { 0.0 };
    // Gangs hold whole hours; in the last of a job they work for a part.
    let gangs: f64 = day.partitions[index].iter().map(|x| x.tune).sum();
    let working = if gangs > 0.0 { tune * running.up * (all / gangs).min(1.0) } else { 0.0 };
    out[4].decode = working * rollout;
    out[4].compute = working * (1.0 - rollout);
    out
}

/// Shares of computing and of communicating in the working time of a partition's training runs; a general share where it has none.
fn training_states(f: &Factory, v: &Values<'_>, p: &Physical, index: usize) -> [f64; 2] {
    let (mut compute, mut communicate, mut weight) = (0.0, 0.0, 0.0);
    for (r, run) in f.runs.iter().zip(&p.runs) {
        if let (true, Some(run)) = (r.partition == index, run) {
            weight += run.accelerators;
            compute += run.accelerators * run.computing;
            communicate += run.accelerators * run.communicating;
        }
    }
    if weight > 0.0 {
        return [compute / weight, communicate / weight];
    }
    let generic = v.get(f.defaults.general.generic_compute_share).fraction();
    [generic, 1.0 - generic]
}

/// Shares of time that a partition spends in each state, in one hour of the day or over all.
pub(crate) fn mix(
    f: &Factory,
    v: &Values<'_>,
    p: &Physical,
    index: usize,
    hours: std::ops::Range<usize>,
    running: Running,
) -> StateMix {
    let mut sum = Used::default();
    for h in hours {
        hour(f, v, p, index, h, running).iter().for_each(|u| sum.add(u));
    }
    sum.mix()
}

/// Puts hours, energy and money of the uses in. Energy is the facility's, in proportion to the power of the states; what accelerators
/// share is divided by their number. Money is energy's cost by energy, and the rest of investment and running cost by hours.
pub(crate) fn put(f: &Factory, v: &Values<'_>, p: &Physical, running: Running, sheet: &mut Sheet) {
    let all: f64 = p.machines.iter().map(|m| m.accelerators).sum();
    let common = p.networks.power + p.networks.storage_power;
    let (mut hours, mut watts) = ([0.0; 6], [0.0; 6]);
    for (index, machine) in p.machines.iter().enumerate() {
        let mut day = [Used::default(); 6];
        for h in 0..24 {
            for (sum, used) in day.iter_mut().zip(hour(f, v, p, index, h, running)) {
                sum.add(&used);
            }
        }
        for (u, used) in day.iter().enumerate() {
            let accelerators = used.accelerators / 24.0;
            hours[u] += accelerators * HOURS_PER_YEAR;
            let drawn = power(machine, used.mix()).map_or(0.0, |x| x.mean.w());
            watts[u] += accelerators * (drawn / machine.accelerators + common.w() / all);
        }
    }
    let idle = p.machines.first().map_or(0.0, |machine| {
        let one = Used { accelerators: 1.0, ..Used::default() };
        power(machine, one.mix()).map_or(0.0, |x| x.mean.w()) / machine.accelerators + common.w() / all
    });
    let (total, energy) = (watts.iter().sum::<f64>(), sheet.at("energy.annual"));
    let installed: f64 = hours.iter().sum();
    let bill = sheet.at("energy.cost_annual");
    // Energy that makes sold heat is paid by it.
    let other = sheet.at("cost.capex_annuity") + sheet.at("cost.opex_annual") - bill;
    // What nobody does is no figure; replicas may happen to load in some draws alone, and what is left over may be nothing.
    let known = |u: usize| hours[u] > 0.0 || (u == 2 && hours[1] > 0.0) || u == 5;
    for (u, name) in USES.iter().enumerate().filter(|(u, _)| known(*u)) {
        let id = |key: &str| format!("use.{name}.{key}");
        sheet.put(&id("hours"), hours[u]);
        sheet.put(&id("energy"), energy * watts[u] / total);
        let cost = other * hours[u] / installed + bill * watts[u] / total;
        sheet.put(&id("cost"), cost);
        // An hour that did not come would have stood at idle power.
        let idle = other / installed + bill * idle / total / HOURS_PER_YEAR;
        sheet.put(&id("cost_per_hour"), if hours[u] > 0.0 { cost / hours[u] } else { idle });
    }
}
