//! One cooling loop: heat into water, water to a dry cooler, with adiabatic assist and a chiller where fitted.
//!
//! The dry cooler's air leaves at most `approach` below the return temperature, so the air flow needed for a load
//! ratio r is `f = r · range / (return − approach − air)`: full flow at full load exactly where the air is
//! `approach` below the supply temperature. Fan power goes with f³ (fan laws). Above full flow the cooler
//! takes what it can and the chiller the rest, with a COP as a share of Carnot's. The same fans reject the
//! chiller's heat. The same loop serves warm water (37 °C supply, no chiller) and chilled air.

use gigatwin_quantity::{Share, Temperature, TemperatureDifference};

use crate::FacilityError;
use crate::error::{not_negative, positive, share, temperature};

/// Water evaporated into the cooler's air on warm hours.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Adiabatic {
    /// Share of the distance between dry and wet bulb that the pads or nozzles reach.
    pub effectiveness: Share,
    /// Fan flow, as a share of full flow, above which wetting starts; it then holds this flow while it can.
    pub start_flow: Share,
    /// Cycles of concentration: blowdown is evaporation / (cycles − 1).
    pub concentration_cycles: f64,
}

/// An open cooling tower: rejects towards the wet bulb and drinks for it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tower {
    /// Share of the heat that leaves by evaporation; the rest warms the air.
    pub evaporated: Share,
    /// Cycles of concentration: blowdown is evaporation / (cycles − 1).
    pub concentration_cycles: f64,
}

/// Mechanical cooling for what the dry cooler cannot take.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Chiller {
    /// Share of the Carnot COP that is reached.
    pub carnot_share: Share,
    /// Evaporation below the supply temperature.
    pub evaporator_approach: TemperatureDifference,
    /// Condensation above the air temperature.
    pub condenser_approach: TemperatureDifference,
    /// Highest COP, when the lift is small.
    pub cop_max: f64,
}

/// A loop and its plant. Powers are shares of the heat it is laid out for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LoopInputs {
    /// Water temperature to the load.
    pub supply: Temperature,
    /// Return less supply at design.
    pub range: TemperatureDifference,
    /// Closest the cooler's air comes to the water.
    pub approach: TemperatureDifference,
    /// Fan power at full flow.
    pub fan_power_share: Share,
    /// Lowest flow the fans run at.
    pub minimum_flow: Share,
    /// Pump power at design flow.
    pub pump_power_share: Share,
    /// Pump power goes with load to this power: 0 constant speed, 3 ideal variable speed.
    pub pump_exponent: f64,
    /// Power of fans that carry room air to the coils, of the heat in that air; zero for cold plates.
    pub air_mover_share: Share,
    /// Adiabatic assist, where fitted.
    pub adiabatic: Option<Adiabatic>,
    /// A tower in the place of the dry cooler: `approach` then counts from the wet bulb. It excludes `adiabatic`.
    pub tower: Option<Tower>,
    /// Chiller, where fitted.
    pub chiller: Option<Chiller>,
}

/// Latent heat of evaporation near 25 °C, J/kg (2501 − 2.36 t kJ/kg).
const LATENT: f64 = 2.442e6;
/// 0 °C in kelvin.
pub(crate) const KELVIN: f64 = 273.15;

/// A loop made ready for many hours. Watts, °C.
#[derive(Clone, Copy)]
pub(crate) struct Loop {
    /// Range over design heat.
    kelvin_per_watt: f64,
    /// Warmest air that can take any heat: return less approach.
    limit: f64,
    design: f64,
    fan: f64,
    minimum_flow: f64,
    pump: f64,
    pump_exponent: f64,
    adiabatic: Option<(f64, f64, f64)>,
    /// Water per joule rejected.
    tower: Option<f64>,
    chiller: Option<(f64, f64, f64, f64)>,
}

/// What a loop draws in one hour, in watts and kg/s.
#[derive(Clone, Copy, Default)]
pub(crate) struct LoopDraw {
    pub fans: f64,
    pub chiller: f64,
    pub water: f64,
    /// Wetting would have run but the wet bulb is not known.
    pub wet_unknown: bool,
    pub wetted: bool,
    /// Heat that neither cooler nor chiller could take at the supply temperature.
    pub short: bool,
}

impl LoopInputs {
    /// Return temperature at design.
    pub fn return_temperature(&self) -> Temperature {
        Temperature::from_celsius(self.supply.celsius() + self.range.kelvin())
    }

    pub(crate) fn prepare(&self, design_heat: f64) -> Result<Loop, FacilityError> {
        let supply = temperature("the supply temperature of a cooling loop", self.supply)?;
        let range = positive("the range of a cooling loop", self.range.kelvin())?;
        let approach = positive("the approach of a dry cooler", self.approach.kelvin())?;
        let minimum_flow = share("the lowest flow of the fans", self.minimum_flow)?;
        let adiabatic = match &self.adiabatic {
            None => None,
            Some(a) => {
                let cycles =
                    positive("cycles of concentration less one", a.concentration_cycles - 1.0)? + 1.0;
                Some((
                    share("the effectiveness of adiabatic assist", a.effectiveness)?,
                    positive("the start of adiabatic assist", a.start_flow.fraction())?
                        .max(minimum_flow)
                        .min(1.0),
                    cycles / (cycles - 1.0) / LATENT,
                ))
            }
        };
        let tower = match &self.tower {
            None => None,
            Some(t) => {
                let cycles =
                    positive("cycles of concentration less one", t.concentration_cycles - 1.0)? + 1.0;
                let evaporated = share("the evaporated share of a tower's heat", t.evaporated)?;
                Some(evaporated * cycles / (cycles - 1.0) / LATENT)
            }
        };
        let chiller = match &self.chiller {
            None => None,
            Some(c) => Some((
                positive(
                    "the chiller's share of Carnot",
                    share("the chiller's share of Carnot", c.carnot_share)?,
                )?,
                supply - not_negative("the approach of the evaporator", c.evaporator_approach.kelvin())?
                    + KELVIN,
                not_negative("the approach of the condenser", c.condenser_approach.kelvin())? + KELVIN,
                positive("the chiller's highest COP", c.cop_max)?,
            )),
        };
        Ok(Loop {
            kelvin_per_watt: if design_heat > 0.0 { range / design_heat } else { 0.0 },
            limit: supply + range - approach,
            design: design_heat,
            fan: design_heat * share("the fan power of a cooling loop", self.fan_power_share)?,
            minimum_flow,
            pump: design_heat * share("the pump power of a cooling loop", self.pump_power_share)?,
            pump_exponent: not_negative("the exponent of pump power", self.pump_exponent)?,
            adiabatic: if tower.is_some() { None } else { adiabatic },
            tower,
            chiller,
        })
    }
}

impl Loop {
    /// Draw of the pumps at a load ratio.
    pub(crate) fn pumps(&self, heat: f64) -> f64 {
        let ratio = if self.design > 0.0 { heat / self.design } else { 0.0 };
        if self.pump_exponent == 0.0 { self.pump } else { self.pump * ratio.powf(self.pump_exponent) }
    }

    /// Draw of fans and chiller and the water, for rejecting `heat` into air of `dry` and `wet`.
    pub(crate) fn reject(&self, heat: f64, dry: f64, wet: Option<f64>) -> LoopDraw {
        let mut draw = LoopDraw::default();
        if heat <= 0.0 || self.design <= 0.0 {
            return draw;
        }
        // Kelvin between limit and air at which the load needs full flow.
        let full = heat * self.kelvin_per_watt;
        let mut air = dry;
        if self.tower.is_some() {
            match wet {
                // Without a wet bulb the tower is taken as a dry cooler, and its water as not known.
                None => draw.wet_unknown = true,
                Some(wet) => {
                    air = wet.min(dry);
                    draw.wetted = true;
                }
            }
        }
        if let Some((effectiveness, start, water_per_joule)) = self.adiabatic {
            let wanted = self.limit - full / start;
            if dry > wanted {
                match wet {
                    None => draw.wet_unknown = true,
                    Some(wet) => {
                        air = wanted.max(dry - effectiveness * (dry - wet).max(0.0));
                        let flow = self.flow(full, air).min(1.0);
                        draw.water = flow / self.kelvin_per_watt * (dry - air) * water_per_joule;
                        draw.wetted = true;
                    }
                }
            }
        }
        let flow = self.flow(full, air);
        let run = flow.clamp(self.minimum_flow, 1.0);
        draw.fans = self.fan * run * run * run;
        if flow > 1.0 {
            let beyond = if flow.is_finite() { heat * (1.0 - 1.0 / flow) } else { heat };
            match self.chiller {
                None => draw.short = true,
                Some((carnot, evaporator, condenser, cop_max)) => {
                    let lift = air + condenser - evaporator;
                    let cop = if lift > 0.0 { (carnot * evaporator / lift).min(cop_max) } else { cop_max };
                    draw.chiller = beyond / cop;
                }
            }
        }
        if let (Some(water_per_joule), true) = (self.tower, draw.wetted) {
            // The heat of the chiller's own work leaves through the tower too.
            draw.water = (heat + draw.chiller) * water_per_joule;
        }
        draw
    }

    /// Flow that `full` needs, above one where the cooler is too small; infinite where the air is too warm.
    fn flow(&self, full: f64, air: f64) -> f64 {
        let span = self.limit - air;
        if span > 0.0 { full / span } else { f64::INFINITY }
    }
}
