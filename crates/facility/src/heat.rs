//! Heat sold: what a buyer takes from the liquid loop, with a heat pump where the loop is too cold.

use gigatwin_quantity::{Power, Share, Temperature, TemperatureDifference};

use crate::FacilityError;
use crate::LoopInputs;
use crate::cooling::KELVIN;
use crate::error::{not_negative, positive, share, temperature};

/// Lifts heat to what the buyer wants. Its electricity is booked apart from the data centre's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HeatPump {
    /// Share of the Carnot COP that is reached.
    pub carnot_share: Share,
    /// Evaporation below and condensation above the water temperatures.
    pub approach: TemperatureDifference,
}

/// A buyer of heat.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HeatReuse {
    /// Temperature the buyer wants.
    pub buyer_supply: Temperature,
    /// Most heat the buyer takes, at the buyer's side.
    pub limit: Power,
    /// Temperature lost in the exchanger.
    pub exchanger_approach: TemperatureDifference,
    /// Heat pump, where fitted.
    pub heat_pump: Option<HeatPump>,
    /// Share of `limit` taken in summer (hot water, industry).
    pub base_share: Share,
    /// Outdoor temperature at and below which the whole of `limit` is taken.
    pub full_below: Temperature,
    /// Outdoor temperature above which only the base share is taken.
    pub heating_limit: Temperature,
}

/// Made ready for many hours.
#[derive(Clone, Copy)]
pub(crate) struct Reuse {
    limit: f64,
    base: f64,
    full_below: f64,
    heating_limit: f64,
    /// Electricity of the heat pump per heat delivered; zero without one.
    electricity: f64,
}

/// One hour's heat sale, in watts.
#[derive(Clone, Copy, Default)]
pub(crate) struct Sale {
    /// Taken from the data centre.
    pub taken: f64,
    /// Delivered to the buyer.
    pub delivered: f64,
    /// Electricity of the heat pump.
    pub electricity: f64,
}

impl HeatReuse {
    pub(crate) fn prepare(&self, source: &LoopInputs) -> Result<Reuse, FacilityError> {
        let wanted = temperature("the temperature the buyer of heat wants", self.buyer_supply)?;
        let exchanger = not_negative("the approach of the heat exchanger", self.exchanger_approach.kelvin())?;
        let available = source.return_temperature().celsius() - exchanger;
        let electricity = match &self.heat_pump {
            _ if available >= wanted => 0.0,
            None => {
                return Err(FacilityError::HeatTooCold {
                    available: Temperature::from_celsius(available),
                    wanted: self.buyer_supply,
                });
            }
            Some(pump) => {
                let carnot =
                    positive("the heat pump's share of Carnot", pump.carnot_share.fraction())?.min(1.0);
                let approach = not_negative("the approach of the heat pump", pump.approach.kelvin())?;
                let lift = wanted - available + 2.0 * approach;
                // A COP below one would make heat of electricity alone.
                (lift / (carnot * (wanted + approach + KELVIN))).min(1.0)
            }
        };
        let full_below = temperature("the temperature of full heat demand", self.full_below)?;
        Ok(Reuse {
            limit: not_negative("the heat the buyer takes", self.limit.w())?,
            base: share("the summer share of heat demand", self.base_share)?,
            full_below,
            heating_limit: temperature("the heating limit", self.heating_limit)?.max(full_below),
            electricity,
        })
    }
}

impl Reuse {
    /// Sale at an outdoor temperature when `available` watts stand in the loop.
    pub(crate) fn at(&self, dry: f64, available: f64) -> Sale {
        let heating = if dry <= self.full_below {
            1.0
        } else if dry >= self.heating_limit {
            0.0
        } else {
            (self.heating_limit - dry) / (self.heating_limit - self.full_below)
        };
        let wanted = self.limit * (self.base + (1.0 - self.base) * heating);
        let from_loop = 1.0 - self.electricity;
        let delivered = if from_loop > 0.0 { wanted.min(available.max(0.0) / from_loop) } else { 0.0 };
        Sale { taken: delivered * from_loop, delivered, electricity: delivered * self.electricity }
    }
}
