//! A factory as the hourly year sees it: IT power, plant, climate, contracts and charges in the base case.

use gigatwin_energy::hours::{HourlySupply, PriceShape, WeatherSigns, solar_profile, wind_profile};
use gigatwin_energy::{
    CarbonInputs, Contract as Supply, DurationShape, EnergyError, Market, Technology as Source,
    solar_capacity_factor,
};
use gigatwin_facility::{
    Backup, Climate, FacilityInputs, FacilityYear, ItPower, Stage, State, Swing, SynopticInputs,
};
use gigatwin_quantity::{Energy, EnergyPrice, Money, Power, PowerPrice, PowerRate, Quantity, Share, Time};

use crate::evaluate::{gates, hours, machine, physical, plan, schedule, site, uses};
use crate::inputs::Values;
use crate::outcome::GateResult;
use crate::resolved::Factory;

/// Power of one partition by what its chips do.
#[derive(Debug, Clone)]
pub struct PowerByState {
    /// Name in the file, as an id.
    pub partition: String,
    /// Accelerators.
    pub accelerators: f64,
    /// Power if all chips were in one state; mean and peak.
    pub power: ItPower,
    /// Speed of compute-bound training when chips are capped at four fifths of their full power.
    pub speed_at_four_fifths: Option<Share>,
    /// What such a cap takes off the power of the partition.
    pub saved_at_four_fifths: Power,
}

/// The square wave of one training run.
#[derive(Debug, Clone)]
pub struct TrainingSwing {
    /// Name in the file, as an id.
    pub run: String,
    /// The wave of the whole run.
    pub swing: Swing,
}

/// A battery and its cost.
#[derive(Debug, Clone, Copy)]
pub struct SiteBattery {
    /// Charge and discharge power.
    pub power: Power,
    /// Usable energy.
    pub energy: Energy,
}

/// Yearly costs of what may be sized.
#[derive(Debug, Clone, Copy)]
pub struct YearlyCosts {
    /// PV on the site.
    pub solar: PowerRate,
    /// Wind on the site.
    pub wind: PowerRate,
    /// Battery, per power.
    pub battery_power: PowerRate,
    /// Battery, per energy and year.
    pub battery_energy: EnergyPrice,
}

/// What of the load may give way, as the file says; nothing where it does not.
#[derive(Debug, Clone, Copy)]
pub struct SiteFlexibility {
    /// Share of the load that power caps may take, and what the work not done is worth, per energy not drawn.
    pub cap: Option<(Share, EnergyPrice)>,
    /// Training that may wait.
    pub deferral: Option<SiteDeferral>,
}

/// Training that may wait.
#[derive(Debug, Clone, Copy)]
pub struct SiteDeferral {
    /// Share of the load.
    pub share: Share,
    /// Length of the block at whose end all is caught up.
    pub within: Time,
    /// Power beyond the load when catching up; `None`: what provisioned power leaves.
    pub catch_up: Option<Power>,
    /// Per energy put off.
    pub cost: EnergyPrice,
}

/// Limits of sizes that are sought.
#[derive(Debug, Clone, Copy, Default)]
pub struct SizingLimits {
    /// PV.
    pub solar: Option<Power>,
    /// Wind.
    pub wind: Option<Power>,
    /// Battery.
    pub battery_power: Option<Power>,
    /// Battery.
    pub battery_energy: Option<Energy>,
}

/// Everything the hourly year needs, every range at its mode.
#[derive(Debug, Clone)]
pub struct SiteHours {
    /// Name, place and country (ISO 3166, upper case).
    pub name: String,
    /// Name of the place.
    pub place: String,
    /// Host State.
    pub country: String,
    /// Bidding zone; the country's code where the catalog names none.
    pub zone: String,
    /// Hash of all inputs.
    pub inputs_sha256: String,
    /// Accelerators.
    pub accelerators: f64,
    /// Accelerator-hours of a year that are used.
    pub used_hours: f64,
    /// Accelerator-hours of a year that are available.
    pub available_hours: f64,
    /// Mean IT power.
    pub it_mean: Power,
    /// IT power by hour of the day, local time: what services, notebooks, fine-tuning and the rest draw.
    pub it_day: [Power; 24],
    /// Provisioned IT power.
    pub it_peak: Power,
    /// Switches, optics and storage: constant, part of both.
    pub it_common: Power,
    /// By partition.
    pub partitions: Vec<PowerByState>,
    /// By training run.
    pub swings: Vec<TrainingSwing>,
    /// The plant.
    pub facility: FacilityInputs,
    /// Statistics of the place.
    pub climate: Climate,
    /// How days differ from months.
    pub synoptic: SynopticInputs,
    /// Degrees north and east.
    pub position: (f64, f64),
    /// Contracts.
    contracts: Vec<Supply>,
    /// One price for what is open, where a contract sets it.
    pub fixed: Option<EnergyPrice>,
    /// Charges; `wholesale` is the mean day-ahead price of the opening year.
    pub market: Market,
    /// Emissions.
    pub carbon: CarbonInputs,
    /// Monthly means of the day-ahead price.
    pub monthly_price: [EnergyPrice; 12],
    /// Whether the place's country has seasons of its own in the catalog.
    pub seasons_known: bool,
    /// How hours differ from the month.
    pub price_shape: PriceShape,
    /// The battery of the file.
    pub battery: Option<SiteBattery>,
    /// Of it and of one that is sized.
    pub charge_efficiency: Share,
    /// The same.
    pub discharge_efficiency: Share,
    /// Per energy delivered.
    pub wear: EnergyPrice,
    /// Taken off the hour's price where energy is fed in.
    pub export_discount: EnergyPrice,
    /// Of plants and a battery that are sized.
    pub yearly: YearlyCosts,
    /// Always there.
    pub grid_firm: Power,
    /// May be called back.
    pub grid_flexible: Power,
    /// At the connection.
    pub power_factor: Share,
    /// Price of sold heat, where there is a buyer.
    pub heat_price: Option<EnergyPrice>,
    /// Buyer of heat.
    pub heat_buyer: Option<String>,
    /// How long the site runs without the grid.
    pub backup: Backup,
    /// P10 and P90 of the model's error of PUE − 1, as factors.
    pub overhead_band: (f64, f64),
    /// P10 and P90 of the model's error of IT power, as factors.
    pub it_band: (f64, f64),
    /// Rectifiers in the racks; their loss is part of the IT power.
    pub rectifier: Stage,
    /// What of the load may give way.
    pub flexibility: SiteFlexibility,
    /// The most that may be built where sizes are sought: PV, wind, battery power, battery energy.
    pub sizing: SizingLimits,
    /// Share of the hours in which flexible capacity is taken away.
    pub curtailed: Share,
    /// Power that may be fed in.
    pub export_limit: Power,
    /// Standard deviations of forecasts beyond what is known: of the price, and of wind and sun.
    pub forecast_error: (EnergyPrice, Share),
    solar_factor: Share,
    solar_shape: DurationShape,
    wind_factor: Share,
    wind_shape: DurationShape,
}

/// Yearly cost of an investment: its annuity and upkeep.
fn yearly(cost: f64, life: Time, rate: Share, upkeep: Share) -> f64 {
    let (i, n) = (rate.fraction(), (life.hours() / 8766.0).max(1.0));
    let annuity = if i > 0.0 { i / (1.0 - (1.0 + i).powf(-n)) } else { 1.0 / n };
    cost * (annuity + upkeep.fraction())
}

/// What the file says of flexibility.
///
/// **Rule of a cap's price.** Chips held at four fifths of their full power while computing lose the share of their speed
/// that the machine says; the accelerator-hours lost, at their worth, over the energy not drawn are the price of a cap.
/// Where such a cap takes nothing away, energy can only be saved by stopping: then all hours over all energy.
fn flexibility(f: &Factory, v: &Values<'_>, partitions: &[PowerByState], mean: Power) -> SiteFlexibility {
    let (x, h) = (&f.energy.flexibility, &f.hourly);
    let hour = x.hour_value.map_or(h.hour_value, |p| v.get(p)).eur_per_h();
    let (mut lost, mut saved) = (0.0, 0.0);
    for p in partitions {
        if let Some(speed) = p.speed_at_four_fifths {
            lost += p.accelerators * (1.0 - speed.fraction());
            saved += p.saved_at_four_fifths.mw();
        }
    }
    let all: f64 = partitions.iter().map(|p| p.accelerators).sum();
    let worth = EnergyPrice::from_eur_per_mwh(if saved > 0.0 {
        lost * hour / saved
    } else {
        all * hour / mean.mw().max(f64::MIN_POSITIVE)
    });
    SiteFlexibility {
        cap: x.cap.map(|s| (v.get(s), worth)),
        deferral: x.deferrable.map(|share| SiteDeferral {
            share: v.get(share),
            within: x.within.map_or(Time::from_hours(24.0), |t| v.get(t)),
            catch_up: x.catch_up.map(|p| v.get(p)),
            cost: x.deferral_cost.map_or(h.deferral_cost, |p| v.get(p)),
        }),
    }
}

/// Looks at a factory hour by hour.
///
/// # Errors
/// In words, where machine, availability or schedule cannot be evaluated.
pub fn site_hours(f: &Factory) -> Result<SiteHours, String> {
    let base = f.inputs.base();
    let v = Values::new(&f.inputs, &base);
    let plans = plan(f, &v);
    let p = physical(f, &v, &plans);
    if let (true, Some(reason)) = (p.machines.is_empty(), p.infeasible.first()) {
        return Err(reason.reason.clone());
    }
    let mut sheet = p.sheet.clone();
    let available = hours::available(f, &v, &p.machines, &mut sheet)?;
    schedule::evaluate(f, &v, &mut sheet)?;
    let common = p.networks.power + p.networks.storage_power;
    let (mut mean, mut peak, mut liquid, mut racks) = (common, common, 0.0, Power::ZERO);
    let mut by_hour = [common; 24];
    let mut partitions = Vec::new();
    for (i, m) in p.machines.iter().enumerate() {
        let running = available.running();
        let power = machine::power(m, uses::mix(f, &v, &p, i, 0..24, running))?;
        for (h, sum) in by_hour.iter_mut().enumerate() {
            *sum += machine::power(m, uses::mix(f, &v, &p, i, h..h + 1, running))?.mean;
        }
        mean += power.mean;
        peak += power.peak;
        racks += power.peak;
        liquid += power.peak.w() * v.get(f.partitions[i].liquid_share).fraction();
        let speed = gigatwin_facility::speed_under_cap(
            &m.load,
            State::TrainCompute,
            m.load.chip_tdp * 0.8,
            f.hourly.cap_speed_exponent,
        );
        partitions.push(PowerByState {
            partition: f.partitions[i].slug.clone(),
            accelerators: m.accelerators,
            power,
            speed_at_four_fifths: speed.ok(),
            saved_at_four_fifths: (m.load.chip_idle
                + (m.load.chip_tdp - m.load.chip_idle) * m.load.activity.train_compute.fraction()
                - m.load.chip_tdp * 0.8)
                .max(Power::ZERO)
                * m.accelerators,
        });
    }
    mean = (mean * v.number(f.bands.it_power)).min(peak);
    // The course of the day around the mean of the year, within what is provisioned.
    let course: Power = by_hour.iter().copied().sum::<Power>() / 24.0;
    let it_day = by_hour.map(|x| (mean * (x / course)).min(peak));
    let mut swings = Vec::new();
    for (run, done) in f.runs.iter().zip(&p.runs) {
        let (Some(done), Some(by_state)) = (done, partitions.get(run.partition)) else { continue };
        let part = done.accelerators / by_state.accelerators;
        let step = p.sheet.at(&format!("training.{}.step_time", run.slug));
        let (computing, communicating) = (done.computing, done.communicating);
        if computing + communicating > 0.0 && step.is_finite() {
            swings.push(TrainingSwing {
                run: run.slug.clone(),
                swing: Swing {
                    high: by_state.power.of(State::TrainCompute) * part,
                    low: by_state.power.of(State::TrainCommunicate) * part,
                    period: Time::from_s(step),
                    computing: Share::from_fraction(computing / (computing + communicating)),
                    ramp: f.hourly.swing_ramp,
                },
            });
        }
    }
    let spot = site::spot(f, &v, &sheet);
    let all = site::contracts(f, &v);
    let fixed = all.iter().find_map(|c| match c {
        Supply::Fixed { price } => Some(*price),
        _ => None,
    });
    let d = &f.defaults.contracts;
    let shape = |idle, top, linear| DurationShape {
        idle_share: v.get(idle),
        top: v.get(top),
        linear_share: v.get(linear),
    };
    let solar_factor = match f.site.climate.mean_irradiance() {
        Some(g) => solar_capacity_factor(g, v.number(d.solar_tilt_gain), v.get(d.solar_performance_ratio)),
        None => v.get(d.solar_capacity_factor),
    };
    let seasons = f.energy.seasons.unwrap_or([1.0; 12]);
    let h = &f.hourly;
    let rate = |cost: PowerPrice, life| PowerRate::from_base(yearly(cost.base(), life, h.rate, h.upkeep));
    let cells = f.energy.battery.as_ref().map_or(h.battery_price, |(_, _, price)| v.get(*price));
    let band = |path: &str| {
        let input = f.inputs.find(path).and_then(|i| f.inputs.get(i));
        input.map_or((1.0, 1.0), |i| (i.distribution.quantile(0.1), i.distribution.quantile(0.9)))
    };
    // A round trip is split evenly between the two ways.
    let each_way =
        f.energy.battery_efficiency.map(|x| Share::from_fraction(v.get(x).fraction().max(0.0).sqrt()));
    let flexibility = flexibility(f, &v, &partitions, mean);
    Ok(SiteHours {
        name: f.name.clone(),
        place: f.place.clone(),
        country: f.country.to_uppercase(),
        zone: f.energy.zone.clone().unwrap_or_else(|| f.country.to_uppercase()),
        inputs_sha256: f.sha256.clone(),
        accelerators: p.sheet.at("site.accelerators"),
        used_hours: available.used,
        available_hours: available.available,
        it_mean: mean,
        it_day,
        it_peak: peak,
        it_common: common,
        partitions,
        swings,
        facility: site::facility(f, &v, Share::from_fraction(liquid / racks.w())),
        climate: f.site.climate.clone(),
        synoptic: h.synoptic,
        position: f.site.position,
        contracts: all,
        fixed,
        market: site::market(f, &v, spot),
        carbon: site::carbon(f, &v),
        monthly_price: seasons.map(|s| spot * s),
        seasons_known: f.energy.seasons.is_some(),
        price_shape: h.price,
        battery: f
            .energy
            .battery
            .as_ref()
            .map(|(power, energy, _)| SiteBattery { power: v.get(*power), energy: v.get(*energy) }),
        charge_efficiency: each_way.unwrap_or(h.charge_efficiency),
        discharge_efficiency: each_way.unwrap_or(h.discharge_efficiency),
        wear: h.wear,
        export_discount: h.export_discount,
        yearly: YearlyCosts {
            solar: rate(h.solar_cost, h.solar_life),
            wind: rate(h.wind_cost, h.wind_life),
            battery_power: rate(h.battery_power_cost, h.battery_life),
            battery_energy: EnergyPrice::from_base(yearly(cells.base(), h.battery_life, h.rate, h.upkeep)),
        },
        grid_firm: v.get(f.site.firm),
        grid_flexible: f.site.flexible.map_or(Power::ZERO, |x| v.get(x)),
        power_factor: h.power_factor,
        rectifier: h.rectifier,
        flexibility,
        sizing: SizingLimits {
            solar: f.energy.sizing.solar.map(|x| v.get(x)),
            wind: f.energy.sizing.wind.map(|x| v.get(x)),
            battery_power: f.energy.sizing.battery_power.map(|x| v.get(x)),
            battery_energy: f.energy.sizing.battery_energy.map(|x| v.get(x)),
        },
        curtailed: f.site.curtailed.map_or(h.curtailed, |x| v.get(x)),
        export_limit: f.site.export.map_or(Power::ZERO, |x| v.get(x)),
        forecast_error: (h.price_error, h.generation_error),
        heat_price: f.site.heat.as_ref().map(|x| v.get(x.price)),
        heat_buyer: f.site.heat.as_ref().map(|x| x.buyer.clone()),
        backup: site::backup_inputs(f, &v),
        overhead_band: band("model.pue_overhead"),
        it_band: band("model.it_power"),
        solar_factor,
        solar_shape: shape(d.solar_idle_share, d.solar_top, d.solar_linear_share),
        wind_factor: v.get(d.wind_capacity_factor),
        wind_shape: shape(d.wind_idle_share, d.wind_top, d.wind_linear_share),
    })
}

impl SiteHours {
    /// What the contracts deliver, laid over hours that are windy and sunny as `signs` say.
    ///
    /// # Errors
    /// Capacity factors beyond their curve.
    pub fn supplies(&self, signs: &WeatherSigns) -> Result<Vec<HourlySupply>, EnergyError> {
        let mut out = Vec::new();
        for contract in &self.contracts {
            match contract {
                Supply::Spot | Supply::Fixed { .. } => {}
                Supply::Baseload { power, price, origin } => {
                    out.push(HourlySupply::Band { power: *power, price: *price, origin: *origin });
                }
                Supply::PayAsProduced(p) => {
                    let shape = p.shape.unwrap_or(self.wind_shape);
                    let profile = match p.technology {
                        Source::Wind => wind_profile(signs, &shape, p.capacity_factor)?,
                        Source::Solar => solar_profile(signs, &shape, p.capacity_factor)?,
                    };
                    out.push(HourlySupply::Produced {
                        capacity: p.capacity,
                        profile,
                        price: p.price,
                        on_site: p.on_site,
                    });
                }
            }
        }
        Ok(out)
    }

    /// Technology of each pay-as-produced agreement, in the order of [`SiteHours::supplies`].
    pub fn technologies(&self) -> Vec<Source> {
        self.contracts
            .iter()
            .filter_map(|c| match c {
                Supply::PayAsProduced(p) => Some(p.technology),
                _ => None,
            })
            .collect()
    }

    /// Output over size of PV and wind on the site.
    ///
    /// # Errors
    /// Capacity factors beyond their curve.
    pub fn own_profiles(&self, signs: &WeatherSigns) -> Result<(Vec<Share>, Vec<Share>), EnergyError> {
        Ok((
            solar_profile(signs, &self.solar_shape, self.solar_factor)?,
            wind_profile(signs, &self.wind_shape, self.wind_factor)?,
        ))
    }

    /// The rules of the file that look at figures of the hourly year, judged by them; all others are left out.
    pub fn gates(&self, f: &Factory, year: &FacilityYear, renewable: Option<Share>) -> Vec<GateResult> {
        let base = f.inputs.base();
        let v = Values::new(&f.inputs, &base);
        let mut sheet = crate::evaluate::sheet::Sheet::default();
        // Dates that decide which rule applies.
        let _ = schedule::evaluate(f, &v, &mut sheet);
        let scale = Time::from_hours(8766.0) / year.duration;
        sheet.put("site.pue", year.pue);
        sheet.put_some("site.wue", year.wue.map(Quantity::base));
        sheet.put("site.erf", year.erf.fraction());
        sheet.put("site.it_power", year.peak_it_power.w());
        sheet.put("site.facility_power", year.peak_facility_power.w());
        sheet.put("energy.annual", year.energy_total.joules() * scale);
        sheet.put("site.grid_headroom", (self.grid_firm + self.grid_flexible - year.peak_facility_power).w());
        sheet.put("site.grid_firm", self.grid_firm.w());
        sheet.put("site.grid_flexible", self.grid_flexible.w());
        sheet.put_some("energy.renewable_share_annual", renewable.map(Share::fraction));
        let known: Vec<String> = sheet.iter().map(|(id, _)| id.to_owned()).collect();
        let metrics: Vec<bool> = std::iter::once(true)
            .chain(
                f.rules
                    .iter()
                    .flat_map(|s| &s.gates)
                    .map(|r| known.contains(&r.gate.metric) && !r.gate.metric.starts_with("schedule")),
            )
            .collect();
        gates::results(f, gates::evaluate(f, &sheet, true))
            .into_iter()
            .zip(metrics)
            .filter(|(_, of_energy)| *of_energy)
            .map(|(gate, _)| gate)
            .collect()
    }

    /// Money of a mean price change of a euro per megawatt-hour, for each accelerator-hour used.
    pub fn per_accelerator_hour(&self, cost: Money) -> Option<Money> {
        (self.used_hours > 0.0).then(|| cost / self.used_hours)
    }
}
