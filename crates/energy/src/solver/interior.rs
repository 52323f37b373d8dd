//! Primal–dual interior point with Mehrotra's predictor and corrector (SIAM J. Optim. 2 (1992) 575), and where the step is
//! short, Gondzio's corrections of pairs that have left the centre (Comput. Optim. Appl. 6 (1996) 137).
//!
//! Hourly bounds and their links to sizes never become rows: they stay on the diagonal and on the border (see
//! [`super::step`]), so a year with sizing keeps the narrow band of a year without.

use super::lp::Lp;
use super::real::{Double, Real};
use super::step::{Direction, Newton, Target};

/// What the solver hands back.
#[derive(Debug, Clone)]
pub(crate) struct Outcome {
    pub(crate) x: Vec<f64>,
    pub(crate) z: Vec<f64>,
    pub(crate) y: Vec<f64>,
    pub(crate) iterations: usize,
}

/// Iterations before giving up; a year takes some thirty, one with all sizes sought up to a hundred.
const MOST_ITERATIONS: usize = 300;
/// Wanted of gap and residuals.
const WANTED: f64 = 1e-10;
/// Iterations without progress before something else is tried.
const PATIENCE: usize = 8;
/// Steps at least this long need no correction.
const LONG: f64 = 0.4;
/// Corrections of one step at most.
const CORRECTIONS: usize = 4;
/// Products of pairs are brought back between this share and this multiple of what they should be.
const CENTRAL: (f64, f64) = (0.1, 10.0);

/// The iterate, all positive.
#[derive(Debug, Clone, Default)]
pub(crate) struct Point {
    pub(crate) x: Vec<f64>,
    /// Room below the bound, meaningless for columns without.
    pub(crate) w: Vec<f64>,
    pub(crate) y: Vec<f64>,
    pub(crate) low: Vec<f64>,
    pub(crate) high: Vec<f64>,
    pub(crate) z: Vec<f64>,
    pub(crate) z_room: Vec<f64>,
    pub(crate) z_low: Vec<f64>,
    pub(crate) z_high: Vec<f64>,
}

/// How far the point is from satisfying the equations.
#[derive(Debug, Clone, Default)]
pub(crate) struct Residual {
    pub(crate) row: Vec<f64>,
    pub(crate) dual: Vec<f64>,
    pub(crate) bound: Vec<f64>,
    pub(crate) z_dual: Vec<f64>,
    pub(crate) z_bound: Vec<f64>,
    pub(crate) primal_objective: f64,
    pub(crate) dual_objective: f64,
}

fn largest(values: &[f64]) -> f64 {
    values.iter().fold(0.0, |m: f64, v| m.max(v.abs()))
}

fn scale(values: impl Iterator<Item = f64>) -> f64 {
    let most = values.filter(|v| v.is_finite()).fold(0.0, |m: f64, v| m.max(v.abs()));
    if most > 0.0 { most } else { 1.0 }
}

/// Mean size of the figures that are not zero.
fn mean_scale(values: impl Iterator<Item = f64>) -> f64 {
    let (mut sum, mut count) = (0.0, 0.0);
    for v in values.filter(|v| *v != 0.0) {
        sum += v.abs();
        count += 1.0;
    }
    if count > 0.0 { sum / count } else { 1.0 }
}

/// Solves the programme. The answer carries its own measure of quality; it is never refused here.
pub(crate) fn solve(lp: &Lp) -> Outcome {
    let volume = scale(lp.right.iter().chain(&lp.upper).copied());
    let price = mean_scale(lp.cost.iter().copied());
    let mut scaled = lp.clone();
    scaled.cost.iter_mut().for_each(|c| *c /= price);
    scaled.upper.iter_mut().for_each(|u| *u /= volume);
    scaled.right.iter_mut().for_each(|b| *b /= volume);
    for shared in &mut scaled.shared {
        shared.cost /= price;
        shared.most /= volume;
    }
    let mut outcome = solve_scaled(&scaled);
    outcome.x.iter_mut().for_each(|x| *x *= volume);
    outcome.z.iter_mut().for_each(|z| *z *= volume);
    outcome.y.iter_mut().for_each(|y| *y *= price);
    outcome
}

fn start(lp: &Lp) -> Point {
    let z: Vec<f64> = lp.shared.iter().map(|s| 0.1 * s.most).collect();
    let mut cap = lp.upper.clone();
    for link in &lp.links {
        cap[link.column as usize] += link.factor * z[link.shared as usize];
    }
    let x: Vec<f64> = cap.iter().map(|&u| if u.is_finite() { (0.5 * u).max(1e-3) } else { 1.0 }).collect();
    let w: Vec<f64> = cap.iter().map(|&u| if u.is_finite() { (0.5 * u).max(1e-3) } else { 1.0 }).collect();
    let low = lp.cost.iter().map(|c| 1.0 + c.max(0.0)).collect();
    let high = lp
        .cost
        .iter()
        .zip(&lp.upper)
        .map(|(c, u)| if u.is_finite() { 1.0 - c.min(0.0) } else { 0.0 })
        .collect();
    Point {
        w,
        y: vec![0.0; lp.rows()],
        low,
        high,
        z_room: z.iter().map(|z| z.max(1e-3)).collect(),
        z_low: lp.shared.iter().map(|s| 1.0 + s.cost.max(0.0)).collect(),
        z_high: lp.shared.iter().map(|s| 1.0 - s.cost.min(0.0)).collect(),
        z: z.iter().map(|z| z.max(1e-3)).collect(),
        x,
    }
}

fn residual(lp: &Lp, p: &Point, r: &mut Residual) {
    r.row.clone_from(&lp.right);
    for (j, x) in p.x.iter().enumerate() {
        lp.subtract(j, *x, &mut r.row);
    }
    r.bound.clone_from(&lp.upper);
    r.z_dual.clear();
    r.z_bound.clear();
    let mut primal = 0.0;
    let mut dual: f64 = lp.right.iter().zip(&p.y).map(|(b, y)| b * y).sum();
    for (k, s) in lp.shared.iter().enumerate() {
        let mut rest = s.cost - p.z_low[k] + p.z_high[k];
        for &(row, value) in &s.entries {
            r.row[row as usize] -= value * p.z[k];
            rest -= value * p.y[row as usize];
        }
        r.z_dual.push(rest);
        r.z_bound.push(s.most - p.z[k] - p.z_room[k]);
        primal += s.cost * p.z[k];
        dual -= s.most * p.z_high[k];
    }
    for link in &lp.links {
        let (j, k) = (link.column as usize, link.shared as usize);
        r.bound[j] += link.factor * p.z[k];
        r.z_dual[k] -= link.factor * p.high[j];
    }
    r.dual.resize(lp.columns(), 0.0);
    for j in 0..lp.columns() {
        r.dual[j] = lp.cost[j] - lp.priced(j, &p.y) - p.low[j] + p.high[j];
        primal += lp.cost[j] * p.x[j];
        if lp.upper[j].is_finite() {
            r.bound[j] -= p.x[j] + p.w[j];
            dual -= lp.upper[j] * p.high[j];
        } else {
            r.bound[j] = 0.0;
        }
    }
    (r.primal_objective, r.dual_objective) = (primal, dual);
}

/// Mean product of the complementary pairs.
fn centre(lp: &Lp, p: &Point, pairs: f64) -> f64 {
    let mut sum = 0.0;
    for j in 0..lp.columns() {
        sum += p.x[j] * p.low[j] + if lp.upper[j].is_finite() { p.w[j] * p.high[j] } else { 0.0 };
    }
    for k in 0..p.z.len() {
        sum += p.z[k] * p.z_low[k] + p.z_room[k] * p.z_high[k];
    }
    sum / pairs
}

fn longest(values: &[f64], change: &[f64]) -> f64 {
    let mut step = 1.0;
    for (v, d) in values.iter().zip(change) {
        if *d * step < -v {
            step = -v / d;
        }
    }
    step
}

/// The same mean after steps of the given lengths.
fn centre_after(lp: &Lp, p: &Point, d: &Direction, primal: f64, dual: f64, pairs: f64) -> f64 {
    let mut sum = 0.0;
    for j in 0..lp.columns() {
        sum += (p.x[j] + primal * d.x[j]) * (p.low[j] + dual * d.low[j]);
        if lp.upper[j].is_finite() {
            sum += (p.w[j] + primal * d.w[j]) * (p.high[j] + dual * d.high[j]);
        }
    }
    for k in 0..p.z.len() {
        sum += (p.z[k] + primal * d.z[k]) * (p.z_low[k] + dual * d.z_low[k]);
        sum += (p.z_room[k] + primal * d.z_room[k]) * (p.z_high[k] + dual * d.z_high[k]);
    }
    sum / pairs
}

fn lengths(p: &Point, d: &Direction) -> (f64, f64) {
    let primal = longest(&p.x, &d.x)
        .min(longest(&p.w, &d.w))
        .min(longest(&p.z, &d.z))
        .min(longest(&p.z_room, &d.z_room));
    let dual = longest(&p.low, &d.low)
        .min(longest(&p.high, &d.high))
        .min(longest(&p.z_low, &d.z_low))
        .min(longest(&p.z_high, &d.z_high));
    (primal, dual)
}

fn advance(values: &mut [f64], change: &[f64], step: f64) {
    for (v, d) in values.iter_mut().zip(change) {
        *v += step * d;
    }
}

/// What the products of pairs lack, after steps of the given lengths, to stand between the bounds of [`CENTRAL`] around `aim`;
/// added to what was asked of them before, unless `anew`.
fn stray(
    lp: &Lp,
    p: &Point,
    d: &Direction,
    (primal, dual): (f64, f64),
    aim: f64,
    more: &mut Direction,
    anew: bool,
) {
    let (least, most) = (CENTRAL.0 * aim, CENTRAL.1 * aim);
    let lack = |product: f64| (product.clamp(least, most) - product).max(-most);
    let fill = |more: &mut Vec<f64>, v: &[f64], dv: &[f64], s: &[f64], ds: &[f64]| {
        more.resize(v.len(), 0.0);
        for i in 0..v.len() {
            let lack = lack((v[i] + primal * dv[i]) * (s[i] + dual * ds[i]));
            more[i] = if anew { lack } else { more[i] + lack };
        }
    };
    fill(&mut more.x, &p.x, &d.x, &p.low, &d.low);
    fill(&mut more.w, &p.w, &d.w, &p.high, &d.high);
    fill(&mut more.z, &p.z, &d.z, &p.z_low, &d.z_low);
    fill(&mut more.z_room, &p.z_room, &d.z_room, &p.z_high, &d.z_high);
    for (w, u) in more.w.iter_mut().zip(&lp.upper) {
        if !u.is_finite() {
            *w = 0.0;
        }
    }
    // Partners are asked for by name but not looked at.
    more.low.resize(p.x.len(), 0.0);
    more.high.resize(p.x.len(), 0.0);
    more.z_low.resize(p.z.len(), 0.0);
    more.z_high.resize(p.z.len(), 0.0);
}

/// The solver at work.
struct Walk<'a> {
    lp: &'a Lp,
    pairs: f64,
    p: Point,
    r: Residual,
    affine: Direction,
    full: Direction,
    more: Direction,
    better: Direction,
}

/// How far from done, all relative.
#[derive(Debug, Clone, Copy)]
struct Quality {
    rows: f64,
    worst: f64,
}

impl Walk<'_> {
    fn measure(&mut self, rhs_size: f64, cost_size: f64) -> Quality {
        residual(self.lp, &self.p, &mut self.r);
        let r = &self.r;
        let gap = (r.primal_objective - r.dual_objective).abs() / (1.0 + r.primal_objective.abs());
        let rows = (largest(&r.row) / rhs_size).max(largest(&r.bound)).max(largest(&r.z_bound));
        let costs = (largest(&r.dual) / cost_size).max(largest(&r.z_dual) / cost_size);
        let worst = gap.max(rows).max(costs);
        Quality { rows, worst: if worst.is_nan() { f64::INFINITY } else { worst } }
    }

    /// One predictor and corrector.
    fn step<T: Real>(&mut self, newton: &mut Newton<T>) {
        let Self { lp, pairs, p, r, affine, full, more, better } = self;
        let mu = centre(lp, p, *pairs);
        newton.prepare(lp, p);
        newton.solve(lp, p, r, &Target::Affine, affine);
        let (ap, ad) = lengths(p, affine);
        let ahead = centre_after(lp, p, affine, ap, ad, *pairs);
        let sigma = (ahead / mu).powi(3).clamp(1e-8, 1.0);
        newton.solve(lp, p, r, &Target::Centred { mu: sigma * mu, affine }, full);
        let (mut fp, mut fd) = lengths(p, full);
        for round in 0..CORRECTIONS {
            if fp.min(fd) >= LONG {
                break;
            }
            let ahead = |step: f64| (step + 0.2).min(1.0);
            stray(lp, p, full, (ahead(fp), ahead(fd)), sigma * mu, more, round == 0);
            newton.solve(lp, p, r, &Target::Corrected { mu: sigma * mu, affine, more }, better);
            let (bp, bd) = lengths(p, better);
            if bp + bd < fp + fd + 0.005 {
                break;
            }
            std::mem::swap(full, better);
            (fp, fd) = (bp, bd);
        }
        let damp = (1.0 - mu).clamp(0.9, 0.9995);
        let (fp, fd) = ((damp * fp).min(1.0), (damp * fd).min(1.0));
        advance(&mut p.x, &full.x, fp);
        advance(&mut p.w, &full.w, fp);
        advance(&mut p.z, &full.z, fp);
        advance(&mut p.z_room, &full.z_room, fp);
        advance(&mut p.y, &full.y, fd);
        advance(&mut p.low, &full.low, fd);
        advance(&mut p.high, &full.high, fd);
        advance(&mut p.z_low, &full.z_low, fd);
        advance(&mut p.z_high, &full.z_high, fd);
    }
}

fn solve_scaled(lp: &Lp) -> Outcome {
    let bounded = lp.upper.iter().filter(|u| u.is_finite()).count();
    let (rhs_size, cost_size) = (1.0 + largest(&lp.right), 1.0 + largest(&lp.cost));
    let mut walk = Walk {
        lp,
        pairs: (lp.columns() + bounded + 2 * lp.shared.len()).max(1) as f64,
        p: start(lp),
        r: Residual::default(),
        affine: Direction::default(),
        full: Direction::default(),
        more: Direction::default(),
        better: Direction::default(),
    };
    let mut single: Option<Newton<f64>> = Some(Newton::new(lp));
    let mut double: Option<Newton<Double>> = None;
    let mut best = walk.p.clone();
    let mut best_quality = Quality { rows: f64::INFINITY, worst: f64::INFINITY };
    let mut worse = 0;
    let mut iterations = 0;
    loop {
        let quality = walk.measure(rhs_size, cost_size);
        if quality.worst < best_quality.worst {
            worse = 0;
            best_quality = quality;
            best.clone_from(&walk.p);
        } else {
            worse += 1;
        }
        if best_quality.worst < WANTED
            || iterations == MOST_ITERATIONS
            || (worse > PATIENCE && single.is_none())
        {
            break;
        }
        // Rows that drift apart again have run out of digits.
        let drift = quality.rows > WANTED && quality.rows > 2.0 * best_quality.rows;
        if single.is_some() && worse > 0 && (drift || worse > PATIENCE) {
            single = None;
            worse = 0;
            walk.p.clone_from(&best);
            walk.measure(rhs_size, cost_size);
        }
        match &mut single {
            Some(newton) => walk.step(newton),
            None => walk.step(double.get_or_insert_with(|| Newton::new(lp))),
        }
        iterations += 1;
    }
    Outcome { x: best.x, z: best.z, y: best.y, iterations }
}
