//! A site's hours as a case for the dispatch: the file's contracts, plants, battery, flexibility and connection in the terms of
//! the energy engine, and the answer in the terms of the site.

use gigatwin_energy::dispatch::{
    Band, Battery, BatteryStart, CarbonCase, CarbonYear, Case, Deferral, Dispatch, DispatchError, Grid,
    Plant, Policy, PowerCap, Purchase, Site, Size, Windows, non_firm_limit,
};
use gigatwin_energy::hours::{HourlySupply, WeatherSigns};
use gigatwin_energy::{EnergyError, Technology};
use gigatwin_quantity::{Energy, EnergyPrice, Money, Power, PowerRate, Share, Time};

use crate::SiteHours;

/// The hours a dispatch works on; all series of one length.
#[derive(Debug, Clone, Copy)]
pub struct DispatchHours<'a> {
    /// What the site draws if nothing gives way: the data centre and its heat pump.
    pub load: &'a [Power],
    /// Day-ahead price.
    pub prices: &'a [EnergyPrice],
    /// What the contracts deliver.
    pub supplies: &'a [HourlySupply],
    /// Wind and sun, for plants that are sized.
    pub signs: &'a WeatherSigns,
    /// Highest power the plant is laid out for: what is left of it is there to catch up.
    pub peak: Power,
}

/// What is sized.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sought {
    /// PV on the site.
    pub solar: bool,
    /// Wind on the site.
    pub wind: bool,
    /// A battery, in the place of the file's.
    pub battery: bool,
}

impl Sought {
    /// Whether anything is.
    pub fn any(self) -> bool {
        self.solar || self.wind || self.battery
    }
}

/// How far the dispatch sees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Sight {
    /// The whole horizon at once.
    Whole,
    /// Windows.
    Rolling(Windows),
}

/// The dispatch of a site.
#[derive(Debug, Clone)]
pub struct SiteDispatch {
    /// What was asked, with sizes found put in.
    pub case: Case,
    /// The answer.
    pub dispatch: Dispatch,
    /// Where the energy came from.
    pub carbon: CarbonYear,
    /// Sizes found: PV, wind.
    pub solar: Option<Power>,
    /// The same.
    pub wind: Option<Power>,
    /// Whether the battery was found.
    pub battery_found: bool,
    /// What the horizon would have cost with perfect foresight; for windows only.
    pub perfect: Option<Money>,
    /// Output over size of PV and wind on the site, and what a megawatt of each would be worth.
    pub worth: Worth,
}

/// What one more unit is worth per year, and what it costs.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Worth {
    /// Of the connection.
    pub connection: Option<PowerRate>,
    /// Of the right to feed in.
    pub export: Option<PowerRate>,
    /// Of PV on the site, before its cost.
    pub solar: Option<PowerRate>,
    /// Of wind on the site, before its cost.
    pub wind: Option<PowerRate>,
    /// Of battery power, before its cost.
    pub battery_power: Option<PowerRate>,
    /// Of battery energy, before its cost, per energy held and year.
    pub battery_energy: Option<EnergyPrice>,
    /// Of one more unit of load, mean over the hours.
    pub load: Option<EnergyPrice>,
}

impl SiteHours {
    /// The case of a dispatch, and where in its plants the sized ones stand.
    ///
    /// # Errors
    /// Capacity factors beyond their curve.
    pub fn case(
        &self,
        h: &DispatchHours<'_>,
        sought: Sought,
    ) -> Result<(Case, Option<usize>, Option<usize>), EnergyError> {
        let n = h.load.len();
        let mut plants = Vec::new();
        let mut bands = Vec::new();
        let mut technologies = self.technologies().into_iter();
        for supply in h.supplies {
            match supply {
                HourlySupply::Produced { capacity, profile, price, on_site } => plants.push(Plant {
                    technology: technologies.next().unwrap_or(Technology::Wind),
                    site: if *on_site {
                        Site::OnSite { price: *price }
                    } else {
                        Site::Agreement { price: *price }
                    },
                    size: Size::Fixed(*capacity),
                    profile: profile.clone(),
                }),
                HourlySupply::Band { power, price, origin } => {
                    bands.push(Band { power: *power, price: *price, origin: *origin });
                }
            }
        }
        let twice = h.load.iter().fold(Power::ZERO, |m, p| m.max(*p)) * 2.0;
        let (mut solar, mut wind) = (None, None);
        if sought.solar || sought.wind {
            let (sun, air) = self.own_profiles(h.signs)?;
            let mut add = |technology, most: Option<Power>, yearly, profile| {
                plants.push(Plant {
                    technology,
                    site: Site::OnSite { price: EnergyPrice::ZERO },
                    size: Size::Free { most: most.unwrap_or(twice), yearly },
                    profile,
                });
                plants.len() - 1
            };
            if sought.solar {
                solar = Some(add(Technology::Solar, self.sizing.solar, self.yearly.solar, sun));
            }
            if sought.wind {
                wind = Some(add(Technology::Wind, self.sizing.wind, self.yearly.wind, air));
            }
        }
        let cells = |power, energy| Battery {
            power,
            energy,
            charge_efficiency: self.charge_efficiency,
            discharge_efficiency: self.discharge_efficiency,
            standing_loss: Share::ZERO,
            wear: self.wear,
            start: BatteryStart::Cyclic,
        };
        let battery = if sought.battery {
            let power = self.sizing.battery_power.unwrap_or(twice);
            let energy = self.sizing.battery_energy.unwrap_or(twice * Time::from_hours(4.0));
            Some(cells(
                Size::Free { most: power, yearly: self.yearly.battery_power },
                Size::Free { most: energy, yearly: self.yearly.battery_energy },
            ))
        } else {
            self.battery.map(|b| cells(Size::Fixed(b.power), Size::Fixed(b.energy)))
        };
        let highest = h.load.iter().fold(Power::ZERO, |m, p| m.max(*p));
        let case = Case {
            step: Time::from_hours(1.0),
            load: h.load.to_vec(),
            spot: h.prices.to_vec(),
            purchase: match self.fixed {
                Some(price) => Purchase::Fixed { price },
                None => Purchase::Spot { margin: self.market.supplier_margin },
            },
            grid: Grid {
                import_limit: if n == h.prices.len() {
                    non_firm_limit(self.grid_firm, self.grid_flexible, self.curtailed, h.prices)
                } else {
                    vec![self.grid_firm; n]
                },
                export_limit: self.export_limit,
                import_charge: self.market.network_charge + self.market.taxes,
                export_charge: self.export_discount,
                peak_charge: self.market.capacity_charge,
            },
            bands,
            plants,
            battery,
            cap: self.flexibility.cap.map(|(share, value)| PowerCap { share, value }),
            deferral: self.flexibility.deferral.map(|d| Deferral {
                share: d.share,
                catch_up: d.catch_up.unwrap_or((h.peak - highest).max(Power::ZERO)),
                block: (d.within.hours().round() as usize).max(1),
                cost: d.cost,
            }),
        };
        Ok((case, solar, wind))
    }

    /// Dispatches the hours.
    ///
    /// Windows cannot size and cannot weigh a charge on the peak of the year: sizes are found with the whole horizon in view
    /// first, and the charge is put on the peak that results.
    ///
    /// # Errors
    /// As [`Case::dispatch`] and [`Case::dispatch_rolling`]; capacity factors beyond their curve in words.
    pub fn dispatch(
        &self,
        h: &DispatchHours<'_>,
        sought: Sought,
        sight: Sight,
    ) -> Result<SiteDispatch, SiteDispatchError> {
        let (mut case, solar, wind) = self.case(h, sought)?;
        let whole = case.dispatch(&Policy::default())?;
        let values = whole.values.clone();
        let size = |index: Option<usize>| index.and_then(|i| whole.sizes.plants.get(i).copied());
        let (solar_size, wind_size) = (size(solar), size(wind));
        let investment = whole.bill.investment;
        let (dispatch, perfect) = match sight {
            Sight::Whole => (whole.clone(), None),
            Sight::Rolling(windows) => {
                for (plant, found) in case.plants.iter_mut().zip(&whole.sizes.plants) {
                    if let Size::Free { .. } = plant.size {
                        plant.size = Size::Fixed(*found);
                    }
                }
                if let Some(b) = &mut case.battery
                    && sought.battery
                {
                    b.power = Size::Fixed(whole.sizes.battery_power);
                    b.energy = Size::Fixed(whole.sizes.battery_energy);
                }
                let charge = case.grid.peak_charge;
                case.grid.peak_charge = PowerRate::ZERO;
                let mut rolled = case.dispatch_rolling(&windows)?;
                case.grid.peak_charge = charge;
                let peak = rolled.hourly.import.iter().fold(Power::ZERO, |m, p| m.max(*p));
                rolled.bill.peak = peak * charge * case.years();
                rolled.bill.investment = investment;
                rolled.proof.objective = rolled.bill.total();
                (rolled, Some(whole.proof.objective))
            }
        };
        let carbon = CarbonYear::of(
            &case,
            &dispatch,
            &CarbonCase {
                location: vec![self.carbon.location],
                residual: self.carbon.residual,
                carbon_free: Vec::new(),
                contracted: self.carbon.contracted,
            },
        );
        let worth = values.map(|v| self.worth(h, &case, &whole, &v)).transpose()?.unwrap_or_default();
        Ok(SiteDispatch {
            case,
            dispatch,
            carbon,
            solar: solar_size,
            wind: wind_size,
            battery_found: sought.battery,
            perfect,
            worth,
        })
    }

    /// Values of more of everything. A plant that the site does not have is worth what its output would save at the value of
    /// each hour's load; where feeding in earns more than that, this is a lower bound.
    fn worth(
        &self,
        h: &DispatchHours<'_>,
        case: &Case,
        whole: &Dispatch,
        v: &gigatwin_energy::dispatch::MarginalValues,
    ) -> Result<Worth, EnergyError> {
        let (sun, air) = self.own_profiles(h.signs)?;
        let of = |profile: &[Share]| {
            let eur: f64 = whole
                .hourly
                .value
                .iter()
                .zip(profile)
                .map(|(p, s)| p.eur_per_mwh().max(0.0) * s.fraction())
                .sum();
            PowerRate::from_eur_per_kw_year(eur / case.years() / 1e3)
        };
        let has_battery = case.battery.is_some();
        Ok(Worth {
            connection: Some(v.connection),
            export: Some(v.export),
            solar: Some(of(&sun)),
            wind: Some(of(&air)),
            battery_power: has_battery.then_some(v.battery_power),
            battery_energy: has_battery.then_some(v.battery_energy),
            load: Some(v.load),
        })
    }
}

/// Why a site has no dispatch.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SiteDispatchError {
    /// The dispatch itself.
    #[error(transparent)]
    Dispatch(#[from] DispatchError),
    /// Profiles of plants.
    #[error(transparent)]
    Energy(#[from] EnergyError),
}

impl SiteDispatch {
    /// Everything paid in a year, earnings taken off.
    pub fn cost(&self) -> Money {
        self.dispatch.bill.total() / self.case.years()
    }

    /// What the load uses in the whole horizon once caps have taken their part.
    pub fn energy(&self) -> Energy {
        let load: Power = self.case.load.iter().copied().sum();
        let capped: Power = self.dispatch.hourly.capped.iter().copied().sum();
        (load - capped) * self.case.step
    }
}
