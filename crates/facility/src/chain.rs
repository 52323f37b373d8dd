//! Losses between the grid and the rack, as `loss(x) = a + b·x + c·x²` of the rating of each stage.

use gigatwin_quantity::{Power, Share};

use crate::FacilityError;
use crate::error::{positive, share};

/// How much is installed beyond what is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Redundancy {
    /// Just what is needed.
    N,
    /// One unit more than needed.
    NPlus1,
    /// Everything twice: each unit carries at most half.
    TwoN,
}

impl Redundancy {
    /// Installed rating over the rating needed, where `units` are needed.
    pub fn installed_over_needed(self, units: f64) -> f64 {
        match self {
            Redundancy::N => 1.0,
            Redundancy::NPlus1 => (units + 1.0) / units,
            Redundancy::TwoN => 2.0,
        }
    }
}

/// One stage of the power chain: transformer, UPS, distribution, rectifier.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stage {
    /// a: loss without load, share of the rating.
    pub no_load: Share,
    /// b: loss in proportion to the load.
    pub proportional: Share,
    /// c: loss with the square of the load, share of the rating at full load.
    pub quadratic: Share,
    /// What is installed beyond need; all units share the load.
    pub redundancy: Redundancy,
    /// Units needed to carry the design load (matters for N+1).
    pub units: f64,
    /// Whether its heat falls into the air that the site cools.
    pub indoors: bool,
}

impl Stage {
    pub(crate) fn check(&self) -> Result<(), FacilityError> {
        share("a stage's loss without load", self.no_load)?;
        share("a stage's proportional loss", self.proportional)?;
        share("a stage's quadratic loss", self.quadratic)?;
        positive("the number of units of a stage", self.units)?;
        Ok(())
    }

    /// Loss at a load, when the stage was laid out for a design load.
    pub fn loss(&self, load: Power, design: Power) -> Power {
        if design.w() <= 0.0 {
            return Power::ZERO;
        }
        let installed = design * self.redundancy.installed_over_needed(self.units);
        let x = load / installed;
        installed
            * (self.no_load.fraction() + x * (self.proportional.fraction() + x * self.quadratic.fraction()))
    }
}

/// The stages of a site, each list from the load towards the grid.
#[derive(Debug, Clone, PartialEq)]
pub struct PowerChain {
    /// What only the IT load passes: distribution, UPS.
    pub it: Vec<Stage>,
    /// What everything passes: transformers.
    pub site: Vec<Stage>,
}

/// One stage at one load.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StageAt {
    /// What is installed, redundancy included.
    pub installed: Power,
    /// What goes through, before its loss.
    pub load: Power,
    /// Load over what is installed.
    pub loading: Share,
    /// Loss.
    pub loss: Power,
}

impl Stage {
    /// Where a stage stands at a load, when it was laid out for a design load.
    pub fn at(&self, load: Power, design: Power) -> StageAt {
        let installed = design * self.redundancy.installed_over_needed(self.units);
        StageAt {
            installed,
            load,
            loading: Share::from_fraction(if installed.w() > 0.0 { load / installed } else { 0.0 }),
            loss: self.loss(load, design),
        }
    }
}

impl PowerChain {
    /// Each stage of the IT load, from the load towards the grid.
    pub fn it_stages(&self, load: Power, design: Power) -> Vec<StageAt> {
        through(&self.it, load, design)
    }

    /// Each stage that everything passes; `load` and `design` are what stands below them.
    pub fn site_stages(&self, load: Power, design: Power) -> Vec<StageAt> {
        through(&self.site, load, design)
    }
}

fn through(stages: &[Stage], mut load: Power, mut design: Power) -> Vec<StageAt> {
    stages
        .iter()
        .map(|stage| {
            let at = stage.at(load, design);
            design += stage.loss(design, design);
            load += at.loss;
            at
        })
        .collect()
}

/// Losses of the stages of the IT load.
pub(crate) struct ItLosses {
    pub total: Power,
    pub indoors: Power,
}

impl PowerChain {
    pub(crate) fn it_losses(&self, load: Power, design: Power) -> ItLosses {
        let (mut at, mut rated) = (load, design);
        let mut losses = ItLosses { total: Power::ZERO, indoors: Power::ZERO };
        for stage in &self.it {
            let loss = stage.loss(at, rated);
            rated += stage.loss(rated, rated);
            at += loss;
            losses.total += loss;
            if stage.indoors {
                losses.indoors += loss;
            }
        }
        losses
    }

    /// Loss of what everything passes; `load` and `design` are what stands below.
    pub fn site_loss(&self, load: Power, design: Power) -> Power {
        let (mut at, mut rated) = (load, design);
        let mut stages = self.site.iter().peekable();
        while let Some(stage) = stages.next() {
            at += stage.loss(at, rated);
            // Called for every hour: the next rating is worked out only where there is a next stage.
            if stages.peek().is_some() {
                rated += stage.loss(rated, rated);
            }
        }
        at - load
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ups(redundancy: Redundancy) -> Stage {
        Stage {
            no_load: Share::from_percent(0.6),
            proportional: Share::from_percent(0.6),
            quadratic: Share::from_percent(1.6),
            redundancy,
            units: 4.0,
            indoors: true,
        }
    }

    #[test]
    fn redundancy_costs_no_load_losses() {
        let p = Power::from_mw(10.0);
        let loss = |r| ups(r).loss(p, p).kw();
        assert!((loss(Redundancy::N) - 280.0).abs() < 1e-9);
        // 12.5 MW at x = 0.8: 12.5 (0.006 + 0.0048 + 0.01024) = 263 kW.
        assert!((loss(Redundancy::NPlus1) - 263.0).abs() < 1e-9);
        // 20 MW at x = 0.5: 20 (0.006 + 0.003 + 0.004) = 260 kW.
        assert!((loss(Redundancy::TwoN) - 260.0).abs() < 1e-9);
        let low = |r| ups(r).loss(p * 0.3, p).kw();
        assert!(low(Redundancy::TwoN) > low(Redundancy::N));
    }
}
