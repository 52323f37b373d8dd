//! Generators and the fuel for the hours without grid.

use gigatwin_quantity::{Energy, Power, Share, Time, Volume};

use crate::FacilityError;
use crate::Redundancy;
use crate::error::{not_negative, positive};

/// What the backup plant has to carry and how it is built.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Backup {
    /// Hours without grid to be bridged.
    pub autonomy: Time,
    /// Share of the facility's peak that must run on.
    pub carried: Share,
    /// Electricity per fuel energy (lower heating value).
    pub efficiency: Share,
    /// Fuel energy (lower heating value) per volume, kWh per litre; `None` for gas from a pipe.
    pub fuel_kwh_per_litre: Option<f64>,
    /// Power of one set.
    pub set_power: Power,
    /// Sets beyond need.
    pub redundancy: Redundancy,
}

/// The plant that follows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BackupPlant {
    /// Power carried.
    pub load: Power,
    /// Number of sets installed.
    pub sets: f64,
    /// Their rated power together.
    pub installed: Power,
    /// Fuel energy for the whole autonomy.
    pub fuel: Energy,
    /// Its volume, where the fuel is stored as a liquid.
    pub fuel_volume: Option<Volume>,
}

impl Backup {
    /// Sizes the plant for a facility's peak.
    ///
    /// # Errors
    /// Non-positive efficiency or set power, negative autonomy.
    pub fn size(&self, facility_peak: Power) -> Result<BackupPlant, FacilityError> {
        let hours = not_negative("the autonomy", self.autonomy.hours())?;
        let efficiency = positive("the efficiency of the generators", self.efficiency.fraction())?;
        let set = positive("the power of a generator set", self.set_power.w())?;
        let load = facility_peak * crate::error::share("the share carried by backup", self.carried)?;
        let needed = (load.w() / set).ceil();
        let sets =
            if needed > 0.0 { (needed * self.redundancy.installed_over_needed(needed)).round() } else { 0.0 };
        let fuel = load * Time::from_hours(hours) / efficiency;
        let fuel_volume = match self.fuel_kwh_per_litre {
            None => None,
            Some(density) => {
                Some(Volume::from_litres(fuel.kwh() / positive("the energy density of the fuel", density)?))
            }
        };
        Ok(BackupPlant { load, sets, installed: self.set_power * sets, fuel, fuel_volume })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_days_of_diesel() {
        let plant = Backup {
            autonomy: Time::from_hours(48.0),
            carried: Share::from_percent(100.0),
            efficiency: Share::from_percent(40.0),
            fuel_kwh_per_litre: Some(10.0),
            set_power: Power::from_mw(3.0),
            redundancy: Redundancy::NPlus1,
        }
        .size(Power::from_mw(100.0))
        .unwrap();
        assert_eq!(plant.sets, 35.0);
        assert!((plant.fuel.mwh() - 12_000.0).abs() < 1e-6);
        assert!((plant.fuel_volume.unwrap().m3() - 1200.0).abs() < 1e-6);
    }
}
