//! The case in plain numbers: MW, MWh, EUR/MWh, hours.

use gigatwin_quantity::{Energy, EnergyPrice, Power};

use super::case::{BatteryStart, Case, Purchase, Site, Size};

/// A way to draw power, in one step.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Draw {
    /// EUR/MWh, charges included.
    pub(crate) cost: f64,
    /// MW.
    pub(crate) most: f64,
}

/// A size that is found.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FreeSize {
    pub(crate) most: f64,
    /// EUR per MW or MWh over the horizon.
    pub(crate) cost: f64,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Extent {
    Fixed(f64),
    Free(FreeSize),
}

impl Extent {
    pub(crate) fn most(self) -> f64 {
        match self {
            Extent::Fixed(v) => v,
            Extent::Free(f) => f.most,
        }
    }
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct FlatBattery {
    pub(crate) power: Extent,
    pub(crate) energy: Extent,
    /// MWh stored per MW drawn over a step.
    pub(crate) stored: f64,
    /// MWh taken out per MW delivered over a step.
    pub(crate) taken: f64,
    /// Kept from one step to the next.
    pub(crate) kept: f64,
    pub(crate) wear: f64,
    /// `None`: cyclic.
    pub(crate) start: Option<f64>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct FlatDeferral {
    pub(crate) share: f64,
    pub(crate) catch_up: f64,
    pub(crate) block: usize,
    pub(crate) cost: f64,
}

/// A plant on the site that is sized.
#[derive(Debug, Clone)]
pub(crate) struct FreePlant {
    /// Index in the case.
    pub(crate) plant: usize,
    pub(crate) size: FreeSize,
    /// Of the cost, what is paid for energy: EUR per MW over the horizon.
    pub(crate) paid: f64,
    pub(crate) profile: Vec<f64>,
}

/// The case in plain numbers.
#[derive(Debug, Clone)]
pub(crate) struct Flat {
    pub(crate) dt: f64,
    pub(crate) years: f64,
    pub(crate) load: Vec<f64>,
    pub(crate) spot: Vec<f64>,
    /// Made by plants on the site of given size.
    pub(crate) own: Vec<f64>,
    pub(crate) free: Vec<FreePlant>,
    /// Delivered by agreements.
    pub(crate) contracted: Vec<f64>,
    /// Price of what is bought, without charges.
    pub(crate) price: Vec<f64>,
    /// Whether it moves with the day-ahead price.
    pub(crate) follows_spot: bool,
    pub(crate) import_charge: f64,
    pub(crate) import_limit: Vec<f64>,
    /// Earned per MWh fed in.
    pub(crate) export_price: Vec<f64>,
    pub(crate) export_limit: f64,
    /// EUR per MW of peak over the horizon.
    pub(crate) peak_charge: f64,
    pub(crate) battery: Option<FlatBattery>,
    /// Share and value.
    pub(crate) cap: Option<(f64, f64)>,
    pub(crate) deferral: Option<FlatDeferral>,
    /// EUR that no choice changes: agreements, and what plants on the site of given size are paid.
    pub(crate) contracts: f64,
}

fn mw(series: &[Power]) -> Vec<f64> {
    series.iter().map(|p| p.mw()).collect()
}

fn mwh(e: Energy) -> f64 {
    e.mwh()
}

fn eur(p: EnergyPrice) -> f64 {
    p.eur_per_mwh()
}

/// Output over size below which a plant counts as standing still: bounds of a billionth of the others ruin the condition of
/// the programme and mean nothing.
const STILL: f64 = 1e-5;

fn made(share: f64) -> f64 {
    if share < STILL { 0.0 } else { share }
}

impl Flat {
    pub(crate) fn of(case: &Case) -> Self {
        let dt = case.step.hours();
        let years = case.years();
        let spot: Vec<f64> = case.spot.iter().map(|p| eur(*p)).collect();
        let mut contracted = vec![0.0; case.steps()];
        let mut own = vec![0.0; case.steps()];
        let mut free = Vec::new();
        let mut contracts = 0.0;
        for band in &case.bands {
            contracted.iter_mut().for_each(|c| *c += band.power.mw());
            contracts += band.power.mw() * dt * case.steps() as f64 * eur(band.price);
        }
        for (i, plant) in case.plants.iter().enumerate() {
            let profile: Vec<f64> = plant.profile.iter().map(|s| made(s.fraction())).collect();
            let full_hours = profile.iter().sum::<f64>() * dt;
            match (plant.size, plant.site) {
                (Size::Fixed(size), Site::OnSite { price }) => {
                    own.iter_mut().zip(&profile).for_each(|(o, p)| *o += size.mw() * p);
                    contracts += size.mw() * full_hours * eur(price);
                }
                (Size::Fixed(size), Site::Agreement { price }) => {
                    contracted.iter_mut().zip(&profile).for_each(|(o, p)| *o += size.mw() * p);
                    contracts += size.mw() * full_hours * eur(price);
                }
                (Size::Free { most, yearly }, Site::OnSite { price } | Site::Agreement { price }) => {
                    let paid = full_hours * eur(price);
                    let cost = yearly.eur_per_kw_year() * 1e3 * years + paid;
                    free.push(FreePlant {
                        plant: i,
                        size: FreeSize { most: most.mw(), cost },
                        paid,
                        profile,
                    });
                }
            }
        }
        let price = match case.purchase {
            Purchase::Spot { margin } => spot.iter().map(|p| p + eur(margin)).collect(),
            Purchase::Fixed { price } => vec![eur(price); case.steps()],
        };
        let battery = case.battery.map(|b| FlatBattery {
            power: match b.power {
                Size::Fixed(p) => Extent::Fixed(p.mw()),
                Size::Free { most, yearly } => {
                    Extent::Free(FreeSize { most: most.mw(), cost: yearly.eur_per_kw_year() * 1e3 * years })
                }
            },
            energy: match b.energy {
                Size::Fixed(e) => Extent::Fixed(mwh(e)),
                Size::Free { most, yearly } => {
                    Extent::Free(FreeSize { most: mwh(most), cost: eur(yearly) * years })
                }
            },
            stored: b.charge_efficiency.fraction() * dt,
            taken: dt / b.discharge_efficiency.fraction(),
            kept: 1.0 - b.standing_loss.fraction(),
            wear: eur(b.wear),
            start: match b.start {
                BatteryStart::Cyclic => None,
                BatteryStart::Level(level) => Some(mwh(level)),
            },
        });
        Self {
            dt,
            years,
            load: mw(&case.load),
            export_price: spot.iter().map(|p| p - eur(case.grid.export_charge)).collect(),
            spot,
            own,
            free,
            contracted,
            price,
            follows_spot: matches!(case.purchase, Purchase::Spot { .. }),
            import_charge: eur(case.grid.import_charge),
            import_limit: mw(&case.grid.import_limit),
            export_limit: case.grid.export_limit.mw(),
            peak_charge: case.grid.peak_charge.eur_per_kw_year() * 1e3 * years,
            battery,
            cap: case.cap.map(|c| (c.share.fraction(), eur(c.value))),
            deferral: case.deferral.map(|d| FlatDeferral {
                share: d.share.fraction(),
                catch_up: d.catch_up.mw(),
                block: d.block.max(1),
                cost: eur(d.cost),
            }),
            contracts,
        }
    }

    pub(crate) fn steps(&self) -> usize {
        self.load.len()
    }

    /// Ways to draw power in step `t`: agreements, then purchase. The connection bounds both together; as the cheaper
    /// one is used first, it is enough to leave the dearer one the rest.
    pub(crate) fn draws(&self, t: usize) -> [Draw; 2] {
        let limit = self.import_limit[t];
        // Energy of agreements costs what selling it would have earned.
        let agreed = self.spot[t] + self.import_charge;
        let bought = self.price[t] + self.import_charge;
        let most = if bought < agreed { 0.0 } else { self.contracted[t].min(limit) };
        [Draw { cost: agreed, most }, Draw { cost: bought, most: limit - most }]
    }

    /// Objective of the programme to the whole bill: agreements are paid, and what they deliver could all be sold.
    pub(crate) fn constant(&self) -> f64 {
        let sold: f64 = self.contracted.iter().zip(&self.spot).map(|(q, p)| q * p).sum();
        self.contracts - sold * self.dt
    }

    /// Steps that could fall short if nothing but the connection and plants on the site served them.
    pub(crate) fn tight(&self, range: std::ops::Range<usize>, sizes: &[f64]) -> bool {
        let capped = self.cap.map_or(0.0, |(share, _)| share);
        range
            .into_iter()
            .any(|t| self.load[t] * (1.0 - capped) > self.import_limit[t] + self.available(t, sizes))
    }

    /// What the plants on the site can make in step `t`, with these sizes of the free ones.
    pub(crate) fn available(&self, t: usize, sizes: &[f64]) -> f64 {
        self.own[t] + self.free.iter().zip(sizes).map(|(f, s)| f.profile[t] * s).sum::<f64>()
    }

    /// Whether deferred work must be caught up at the end of step `t`.
    pub(crate) fn closes(&self, t: usize) -> bool {
        self.deferral.is_none_or(|d| (t + 1).is_multiple_of(d.block)) || t + 1 == self.steps()
    }
}
