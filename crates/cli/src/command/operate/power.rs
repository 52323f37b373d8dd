//! Power, cost and emissions of a run: hourly prices and PUE in, power out.

use gigatwin_facility::State;
use gigatwin_factory::SiteHours;
use gigatwin_operations::{Cap, JobClass, Outcome};

use super::setting::Setting;
use crate::command::energy::year::{Brought, Year};

/// What an accelerator draws by what it does, and the site's hours.
pub(super) struct PowerModel {
    /// Watts of a busy accelerator by class, its part of host and rack included.
    busy: [f64; JobClass::ALL.len()],
    idle: f64,
    /// Switches, optics and storage of the whole site, watts.
    common: f64,
    /// EUR/MWh, day-ahead, by hour of the year.
    pub prices: Vec<f64>,
    /// What the year pays for a MWh above the day-ahead mean.
    above: f64,
    pue: Vec<f64>,
    /// Kilograms of CO2 per MWh, location-based.
    carbon: f64,
}

/// Energy of a run.
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
    /// MWh at the meter by account: its own jobs' power, and the rest of the site by accelerator-hours.
    pub by_account: Vec<f64>,
}

impl PowerModel {
    pub fn new(site: &SiteHours, gpus: i64, seed: u64) -> Result<Self, String> {
        let year = Year::new(site, &Brought::default(), seed)?;
        let chips: f64 = site.partitions.iter().map(|p| p.accelerators).sum();
        let of = |state: State| {
            site.partitions.iter().map(|p| p.power.of(state).w()).sum::<f64>() / chips.max(1.0)
        };
        let (idle, train, decode) = (of(State::Idle), of(State::TrainCompute), of(State::Decode));
        let mut busy = [train; JobClass::ALL.len()];
        busy[JobClass::Serving as usize] = decode;
        // A person thinks more than the chip computes: half way between idle and computing.
        busy[JobClass::Interactive as usize] = 0.5 * (idle + train);
        let energy = year.bill.energy.mwh();
        let mean = year.mean_price().eur_per_mwh();
        Ok(Self {
            busy,
            idle,
            common: site.it_common.w() * gpus as f64 / chips.max(1.0),
            prices: year.prices.iter().map(|p| p.eur_per_mwh()).collect(),
            above: year.bill.total().eur() / energy - mean,
            pue: (0..year.len()).map(|h| year.hours.pue(h).unwrap_or(year.facility.pue)).collect(),
            carbon: year.bill.carbon_location.t() * 1e3 / energy,
        })
    }

    /// Accelerators that may be busy under a cap on IT power, all others idle.
    pub fn cap(&self, mw: f64, gpus: i64) -> Cap {
        let room = mw * 1e6 - self.common - self.idle * gpus as f64;
        let most = self.busy.iter().copied().fold(0.0, f64::max);
        Cap { from: 0, gpus: (room / (most - self.idle).max(1e-9)).floor().max(0.0) as i64 }
    }

    pub fn energy(&self, setting: &Setting, outcome: &Outcome) -> Energy {
        let gpus = setting.site.layout.gpus() as f64;
        let step = setting.settings.sample.unwrap_or(900) as f64 / 3_600.0;
        let at = |v: &[f64], hour: usize| v[hour % v.len().max(1)];
        let n = outcome.series.len();
        let mut e = Energy {
            it: Vec::with_capacity(n),
            facility: Vec::with_capacity(n),
            price: Vec::with_capacity(n),
            it_mwh: 0.0,
            facility_mwh: 0.0,
            cost_eur: 0.0,
            carbon_t: 0.0,
            peak_mw: 0.0,
            by_account: Vec::new(),
        };
        for s in &outcome.series {
            let hour = ((s.at - 1).max(0) / 3_600) as usize;
            let working: f64 = s.busy.iter().zip(&self.busy).map(|(n, w)| n * w).sum();
            let it = (working + (gpus - s.busy_all() - s.down).max(0.0) * self.idle + self.common) / 1e6;
            let facility = it * at(&self.pue, hour);
            let price = at(&self.prices, hour);
            e.it_mwh += it * step;
            e.facility_mwh += facility * step;
            e.cost_eur += facility * step * (price + self.above);
            e.peak_mw = e.peak_mw.max(facility);
            e.it.push(it);
            e.facility.push(facility);
            e.price.push(price);
        }
        e.carbon_t = e.facility_mwh * self.carbon / 1e3;
        // Own power, then an equal part per accelerator-hour of what nobody's job draws and of the plant.
        let accounts = setting.site.shares.accounts().len();
        let (mut own, mut hours) = (vec![0.0; accounts], vec![0.0; accounts]);
        for (job, r) in setting.jobs.iter().zip(&outcome.jobs) {
            let held = r.held as f64 / 3_600.0;
            own[job.tenant as usize] += held * self.busy[job.class as usize] / 1e6;
            hours[job.tenant as usize] += held;
        }
        let (all_own, all_hours): (f64, f64) = (own.iter().sum(), hours.iter().sum());
        let rest = (e.facility_mwh - all_own).max(0.0);
        let leaf: Vec<f64> = own
            .iter()
            .zip(&hours)
            .map(|(o, h)| o + if all_hours > 0.0 { rest * h / all_hours } else { 0.0 })
            .collect();
        e.by_account = setting.site.shares.totals(&leaf);
        e
    }
}
