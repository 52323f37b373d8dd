//! From an interior point to a clean dispatch: exact balance, levels at their bounds, no charging and discharging at
//! once unless burning energy pays.

use super::flat::Flat;
use super::merit::{Step, serve};
use super::model::{Before, Model, NONE};

/// A dispatch of a range of steps in MW and MWh.
#[derive(Debug, Clone, Default)]
pub(crate) struct Path {
    pub(crate) steps: Vec<Step>,
    pub(crate) charge: Vec<f64>,
    pub(crate) discharge: Vec<f64>,
    pub(crate) level: Vec<f64>,
    pub(crate) deferred: Vec<f64>,
    pub(crate) caught_up: Vec<f64>,
    pub(crate) level_before: f64,
    pub(crate) peak: f64,
    /// Put off and not caught up at the end.
    pub(crate) backlog: f64,
}

impl Path {
    /// Goes on with the steps of another.
    pub(crate) fn append(&mut self, other: Path) {
        self.steps.extend(other.steps);
        self.charge.extend(other.charge);
        self.discharge.extend(other.discharge);
        self.level.extend(other.level);
        self.deferred.extend(other.deferred);
        self.caught_up.extend(other.caught_up);
        self.peak = self.peak.max(other.peak);
        self.backlog = other.backlog;
    }
}

/// What is decided for one step before prices are looked at.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Plan {
    pub(crate) deferred: f64,
    pub(crate) caught_up: f64,
    /// Level wanted at the end of the step.
    pub(crate) level: f64,
    /// Charge and discharge at once are wanted, to burn energy that someone pays to have taken.
    pub(crate) burn: f64,
}

/// Nearer to a bound than this share of it is at it.
const SNAP: f64 = 1e-7;

fn snap(value: f64, most: f64) -> f64 {
    if value < SNAP * most {
        0.0
    } else if value > (1.0 - SNAP) * most {
        most
    } else {
        value
    }
}

/// Power beyond a limit, in MW, that is a rounding error of the solver.
const ROUNDING: f64 = 1e-6;

/// Sizes in the plain numbers of a dispatch.
#[derive(Debug, Clone, Default)]
pub(crate) struct PlainSizes {
    pub(crate) plants: Vec<f64>,
    pub(crate) power: f64,
    pub(crate) energy: f64,
}

/// The plan an interior point stands for, snapped to its bounds.
pub(crate) fn plan(
    flat: &Flat,
    model: &Model,
    x: &[f64],
    y: &[f64],
    sizes: &PlainSizes,
    before: Before,
) -> Vec<Plan> {
    let get = |c: u32| if c == NONE { 0.0 } else { x[c as usize] };
    let mut plans: Vec<Plan> = model
        .columns
        .iter()
        .enumerate()
        .map(|(i, c)| {
            let t = model.range.start + i;
            let (charge, discharge) = (get(c.charge), get(c.discharge));
            let mut burn = 0.0;
            if let Some(b) = &flat.battery {
                // Charging and discharging together keeps the level and costs wear and losses; it pays where energy
                // is worth so far below zero that losing it is a gain. Within rounding of that, the point knows best.
                let turn = b.stored / b.taken;
                let worth = y[i * model.rows.per_step] / flat.dt;
                let both = (charge * turn).min(discharge);
                let gain = -(1.0 - turn) * worth - b.wear * turn;
                if turn < 1.0 && worth < 0.0 && gain > -1e-5 * (b.wear - worth) {
                    burn = both;
                }
            }
            let off = flat.deferral.map_or(0.0, |d| d.share * flat.load[t]);
            let on = flat.deferral.map_or(0.0, |d| d.catch_up);
            let (deferred, caught_up) = (snap(get(c.deferred), off), snap(get(c.caught_up), on));
            // Putting off and catching up in one step is nothing.
            let same = deferred.min(caught_up);
            Plan {
                deferred: deferred - same,
                caught_up: caught_up - same,
                level: snap(get(c.level), sizes.energy),
                burn,
            }
        })
        .collect();
    settle(flat, model.range.start, before.backlog, &mut plans);
    plans
}

/// Makes what is put off and what is caught up close exactly in each block; the difference is rounding.
fn settle(flat: &Flat, from: usize, before: f64, plans: &mut [Plan]) {
    let Some(d) = flat.deferral else { return };
    let mut backlog = vec![0.0; plans.len()];
    let mut held = before / flat.dt;
    let mut first = 0;
    for i in 0..plans.len() {
        let p = &mut plans[i];
        p.caught_up = p.caught_up.min(held + p.deferred).max(0.0);
        held += p.deferred - p.caught_up;
        backlog[i] = held;
        if !flat.closes(from + i) && i + 1 < plans.len() {
            continue;
        }
        // Catch up what is left, latest steps first, else put off less. A step that already puts off catches up nothing.
        let mut least = f64::INFINITY;
        for k in (first..=i).rev() {
            if held <= 0.0 {
                break;
            }
            least = least.min(backlog[k]);
            let change = held.min(least);
            let less = change.min(plans[k].deferred);
            plans[k].deferred -= less;
            let more = (change - less).min(d.catch_up - plans[k].caught_up).max(0.0);
            plans[k].caught_up += more;
            let done = less + more;
            held -= done;
            backlog[k..=i].iter_mut().for_each(|b| *b -= done);
            least -= done;
        }
        first = i + 1;
        held = 0.0;
    }
}

/// Runs a plan through the steps from `before`, following its levels as closely as limits allow.
///
/// `peak` bounds what is drawn.
pub(crate) fn run(
    flat: &Flat,
    from: usize,
    plans: &[Plan],
    before: Before,
    sizes: &PlainSizes,
    peak: f64,
) -> Path {
    let n = plans.len();
    let mut path = Path {
        steps: Vec::with_capacity(n),
        charge: vec![0.0; n],
        discharge: vec![0.0; n],
        level: vec![0.0; n],
        deferred: vec![0.0; n],
        caught_up: vec![0.0; n],
        level_before: before.level.unwrap_or_else(|| plans.last().map_or(0.0, |p| p.level)),
        peak: 0.0,
        backlog: before.backlog,
    };
    let mut level = path.level_before;
    let mut backlog = before.backlog;
    for (i, plan) in plans.iter().enumerate() {
        let t = from + i;
        let own = flat.available(t, &sizes.plants);
        let (deferred, caught_up) = (plan.deferred, plan.caught_up);
        backlog = (backlog + (deferred - caught_up) * flat.dt).max(0.0);
        let base = flat.load[t] - deferred + caught_up;
        let (mut charge, mut discharge) = (0.0, 0.0);
        if let Some(b) = &flat.battery {
            let change = plan.level - b.kept * level;
            let burn = plan.burn;
            if change >= 0.0 {
                charge = (change / b.stored).min(sizes.power);
            } else {
                discharge = (-change / b.taken).min(sizes.power);
            }
            // Burning on top: discharge `burn` more and charge what keeps the level.
            let more =
                burn.min(sizes.power - discharge).min((sizes.power - charge) * b.stored / b.taken).max(0.0);
            discharge += more;
            charge += more * b.taken / b.stored;
            // What can be drawn and fed in bounds the battery too.
            let most = flat.draws(t).iter().map(|d| d.most).sum::<f64>().min(peak)
                + own
                + flat.cap.map_or(0.0, |(s, _)| s * flat.load[t]);
            let over = base + charge - discharge - most;
            if over > 0.0 {
                let cut = over.min(charge);
                charge -= cut;
                let held = (b.kept * level + b.stored * charge).max(0.0) / b.taken;
                discharge = (discharge + over - cut).min(sizes.power).min(held);
            }
            let under = discharge - charge - base - flat.export_limit;
            if under > 0.0 {
                discharge = (discharge - under).max(0.0);
            }
            level = (b.kept * level + b.stored * charge - b.taken * discharge).clamp(0.0, sizes.energy);
            // Exactly on the plan where nothing stood in the way.
            if (level - plan.level).abs() <= 1e-9 * sizes.energy {
                level = plan.level;
            }
        }
        let mut step = serve(flat, t, base + charge - discharge, own, peak);
        // Rounding at a limit is drawn or fed in beyond it, so that the balance closes.
        if step.short.abs() < ROUNDING {
            let at = usize::from(step.draw[1] > 0.0);
            step.draw[at] += step.short.max(0.0);
            step.export += (-step.short).max(0.0);
            step.short = 0.0;
        }
        path.peak = path.peak.max(step.draw[0] + step.draw[1]);
        path.steps.push(step);
        path.charge[i] = charge;
        path.discharge[i] = discharge;
        path.level[i] = level;
        path.deferred[i] = deferred;
        path.caught_up[i] = caught_up;
    }
    path.backlog = backlog;
    path
}
