use gigatwin_quantity::{CarbonIntensity, Energy, EnergyPrice, Mass, Money, Power};

use crate::job::{Job, JobClass, Seconds};
use crate::outcome::{Outcome, Sample};
use crate::share::ShareTree;
use crate::site::Cap;

/// What the site's accelerators draw; each with its part of host and rack.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Draw {
    /// A busy one, by class of its job.
    pub busy: [Power; JobClass::ALL.len()],
    /// An idle one.
    pub idle: Power,
    /// Switches, optics and storage of the whole site.
    pub common: Power,
}

/// A power limit that cannot be kept: what is idle draws more.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("the limit of {limit} from second {from} on is below what the site draws idle, {idle}")]
pub struct LimitTooLow {
    /// From when.
    pub from: Seconds,
    /// The limit on IT power.
    pub limit: Power,
    /// What the site draws with nothing running.
    pub idle: Power,
}

impl Draw {
    /// IT power over a sample, of a site of `gpus` accelerators; those out of service draw nothing.
    pub fn of(&self, gpus: i64, s: &Sample) -> Power {
        let busy: f64 = s.busy.iter().zip(&self.busy).map(|(n, w)| n * w.w()).sum();
        let idle = (gpus as f64 - s.busy_all() - s.down).max(0.0) * self.idle.w();
        Power::from_w(busy + idle + self.common.w())
    }

    /// A limit on IT power as accelerators that may be busy, so that it holds whatever their class: each counts with the hungriest, all
    /// others as idle. No limit lets all be busy.
    ///
    /// # Errors
    /// Where the limit is below the idle site.
    pub fn cap(&self, from: Seconds, limit: Option<Power>, gpus: i64) -> Result<Cap, LimitTooLow> {
        let Some(limit) = limit else { return Ok(Cap { from, gpus }) };
        let idle = self.common + self.idle * gpus as f64;
        if limit < idle {
            return Err(LimitTooLow { from, limit, idle });
        }
        let most = self.busy.iter().map(|p| p.w()).fold(self.idle.w(), f64::max);
        let room = (limit - idle).w() / (most - self.idle.w()).max(1e-9);
        Ok(Cap { from, gpus: if room < gpus as f64 { room as i64 } else { gpus } })
    }
}

/// A quantity by the hour, begun anew after its last; integrals over it in constant time.
#[derive(Debug, Clone, PartialEq)]
pub struct Hourly {
    values: Vec<f64>,
    /// Sum of the values before each hour.
    before: Vec<f64>,
}

impl Hourly {
    /// From the values of the hours, the first of which begins at second 0. None at all stand for zero.
    pub fn new(values: Vec<f64>) -> Self {
        let values = if values.is_empty() { vec![0.0] } else { values };
        let mut before = Vec::with_capacity(values.len() + 1);
        let mut sum = 0.0;
        before.push(0.0);
        for v in &values {
            sum += v;
            before.push(sum);
        }
        Self { values, before }
    }

    /// The value of an hour.
    pub fn hour(&self, hour: i64) -> f64 {
        self.values[hour.rem_euclid(self.values.len() as i64) as usize]
    }

    /// Integral from second 0, in value times hours.
    fn until(&self, second: Seconds) -> f64 {
        let (hour, n) = (second.div_euclid(3_600), self.values.len() as i64);
        let (turns, at) = (hour.div_euclid(n), hour.rem_euclid(n) as usize);
        let part = second.rem_euclid(3_600) as f64 / 3_600.0;
        turns as f64 * self.before[self.values.len()] + self.before[at] + part * self.values[at]
    }

    /// Integral over a span, in value times hours.
    pub fn over(&self, from: Seconds, to: Seconds) -> f64 {
        self.until(to) - self.until(from)
    }

    /// Mean over a span.
    pub fn mean(&self, from: Seconds, to: Seconds) -> f64 {
        if to > from {
            self.over(from, to) * 3_600.0 / (to - from) as f64
        } else {
            self.hour(from.div_euclid(3_600))
        }
    }
}

/// Under which terms the site draws its power, hour by hour.
#[derive(Debug, Clone, PartialEq)]
pub struct Terms {
    pue: Hourly,
    /// PUE times EUR/MWh, and times kg/MWh: for a MWh of IT.
    cost: Hourly,
    carbon: Hourly,
    spot: Vec<EnergyPrice>,
}

impl Terms {
    /// From the hours' PUE, price all in, its day-ahead part, and carbon intensity. A shorter list begins anew.
    pub fn new(pue: &[f64], price: &[EnergyPrice], spot: &[EnergyPrice], carbon: &[CarbonIntensity]) -> Self {
        let n = [pue.len(), price.len(), carbon.len()].into_iter().max().unwrap_or(0);
        let at = |v: &[f64], h: usize| v.get(h % v.len().max(1)).copied().unwrap_or(0.0);
        let price: Vec<f64> = price.iter().map(|p| p.eur_per_mwh()).collect();
        let carbon: Vec<f64> = carbon.iter().map(|c| c.g_per_kwh()).collect();
        let times = |v: &[f64]| Hourly::new((0..n).map(|h| at(pue, h) * at(v, h)).collect());
        Self {
            pue: Hourly::new((0..n).map(|h| at(pue, h)).collect()),
            cost: times(&price),
            carbon: times(&carbon),
            spot: spot.to_vec(),
        }
    }

    /// What a MWh of IT costs by the hour: what shifting looks at.
    pub fn cost(&self) -> &Hourly {
        &self.cost
    }

    /// PUE of an hour.
    pub fn pue(&self, hour: i64) -> f64 {
        self.pue.hour(hour)
    }

    /// Day-ahead price of an hour.
    pub fn spot(&self, hour: i64) -> EnergyPrice {
        let n = self.spot.len().max(1) as i64;
        self.spot.get(hour.rem_euclid(n) as usize).copied().unwrap_or(EnergyPrice::ZERO)
    }

    /// Power held over a span, at the meter.
    fn of(&self, it: Power, from: Seconds, to: Seconds) -> Use {
        let mw = it.mw();
        Use {
            energy: Energy::from_mwh(mw * self.pue.over(from, to)),
            cost: Money::from_eur(mw * self.cost.over(from, to)),
            carbon: Mass::from_t(mw * self.carbon.over(from, to) / 1e3),
        }
    }
}

/// Energy at the meter with what it costs and emits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Use {
    /// Drawn.
    pub energy: Energy,
    /// Paid.
    pub cost: Money,
    /// Emitted.
    pub carbon: Mass,
}

impl Use {
    const NONE: Use = Use { energy: Energy::ZERO, cost: Money::ZERO, carbon: Mass::ZERO };

    fn add(&mut self, other: &Use, times: f64) {
        self.energy += other.energy * times;
        self.cost += other.cost * times;
        self.carbon += other.carbon * times;
    }
}

/// Power of a run, and who pays for it.
#[derive(Debug, Clone, PartialEq)]
pub struct Bill {
    /// IT power by sample.
    pub it: Vec<Power>,
    /// Power at the meter by sample.
    pub facility: Vec<Power>,
    /// Energy of IT.
    pub it_energy: Energy,
    /// The whole site.
    pub total: Use,
    /// By account, groups with what is below them. A tenant has its own jobs' power in the hours in which they ran, and by accelerator-hours a
    /// part of the rest of the site (idle accelerators, switches, storage).
    pub by_account: Vec<Use>,
}

/// Works out power and bill of a run with a time series. Accelerators draw what they draw in the state of their class. A job that was stopped
/// counts as evenly busy between its first start and its last end.
pub fn bill(
    draw: &Draw,
    terms: &Terms,
    gpus: i64,
    shares: &ShareTree,
    jobs: &[Job],
    outcome: &Outcome,
) -> Bill {
    let n = outcome.series.len();
    let (mut it, mut facility) = (Vec::with_capacity(n), Vec::with_capacity(n));
    let (mut total, mut it_energy, mut from) = (Use::NONE, Energy::ZERO, outcome.start);
    for s in &outcome.series {
        let power = draw.of(gpus, s);
        total.add(&terms.of(power, from, s.at), 1.0);
        it_energy += Energy::from_mwh(power.mw() * (s.at - from) as f64 / 3_600.0);
        it.push(power);
        facility.push(power * terms.pue.mean(from, s.at));
        from = s.at;
    }
    let mut own = vec![Use::NONE; shares.accounts().len()];
    let mut hours = vec![0.0; own.len()];
    let (mut all, mut all_hours) = (Use::NONE, 0.0);
    for (job, r) in jobs.iter().zip(&outcome.jobs) {
        if r.start < 0 || r.held <= 0 {
            continue;
        }
        let to = if r.end >= 0 { r.end } else { outcome.end };
        let mean = r.held as f64 / (to - r.start).max(1) as f64;
        let one = terms.of(draw.busy[job.class as usize] * mean, r.start, to);
        own[job.tenant as usize].add(&one, 1.0);
        all.add(&one, 1.0);
        hours[job.tenant as usize] += r.held as f64;
        all_hours += r.held as f64;
    }
    if all_hours > 0.0 {
        let mut rest = total;
        rest.add(&all, -1.0);
        for (o, h) in own.iter_mut().zip(&hours) {
            o.add(&rest, h / all_hours);
        }
    }
    let up = |f: &dyn Fn(&Use) -> f64| shares.totals(&own.iter().map(f).collect::<Vec<f64>>());
    let (energy, cost, carbon) = (up(&|u| u.energy.mwh()), up(&|u| u.cost.eur()), up(&|u| u.carbon.t()));
    let by_account = (0..own.len())
        .map(|i| Use {
            energy: Energy::from_mwh(energy[i]),
            cost: Money::from_eur(cost[i]),
            carbon: Mass::from_t(carbon[i]),
        })
        .collect();
    Bill { it, facility, it_energy, total, by_account }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integrals_by_hand() {
        let h = Hourly::new(vec![10.0, 30.0]);
        assert_eq!(h.over(0, 7_200), 40.0);
        assert_eq!(h.over(1_800, 5_400), 20.0);
        // The third hour is the first again, and so on.
        assert_eq!(h.over(7_200, 10_800), 10.0);
        assert_eq!(h.over(-3_600, 0), 30.0);
        assert_eq!(h.mean(1_800, 5_400), 20.0);
    }

    #[test]
    fn a_limit_in_accelerators() {
        let mut busy = [Power::from_w(900.0); JobClass::ALL.len()];
        busy[1] = Power::from_w(500.0);
        let draw = Draw { busy, idle: Power::from_w(100.0), common: Power::from_w(1_000.0) };
        // Ten accelerators idle: 2 kW. Above that 800 W each.
        let cap = |kw: f64| draw.cap(0, Some(Power::from_w(kw * 1e3)), 10).map(|c| c.gpus);
        assert_eq!([cap(2.0), cap(3.7), cap(99.0)], [Ok(0), Ok(2), Ok(10)]);
        assert!(cap(1.9).is_err());
        assert_eq!(draw.cap(7, None, 10), Ok(Cap { from: 7, gpus: 10 }));
    }
}
