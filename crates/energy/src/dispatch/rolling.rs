//! Windows that see only so far.
//!
//! **Rule.** Every `step` steps a programme over the next `horizon` steps is solved, and its first `step` steps are
//! carried out. Prices are known for the first `known` steps of a window (day-ahead markets publish 12 to 36 hours
//! ahead); beyond, a forecast stands in for them: the truth plus an error that starts at nothing and wanders as an
//! autoregression of first order, `e ← φ e + σ √(1 − φ²) ε`, with φ = 0.9 per step, up to the given standard deviation
//! σ. Generation is forecast from the first step, the truth times one plus such an error. Errors depend on the seed and the number of the window alone. What is carried out follows the
//! plan's battery levels and deferrals; purchase, export and curtailment follow the true prices and the true generation
//! of the step. The end of a window is free, so a short look-ahead drains the battery.

use gigatwin_quantity::{EnergyPrice, Money, Power, Share};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::case::{Case, Size};
use super::check::{DispatchError, Fault, Limit, Shortage, check};
use super::flat::Flat;
use super::model::{Before, Model};
use super::outcome::{Dispatch, Proof};
use super::polish::{Path, PlainSizes, plan, run};
use super::solve::{MISSING, bill, hourly, named_sizes};
use crate::solver;

/// How the horizon is cut.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Windows {
    /// Steps carried out of each window.
    pub step: usize,
    /// Steps each window sees, at least `step`.
    pub horizon: usize,
    /// What it sees of them.
    pub foresight: Foresight,
}

/// What a window sees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Foresight {
    /// The truth.
    Perfect,
    /// A forecast of generation, and of prices beyond what the market has published.
    Forecast {
        /// Steps whose price is known from the start of the window; at least `step`.
        known: usize,
        /// Standard deviation of the price's error, far ahead.
        price_error: EnergyPrice,
        /// Standard deviation of the relative error of generation, far ahead.
        generation_error: Share,
        /// Of the errors.
        seed: u64,
    },
}

/// Persistence of the errors from step to step.
const PERSISTENCE: f64 = 0.9;

/// Price of load that a window plans to leave unserved, EUR/MWh above the dearest step: far above any market's cap.
const UNSERVED: f64 = 20_000.0;

/// Normal numbers by Box and Muller, two from each pair of uniform ones.
struct Normal {
    rng: ChaCha8Rng,
    spare: Option<f64>,
}

impl Normal {
    fn new(seed: u64, stream: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(stream);
        Self { rng, spare: None }
    }

    fn next(&mut self) -> f64 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        // Fifty-three bits; the first is kept above zero for the logarithm.
        let mut uniform = || ((self.rng.next_u64() >> 11) as f64 + 0.5) / (1u64 << 53) as f64;
        let (radius, angle) = ((-2.0 * uniform().ln()).sqrt(), std::f64::consts::TAU * uniform());
        self.spare = Some(radius * angle.sin());
        radius * angle.cos()
    }
}

/// Overwrites what a window does not know with its forecast.
fn forecast(
    view: &mut Flat,
    truth: &Flat,
    range: std::ops::Range<usize>,
    foresight: Foresight,
    window: usize,
) {
    let Foresight::Forecast { known, price_error, generation_error, seed } = foresight else { return };
    let (price_error, generation_error) = (price_error.eur_per_mwh(), generation_error.fraction());
    let mut normal = Normal::new(seed, window as u64);
    let fresh = (1.0 - PERSISTENCE * PERSISTENCE).sqrt();
    let (mut price, mut made) = (0.0, 0.0);
    for (lead, t) in range.enumerate() {
        // What the window before guessed may be known by now.
        restore(view, truth, t);
        made = PERSISTENCE * made + fresh * normal.next();
        let factor = (1.0 + made * generation_error).max(0.0);
        view.own[t] *= factor;
        view.contracted[t] *= factor;
        if lead < known {
            continue;
        }
        price = PERSISTENCE * price + fresh * normal.next();
        let error = price * price_error;
        view.spot[t] += error;
        view.export_price[t] += error;
        // A fixed price is known for ever.
        if truth.follows_spot {
            view.price[t] += error;
        }
    }
}

fn restore(view: &mut Flat, truth: &Flat, t: usize) {
    view.spot[t] = truth.spot[t];
    view.export_price[t] = truth.export_price[t];
    view.price[t] = truth.price[t];
    view.own[t] = truth.own[t];
    view.contracted[t] = truth.contracted[t];
}

fn check_windows(case: &Case, windows: &Windows) -> Result<(), DispatchError> {
    let mut faults = match check(case) {
        Err(DispatchError::Invalid(faults)) => faults,
        _ => Vec::new(),
    };
    let mut wrong = |what: &'static str| faults.push(Fault::Windows { what });
    if windows.step == 0 || windows.horizon < windows.step {
        wrong("a window must carry out at least one step, and see no fewer than it carries out");
    }
    if let Foresight::Forecast { known, price_error, generation_error, .. } = windows.foresight {
        if known < windows.step {
            wrong("the prices of the steps that a window carries out must be known to it");
        }
        let errors = [price_error.eur_per_mwh(), generation_error.fraction()];
        if errors.iter().any(|e| !(0.0..f64::INFINITY).contains(e)) {
            wrong("errors of a forecast must not be negative");
        }
    }
    let free = case.plants.iter().any(|p| matches!(p.size, Size::Free { .. }))
        || case
            .battery
            .is_some_and(|b| matches!(b.power, Size::Free { .. }) || matches!(b.energy, Size::Free { .. }));
    if free {
        wrong("windows dispatch given sizes: find the sizes with the whole horizon first");
    }
    if case.grid.peak_charge.eur_per_kw_year() > 0.0 {
        wrong("windows cannot weigh a charge on the peak of the year: only the whole horizon can");
    }
    if faults.is_empty() { Ok(()) } else { Err(DispatchError::Invalid(faults)) }
}

impl Case {
    /// The dispatch that windows of limited sight would carry out.
    ///
    /// A cyclic battery starts empty, and the end of the horizon is free. With deferral, blocks end with their window at
    /// the latest.
    ///
    /// # Errors
    /// Every fault of the input at once; load that was not served, with its steps.
    pub fn dispatch_rolling(&self, windows: &Windows) -> Result<Dispatch, DispatchError> {
        check_windows(self, windows)?;
        let truth = Flat::of(self);
        let mut view = truth.clone();
        let sizes = PlainSizes {
            plants: Vec::new(),
            power: truth.battery.map_or(0.0, |b| b.power.most()),
            energy: truth.battery.map_or(0.0, |b| b.energy.most()),
        };
        let mut before =
            Before { level: Some(truth.battery.and_then(|b| b.start).unwrap_or(0.0)), backlog: 0.0 };
        let dearest = truth.price.iter().chain(&truth.spot).fold(0.0, |m: f64, p| m.max(p.abs()));
        let mut whole = Path { level_before: before.level.unwrap_or(0.0), ..Path::default() };
        let (mut iterations, mut programmes) = (0, 0);
        let steps = truth.steps();
        let mut from = 0;
        while from < steps {
            let range = from..(from + windows.horizon).min(steps);
            forecast(&mut view, &truth, range.clone(), windows.foresight, programmes);
            let tight = view.tight(range.clone(), &[]) || before.backlog > 0.0;
            let penalty = tight.then_some(dearest + UNSERVED);
            let model = Model::build(&view, range.clone(), before, penalty);
            let solved = solver::solve(&model.lp);
            let plans = plan(&view, &model, &solved.x, &solved.y, &sizes, before);
            let done = windows.step.min(range.len());
            let part = run(&truth, from, &plans[..done], before, &sizes, f64::INFINITY);
            before.level = part.level.last().copied().or(before.level);
            before.backlog = part.backlog;
            whole.append(part);
            iterations += solved.iterations;
            programmes += 1;
            from += done;
        }
        if let Some(shortage) = unserved(&whole, truth.dt, &sizes) {
            return Err(DispatchError::Infeasible(shortage));
        }
        let bill = bill(&truth, &whole, &sizes);
        Ok(Dispatch {
            hourly: hourly(&truth, &whole),
            sizes: named_sizes(self, &truth, &sizes),
            bill,
            values: None,
            proof: Proof { objective: bill.total(), bound: None, gap: None, iterations, programmes },
        })
    }

    /// The same with a lower bound: what perfect foresight over the whole horizon would have cost. Solves one more
    /// programme.
    ///
    /// # Errors
    /// As [`Case::dispatch_rolling`] and [`Case::dispatch`].
    pub fn price_of_foresight(&self, windows: &Windows) -> Result<(Dispatch, Money), DispatchError> {
        let rolled = self.dispatch_rolling(windows)?;
        let perfect = self.dispatch(&super::case::Policy::default())?;
        let dearer = rolled.proof.objective - perfect.proof.objective;
        Ok((rolled, dearer))
    }
}

fn unserved(path: &Path, dt: f64, sizes: &PlainSizes) -> Option<Shortage> {
    let short: Vec<(usize, f64)> =
        path.steps.iter().enumerate().map(|(t, s)| (t, s.short)).filter(|s| s.1.abs() > MISSING).collect();
    (!short.is_empty()).then(|| Shortage {
        steps: short.iter().map(|s| s.0).collect(),
        missing: short.iter().map(|s| Power::from_mw(s.1.abs())).collect(),
        limits: short
            .iter()
            .map(|&(t, s)| {
                if s < 0.0 {
                    Limit::Export
                } else if sizes.energy <= 0.0 {
                    Limit::Connection
                } else if path.level[t] > 1e-4 * sizes.energy {
                    Limit::BatteryPower
                } else {
                    Limit::BatteryEnergy
                }
            })
            .collect(),
        energy: gigatwin_quantity::Energy::from_mwh(short.iter().map(|s| s.1.abs() * dt).sum()),
    })
}
