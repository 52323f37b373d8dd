//! What one phase costs to build.

use gigatwin_quantity::{Money, Power, PowerPrice, Share};

use crate::error::{FinanceError, amount, share};

/// What one phase consists of and costs per part.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CapexInputs {
    /// Accelerators with their hosts and racks, all partitions of the phase.
    pub systems: Money,
    /// Switches, optics and cables.
    pub network: Money,
    /// Storage systems.
    pub storage: Money,
    /// Cabling, installation and acceptance, over the price of systems, network and storage.
    pub installation_share: Share,
    /// IT power the building is made for in this phase.
    pub it_power: Power,
    /// Shell, power and cooling plant of a conventional data centre, per IT power.
    pub shell_and_plant: PowerPrice,
    /// Liquid-cooled high-density building over a conventional one.
    pub ai_premium: Share,
    /// Firm grid capacity connected in this phase.
    pub grid_power: Power,
    /// Grid connection and own substation, per firm capacity.
    pub grid_connection: PowerPrice,
    /// Power carried by backup beyond what a conventional building includes.
    pub backup_power: Power,
    /// That backup, per power.
    pub backup_cost: PowerPrice,
    /// Batteries and other energy assets behind the meter.
    pub energy_assets: Money,
    /// Land and site preparation.
    pub land: Money,
    /// Design, permits, project management and commissioning, over shell, plant, grid and backup.
    pub design_share: Share,
    /// Contingency over everything that is not computing infrastructure.
    pub contingency: Share,
    /// Contingency over the computing infrastructure. It is no hardware until spent, and so stays outside the
    /// base of the public ceiling.
    pub contingency_computing: Share,
    /// Construction prices of the year of building over those of the price year (1 without real growth).
    pub construction_index: f64,
}

/// A line of the investment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CapexItem {
    /// Accelerators, hosts and racks.
    Systems,
    /// Switches, optics, cables.
    Network,
    /// Storage.
    Storage,
    /// Installation of the three above.
    Installation,
    /// Shell, power and cooling plant.
    ShellAndPlant,
    /// Grid connection.
    Grid,
    /// Backup beyond the conventional.
    Backup,
    /// Energy assets behind the meter.
    EnergyAssets,
    /// Land.
    Land,
    /// Design and commissioning.
    Design,
    /// Contingency.
    Contingency,
}

impl CapexItem {
    /// Whether the rules count it as computing infrastructure, the base of the Union's ceiling.
    pub fn is_computing(self) -> bool {
        matches!(self, Self::Systems | Self::Network | Self::Storage | Self::Installation)
    }

    /// Words for a table.
    pub fn label(self) -> &'static str {
        match self {
            Self::Systems => "accelerators, hosts and racks",
            Self::Network => "network",
            Self::Storage => "storage",
            Self::Installation => "installation",
            Self::ShellAndPlant => "shell, power and cooling plant",
            Self::Grid => "grid connection",
            Self::Backup => "backup",
            Self::EnergyAssets => "batteries and energy assets",
            Self::Land => "land",
            Self::Design => "design and commissioning",
            Self::Contingency => "contingency",
        }
    }
}

/// The investment of one phase.
#[derive(Debug, Clone, PartialEq)]
pub struct Capex {
    /// Line by line; the lines add up to `total`.
    pub items: Vec<(CapexItem, Money)>,
    /// Computing infrastructure.
    pub computing: Money,
    /// Everything else.
    pub facility: Money,
    /// Both.
    pub total: Money,
}

impl Capex {
    /// Builds the investment up:
    ///
    /// * computing = (systems + network + storage) · (1 + installation),
    /// * plant = IT power · shell · (1 + premium) · index, grid and backup = power · price · index,
    /// * design = share · (plant + grid + backup),
    /// * contingency = share · facility lines + share · computing.
    ///
    /// # Errors
    /// Where an amount is negative or a share outside zero to one.
    pub fn build(i: &CapexInputs) -> Result<Capex, FinanceError> {
        if !(i.construction_index.is_finite() && i.construction_index > 0.0) {
            return Err(FinanceError::OutOfRange("the construction price index must be above zero"));
        }
        amount("systems cost", i.systems)?;
        amount("network cost", i.network)?;
        amount("storage cost", i.storage)?;
        amount("land", i.land)?;
        amount("energy assets", i.energy_assets)?;
        let index = i.construction_index;
        let hardware = i.systems + i.network + i.storage;
        let installation = hardware * share("installation share", i.installation_share)?;
        let plant = i.it_power * i.shell_and_plant * (1.0 + share("AI premium", i.ai_premium)?) * index;
        let grid = i.grid_power * i.grid_connection * index;
        let backup = i.backup_power * i.backup_cost * index;
        amount("shell and plant", plant)?;
        amount("grid connection", grid)?;
        amount("backup", backup)?;
        let design = (plant + grid + backup) * share("design share", i.design_share)?;
        let facility_lines = plant + grid + backup + design + i.land + i.energy_assets;
        let contingency = facility_lines * share("contingency", i.contingency)?
            + (hardware + installation) * share("computing contingency", i.contingency_computing)?;
        let items = vec![
            (CapexItem::Systems, i.systems),
            (CapexItem::Network, i.network),
            (CapexItem::Storage, i.storage),
            (CapexItem::Installation, installation),
            (CapexItem::ShellAndPlant, plant),
            (CapexItem::Grid, grid),
            (CapexItem::Backup, backup),
            (CapexItem::EnergyAssets, i.energy_assets),
            (CapexItem::Land, i.land),
            (CapexItem::Design, design),
            (CapexItem::Contingency, contingency),
        ];
        let sum = |computing: bool| {
            items.iter().filter(|(k, _)| k.is_computing() == computing).map(|(_, m)| *m).sum()
        };
        let (computing, facility): (Money, Money) = (sum(true), sum(false));
        Ok(Capex { items, computing, facility, total: computing + facility })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_add_up_and_only_hardware_counts_as_computing() {
        let c = Capex::build(&CapexInputs {
            systems: Money::from_million(1000.0),
            network: Money::from_million(100.0),
            storage: Money::from_million(50.0),
            installation_share: Share::from_percent(4.0),
            it_power: Power::from_mw(50.0),
            shell_and_plant: PowerPrice::from_eur_per_w(10.0),
            ai_premium: Share::from_percent(8.0),
            grid_power: Power::from_mw(60.0),
            grid_connection: PowerPrice::from_eur_per_w(0.15),
            backup_power: Power::from_mw(60.0),
            backup_cost: PowerPrice::from_eur_per_w(0.1),
            energy_assets: Money::ZERO,
            land: Money::from_million(10.0),
            design_share: Share::from_percent(8.0),
            contingency: Share::from_percent(10.0),
            contingency_computing: Share::from_percent(2.0),
            construction_index: 1.0,
        })
        .unwrap();
        assert!((c.computing.million() - 1196.0).abs() < 1e-9);
        let sum: Money = c.items.iter().map(|x| x.1).sum();
        assert!((sum - c.total).eur().abs() < 1e-3);
        let lines = (540.0 + 9.0 + 6.0) * 1.08 + 10.0;
        assert!((c.facility.million() - (lines * 1.1 + 0.02 * 1196.0)).abs() < 1e-6);
    }
}
