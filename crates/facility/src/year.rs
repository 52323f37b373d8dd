//! The year of a site: IT power and weather in, energy, water and heat out.
//!
//! Indicators as defined in Annex III of Delegated Regulation (EU) 2024/1364: PUE = E_DC / E_IT, WUE = W_in / E_IT,
//! ERF = E_reuse / E_DC. Electricity of a heat pump that lifts sold heat is left out of E_DC and booked apart.

use gigatwin_quantity::{Energy, Power, Share, Temperature, Time, Volume, WaterIntensity};

use crate::cooling::Loop;
use crate::error::{not_negative, positive, share, temperature};
use crate::heat::{Reuse, Sale};
use crate::{FacilityError, HeatReuse, LoopInputs, PowerChain, WeatherPoint};

/// IT power over the year: constant at its mean; everything is laid out for the peak.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ItProfile {
    /// Mean power.
    pub mean: Power,
    /// Provisioned power.
    pub peak: Power,
}

/// The hot hour the site is laid out for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DesignPoint {
    /// Dry bulb.
    pub dry_bulb: Temperature,
    /// Wet bulb, where known.
    pub wet_bulb: Option<Temperature>,
}

/// The building and its plant.
#[derive(Debug, Clone, PartialEq)]
pub struct FacilityInputs {
    /// Share of the IT heat that goes to the liquid loop; the rest goes to room air.
    pub liquid_share: Share,
    /// The liquid loop; needed where `liquid_share` is above zero.
    pub liquid: Option<LoopInputs>,
    /// The loop that cools room air.
    pub air: LoopInputs,
    /// Power chain.
    pub chain: PowerChain,
    /// Lighting, offices, security, controls: constant, share of the provisioned IT power.
    pub fixed_load_share: Share,
    /// Buyer of heat, where there is one.
    pub heat_reuse: Option<HeatReuse>,
    /// Of the power of the liquid loop's pumps, the part that turns in coolant distribution units; the rest carries facility water.
    pub cdu_pump_share: Share,
    /// Hot hour for the peak; without one the hottest points of the year are taken.
    pub design_point: Option<DesignPoint>,
}

/// What the site used in a year (or in whatever time the weather covers).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FacilityYear {
    /// Time covered.
    pub duration: Time,
    /// Everything the data centre drew: the sum of the parts below.
    pub energy_total: Energy,
    /// IT.
    pub energy_it: Energy,
    /// Losses of the power chain.
    pub energy_losses: Energy,
    /// Fans of dry coolers.
    pub energy_fans: Energy,
    /// Pumps.
    pub energy_pumps: Energy,
    /// Of them, those in coolant distribution units.
    pub energy_cdu_pumps: Energy,
    /// Fans that move room air.
    pub energy_air_movers: Energy,
    /// Chillers.
    pub energy_chillers: Energy,
    /// Fixed loads.
    pub energy_fixed: Energy,
    /// Heat pump for sold heat; not part of `energy_total`.
    pub energy_heat_pump: Energy,
    /// E_DC / E_IT.
    pub pue: f64,
    /// Mean power of the data centre.
    pub mean_facility_power: Power,
    /// Provisioned IT power on the hottest hour, with all it needs; no heat pump.
    pub peak_facility_power: Power,
    /// Provisioned IT power.
    pub peak_it_power: Power,
    /// Water taken in; `None` where it depends on a wet bulb that is not known.
    pub water: Option<Volume>,
    /// Water per IT energy.
    pub wue: Option<WaterIntensity>,
    /// Heat taken from the data centre for reuse.
    pub heat_reused: Energy,
    /// Heat delivered to the buyer: with the heat pump's electricity.
    pub heat_sold: Energy,
    /// E_reuse / E_DC.
    pub erf: Share,
    /// Time with adiabatic assist running.
    pub time_wetted: Time,
    /// Time in which assist would have run but the wet bulb is not known: it was then left off.
    pub time_wet_unknown: Time,
    /// Time with a chiller running.
    pub time_chiller: Time,
    /// Time in which the supply temperature could not be held.
    pub time_short: Time,
}

#[derive(Default, Clone, Copy)]
pub(crate) struct Draw {
    pub fans: f64,
    pub chiller: f64,
    pub water: f64,
    pub wet_unknown: bool,
    pub wetted: bool,
    pub short: bool,
    pub sale: Sale,
}

/// The site at one IT power, ready for many hours. Watts.
pub(crate) struct Plant {
    liquid: Option<(Loop, f64)>,
    air: Loop,
    air_heat: f64,
    reuse: Option<Reuse>,
    /// Constant parts: IT, losses of its chain, fixed loads, air movers, pumps.
    pub it: f64,
    pub it_losses: f64,
    pub fixed: f64,
    pub air_movers: f64,
    pub pumps: f64,
    /// Part of `pumps`.
    pub cdu_pumps: f64,
}

impl Plant {
    pub(crate) fn constant(&self) -> f64 {
        self.it + self.it_losses + self.fixed + self.air_movers + self.pumps
    }

    pub(crate) fn at(&self, dry: f64, wet: Option<f64>, selling: bool) -> Draw {
        let mut draw = Draw::default();
        let mut add = |d: crate::cooling::LoopDraw| {
            draw.fans += d.fans;
            draw.chiller += d.chiller;
            draw.water += d.water;
            draw.wet_unknown |= d.wet_unknown;
            draw.wetted |= d.wetted;
            draw.short |= d.short;
        };
        let mut sale = Sale::default();
        if let Some((cooler, heat)) = &self.liquid {
            if let (true, Some(reuse)) = (selling, &self.reuse) {
                sale = reuse.at(dry, *heat);
            }
            add(cooler.reject(heat - sale.taken, dry, wet));
        }
        add(self.air.reject(self.air_heat, dry, wet));
        draw.sale = sale;
        draw
    }
}

pub(crate) fn plant(inputs: &FacilityInputs, it: Power, design: Power) -> Result<Plant, FacilityError> {
    let liquid_share = share("the share of heat that goes to liquid", inputs.liquid_share)?;
    let mover = share("the power of air movers", inputs.air.air_mover_share)?;
    let losses_design = inputs.chain.it_losses(design, design);
    let heat_design = room_heat(design, losses_design.indoors, liquid_share);
    let air = inputs.air.prepare(heat_design * (1.0 + mover))?;
    let liquid = match &inputs.liquid {
        Some(l) if liquid_share > 0.0 => Some((l.prepare(design.w() * liquid_share)?, 0.0)),
        None if liquid_share > 0.0 => return Err(FacilityError::NoLiquidLoop { share: inputs.liquid_share }),
        _ => None,
    };
    let reuse = match (&inputs.heat_reuse, &inputs.liquid, &liquid) {
        (None, _, _) => None,
        (Some(r), Some(source), Some(_)) => Some(r.prepare(source)?),
        (Some(_), _, _) => return Err(FacilityError::NoLiquidLoop { share: inputs.liquid_share }),
    };
    share("the share of pumps in distribution units", inputs.cdu_pump_share)?;
    let mut plant = Plant {
        liquid,
        air,
        air_heat: 0.0,
        reuse,
        it: 0.0,
        it_losses: 0.0,
        fixed: design.w() * share("the fixed load", inputs.fixed_load_share)?,
        air_movers: 0.0,
        pumps: 0.0,
        cdu_pumps: 0.0,
    };
    plant.load(inputs, it, design);
    Ok(plant)
}

/// All electricity in the rooms becomes heat in the air.
fn room_heat(it: Power, indoors: Power, liquid_share: f64) -> f64 {
    it.w() * (1.0 - liquid_share) + indoors.w()
}

impl Plant {
    /// Sets what follows from the IT power of the hour; all that follows from the layout stays.
    pub(crate) fn load(&mut self, inputs: &FacilityInputs, it: Power, design: Power) {
        let liquid_share = inputs.liquid_share.fraction();
        let losses = inputs.chain.it_losses(it, design);
        let heat = room_heat(it, losses.indoors, liquid_share);
        // That of the air movers included.
        self.air_movers = inputs.air.air_mover_share.fraction() * heat;
        self.air_heat = heat + self.air_movers;
        let mut warm = 0.0;
        if let Some((cooler, heat)) = &mut self.liquid {
            *heat = it.w() * liquid_share;
            warm = cooler.pumps(*heat);
        }
        self.it = it.w();
        self.it_losses = losses.total.w();
        self.pumps = self.air.pumps(self.air_heat) + warm;
        self.cdu_pumps = warm * inputs.cdu_pump_share.fraction();
    }
}

/// Evaluates a year over hours or over the points of [`crate::compress`].
///
/// # Errors
/// Inputs out of range, no weather, liquid heat without a loop, a buyer of heat that cannot be served.
pub fn evaluate_year(
    weather: &[WeatherPoint],
    it: ItProfile,
    inputs: &FacilityInputs,
) -> Result<FacilityYear, FacilityError> {
    positive("the mean IT power", it.mean.w())?;
    positive("the peak IT power", it.peak.w())?;
    if it.mean > it.peak {
        return Err(FacilityError::MeanAbovePeak { mean: it.mean, peak: it.peak });
    }
    for stage in inputs.chain.it.iter().chain(&inputs.chain.site) {
        stage.check()?;
    }
    let running = plant(inputs, it.mean, it.peak)?;
    let rated = peak_below_transformer(weather, it, inputs)?;

    let mut hours = 0.0;
    let (mut total_fans, mut total_chiller, mut total_water, mut total_site) = (0.0, 0.0, 0.0, 0.0);
    let (mut taken, mut delivered, mut heat_pump) = (0.0, 0.0, 0.0);
    let (mut wetted, mut unknown, mut chilled, mut short) = (0.0, 0.0, 0.0, 0.0);
    let constant = running.constant();
    for point in weather {
        let h = point.duration.hours();
        let draw = running.at(point.dry_bulb.celsius(), point.wet_bulb.map(Temperature::celsius), true);
        let below = constant + draw.fans + draw.chiller;
        let site = inputs.chain.site_loss(Power::from_w(below), rated).w();
        hours += h;
        total_fans += h * draw.fans;
        total_chiller += h * draw.chiller;
        total_water += h * draw.water;
        total_site += h * site;
        taken += h * draw.sale.taken;
        delivered += h * draw.sale.delivered;
        heat_pump += h * draw.sale.electricity;
        wetted += if draw.wetted { h } else { 0.0 };
        unknown += if draw.wet_unknown { h } else { 0.0 };
        chilled += if draw.chiller > 0.0 { h } else { 0.0 };
        short += if draw.short { h } else { 0.0 };
    }
    if !(hours > 0.0 && hours.is_finite()) {
        return Err(FacilityError::NoWeather);
    }
    let energy = |watt_hours: f64| Energy::from_kwh(watt_hours / 1e3);
    let energy_it = energy(hours * running.it);
    let energy_total = energy(hours * constant + total_fans + total_chiller + total_site);
    // kg/s over hours; a kilogram of water is a litre.
    let water = (unknown == 0.0).then(|| Volume::from_litres(total_water * 3600.0));
    let heat_reused = energy(taken);
    Ok(FacilityYear {
        duration: Time::from_hours(hours),
        energy_total,
        energy_it,
        energy_losses: energy(hours * running.it_losses + total_site),
        energy_fans: energy(total_fans),
        energy_pumps: energy(hours * running.pumps),
        energy_cdu_pumps: energy(hours * running.cdu_pumps),
        energy_air_movers: energy(hours * running.air_movers),
        energy_chillers: energy(total_chiller),
        energy_fixed: energy(hours * running.fixed),
        energy_heat_pump: energy(heat_pump),
        pue: energy_total / energy_it,
        mean_facility_power: energy_total / Time::from_hours(hours),
        peak_facility_power: rated + inputs.chain.site_loss(rated, rated),
        peak_it_power: it.peak,
        water,
        wue: water.map(|w| WaterIntensity::from_l_per_kwh(w.litres() / energy_it.kwh())),
        heat_reused,
        heat_sold: energy(delivered),
        erf: Share::from_fraction(heat_reused / energy_total),
        time_wetted: Time::from_hours(wetted),
        time_wet_unknown: Time::from_hours(unknown),
        time_chiller: Time::from_hours(chilled),
        time_short: Time::from_hours(short),
    })
}

/// Largest load under the transformers: peak IT power at the design point and at the hottest and the
/// moistest points of the year, without heat sales. The draw rises with both temperatures, so these suffice.
pub(crate) fn peak_below_transformer(
    weather: &[WeatherPoint],
    it: ItProfile,
    inputs: &FacilityInputs,
) -> Result<Power, FacilityError> {
    let full = plant(inputs, it.peak, it.peak)?;
    let mut hottest: Option<&WeatherPoint> = None;
    let mut moistest: Option<&WeatherPoint> = None;
    for point in weather {
        let t = temperature("a dry bulb of the weather", point.dry_bulb)?;
        not_negative("the duration of a weather point", point.duration.hours())?;
        if let Some(w) = point.wet_bulb {
            temperature("a wet bulb of the weather", w)?;
            if moistest.is_none_or(|m| m.wet_bulb < Some(w)) {
                moistest = Some(point);
            }
        }
        if hottest.is_none_or(|m| m.dry_bulb.celsius() < t) {
            hottest = Some(point);
        }
    }
    let mut worst = 0.0_f64;
    let mut consider = |dry: Temperature, wet: Option<Temperature>| {
        let draw = full.at(dry.celsius(), wet.map(Temperature::celsius), false);
        worst = worst.max(full.constant() + draw.fans + draw.chiller);
    };
    for point in hottest.into_iter().chain(moistest) {
        consider(point.dry_bulb, point.wet_bulb);
    }
    if let Some(design) = &inputs.design_point {
        temperature("the design dry bulb", design.dry_bulb)?;
        consider(design.dry_bulb, design.wet_bulb);
    }
    Ok(Power::from_w(worst))
}
