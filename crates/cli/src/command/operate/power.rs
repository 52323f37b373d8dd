//! Power, cost and emissions of a run: hourly prices, PUE and carbon in, power out.

use gigatwin_energy::dispatch::non_firm_limit;
use gigatwin_facility::State;
use gigatwin_factory::SiteHours;
use gigatwin_operations::{Bill, Cap, Draw, JobClass, LimitTooLow, Outcome, Seconds, Terms, Use, bill};
use gigatwin_quantity::{CarbonIntensity, EnergyPrice, Power};
use gigatwin_series::Steps;

use super::setting::Setting;
use crate::command::energy::year::{Brought, Year};

/// What an accelerator draws by what it does, and the site's hours from the start of the run on.
pub(super) struct PowerModel {
    draw: Draw,
    pub terms: Terms,
    /// Power that the grid gives by hour: the flexible part is away in the dearest hours.
    grid: Vec<Power>,
    /// Start of the run, in seconds since 1970.
    start: i64,
}

/// A limit on power.
pub(super) enum Limit {
    /// On IT, all the time.
    It(Power),
    /// A course of MW.
    Course { steps: Steps, at_meter: bool },
    /// What the file's connection gives at the meter.
    Grid,
}

/// Energy of a run, in the units of the page.
pub(super) struct Energy {
    /// MW of IT by sample.
    pub it: Vec<f64>,
    /// MW at the meter by sample.
    pub facility: Vec<f64>,
    /// EUR/MWh by sample.
    pub price: Vec<f64>,
    pub it_mwh: f64,
    pub facility_mwh: f64,
    pub cost_eur: f64,
    pub carbon_t: f64,
    pub peak_mw: f64,
    pub by_account: Vec<Use>,
}

impl PowerModel {
    /// `carbon` in g/kWh in the place of the year's; the run begins in `week`, from one.
    pub fn new(
        site: &SiteHours,
        brought: &Brought,
        carbon: Option<&Steps>,
        week: u32,
        gpus: i64,
        seed: u64,
    ) -> Result<Self, String> {
        let year = Year::new(site, brought, seed)?;
        let chips: f64 = site.partitions.iter().map(|p| p.accelerators).sum();
        let of = |state: State| {
            Power::from_w(site.partitions.iter().map(|p| p.power.of(state).w()).sum::<f64>() / chips.max(1.0))
        };
        let (idle, train, decode) = (of(State::Idle), of(State::TrainCompute), of(State::Decode));
        let mut busy = [train; JobClass::ALL.len()];
        busy[JobClass::Serving as usize] = decode;
        // A person thinks more than the chip computes: half way between idle and computing.
        busy[JobClass::Interactive as usize] = (idle + train) * 0.5;
        let common = site.it_common * (gpus as f64 / chips.max(1.0));
        // What the year pays for a MWh above the day-ahead mean.
        let above = year.bill.total() / year.bill.energy - year.mean_price();
        let skip = i64::from(week.max(1) - 1) * 168;
        let start = (year.first + skip) * 3_600;
        let turned = |n: usize| (0..n).map(move |h| (h + skip as usize) % n.max(1));
        let n = year.len();
        let pue: Vec<f64> = turned(n).map(|h| year.hours.pue(h).unwrap_or(year.facility.pue)).collect();
        let spot: Vec<EnergyPrice> = turned(n).map(|h| year.prices[h % year.prices.len()]).collect();
        let price: Vec<EnergyPrice> = spot.iter().map(|p| *p + above).collect();
        let mean = year.bill.carbon_location / year.bill.energy;
        let carbon: Vec<CarbonIntensity> = (0..n as i64)
            .map(|h| {
                let told = carbon.and_then(|s| s.at(h * 3_600 + if s.dated { start } else { 0 }));
                told.map_or(mean, CarbonIntensity::from_g_per_kwh)
            })
            .collect();
        let limit = non_firm_limit(site.grid_firm, site.grid_flexible, site.curtailed, &year.prices);
        let grid = turned(limit.len()).map(|h| limit[h]).collect();
        Ok(Self {
            draw: Draw { busy, idle, common },
            terms: Terms::new(&pue, &price, &spot, &carbon),
            grid,
            start,
        })
    }

    /// The limit in the scheduler's terms, from the start of the run to `until`. A limit at the meter is divided by the PUE of its hour.
    pub fn caps(&self, limit: &Limit, until: Seconds, gpus: i64) -> Result<Vec<Cap>, LimitTooLow> {
        let hours = || (0..=until / 3_600).map(|h| h * 3_600);
        let at_meter = |t: Seconds, p: Power| p * (1.0 / self.terms.pue(t.div_euclid(3_600)));
        let mut from: Vec<Seconds> = vec![0];
        let when = |steps: &Steps, t: Seconds| if steps.dated { t + self.start } else { t };
        if let Limit::Course { steps, .. } = limit {
            let shift = if steps.dated { self.start } else { 0 };
            from.extend(steps.rows.iter().map(|r| r.0 - shift).filter(|t| *t > 0 && *t <= until));
        }
        if matches!(limit, Limit::Grid | Limit::Course { at_meter: true, .. }) {
            from.extend(hours());
        }
        from.sort_unstable();
        from.dedup();
        let mut caps: Vec<Cap> = Vec::with_capacity(from.len());
        for t in from {
            let most = match limit {
                Limit::It(power) => Some(*power),
                Limit::Grid => {
                    let hour = t.div_euclid(3_600) as usize % self.grid.len().max(1);
                    self.grid.get(hour).map(|p| at_meter(t, *p))
                }
                Limit::Course { steps, at_meter: meter } => steps.at(when(steps, t)).map(|mw| {
                    let power = Power::from_mw(mw);
                    if *meter { at_meter(t, power) } else { power }
                }),
            };
            let cap = self.draw.cap(t, most, gpus)?;
            if caps.last().is_none_or(|c| c.gpus != cap.gpus) {
                caps.push(cap);
            }
        }
        Ok(caps)
    }

    pub fn energy(&self, setting: &Setting, outcome: &Outcome) -> Energy {
        let site = &setting.site;
        let b: Bill = bill(&self.draw, &self.terms, site.layout.gpus(), &site.shares, &setting.jobs, outcome);
        let mw = |v: &[Power]| v.iter().map(|p| p.mw()).collect::<Vec<f64>>();
        let facility = mw(&b.facility);
        let mut from = outcome.start;
        let mut price = Vec::with_capacity(facility.len());
        for s in &outcome.series {
            price.push(self.terms.spot(from.div_euclid(3_600)).eur_per_mwh());
            from = s.at;
        }
        Energy {
            it: mw(&b.it),
            price,
            it_mwh: b.it_energy.mwh(),
            facility_mwh: b.total.energy.mwh(),
            cost_eur: b.total.cost.eur(),
            carbon_t: b.total.carbon.t(),
            peak_mw: facility.iter().copied().fold(0.0, f64::max),
            facility,
            by_account: b.by_account,
        }
    }
}
