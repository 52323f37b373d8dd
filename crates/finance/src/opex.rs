//! What one phase costs to run in a full year.

use gigatwin_quantity::{Money, Power, Share};

use crate::error::{FinanceError, amount, share};

/// What running costs depend on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OpexInputs {
    /// Electricity and water of a full year, net of heat sold.
    pub energy: Money,
    /// Computing infrastructure, the base of its maintenance.
    pub computing: Money,
    /// Everything else that was built.
    pub facility: Money,
    /// Maintenance and support of the computing infrastructure per year.
    pub maintenance_share: Share,
    /// Maintenance of building and plant per year.
    pub plant_maintenance_share: Share,
    /// IT power, the base of staff.
    pub it_power: Power,
    /// Full-time posts per megawatt of IT.
    pub posts_per_mw: f64,
    /// Cost of one post per year.
    pub cost_per_post: Money,
    /// Insurance per year, of the whole investment.
    pub insurance_share: Share,
    /// Leases, site services, rates and taxes on land per year.
    pub site: Money,
    /// Software licences and user support per year.
    pub software: Money,
}

/// Running cost of a full year, line by line.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct OpexYear {
    /// Electricity and water.
    pub energy: Money,
    /// Maintenance of computing infrastructure and plant.
    pub maintenance: Money,
    /// Staff.
    pub staff: Money,
    /// Insurance.
    pub insurance: Money,
    /// Site.
    pub site: Money,
    /// Software and support.
    pub software: Money,
}

impl OpexYear {
    /// Nothing.
    pub const ZERO: OpexYear = OpexYear {
        energy: Money::ZERO,
        maintenance: Money::ZERO,
        staff: Money::ZERO,
        insurance: Money::ZERO,
        site: Money::ZERO,
        software: Money::ZERO,
    };

    /// Sum of all lines.
    pub fn total(&self) -> Money {
        self.energy + self.other()
    }

    /// Sum of all lines but energy, which has a price path of its own.
    pub fn other(&self) -> Money {
        self.maintenance + self.staff + self.insurance + self.site + self.software
    }

    /// Energy times one factor, every other line times another.
    #[must_use]
    pub fn times(&self, energy: f64, other: f64) -> OpexYear {
        let mut out = OpexYear::ZERO;
        out.add_scaled(self, energy, other);
        out
    }

    /// Every line times `energy` or `other`, added to another.
    pub(crate) fn add_scaled(&mut self, o: &OpexYear, energy: f64, other: f64) {
        self.energy += o.energy * energy;
        self.maintenance += o.maintenance * other;
        self.staff += o.staff * other;
        self.insurance += o.insurance * other;
        self.site += o.site * other;
        self.software += o.software * other;
    }

    /// Builds the lines up: shares of what was built, posts times their cost.
    ///
    /// # Errors
    /// Where an amount is negative or a share outside zero to one.
    pub fn build(i: &OpexInputs) -> Result<OpexYear, FinanceError> {
        if !i.energy.is_finite() {
            return Err(FinanceError::NotFinite("energy cost"));
        }
        amount("computing investment", i.computing)?;
        amount("facility investment", i.facility)?;
        amount("cost per post", i.cost_per_post)?;
        amount("site cost", i.site)?;
        amount("software cost", i.software)?;
        if !(i.posts_per_mw.is_finite() && i.posts_per_mw >= 0.0) {
            return Err(FinanceError::OutOfRange("posts per megawatt must not be negative"));
        }
        Ok(OpexYear {
            energy: i.energy,
            maintenance: i.computing * share("maintenance share", i.maintenance_share)?
                + i.facility * share("plant maintenance share", i.plant_maintenance_share)?,
            staff: i.cost_per_post * (i.posts_per_mw * i.it_power.mw()),
            insurance: (i.computing + i.facility) * share("insurance share", i.insurance_share)?,
            site: i.site,
            software: i.software,
        })
    }
}
