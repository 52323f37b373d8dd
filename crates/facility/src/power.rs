//! IT power by what the machine is doing, never by its rating.
//!
//! Form: `P = P_idle + (P_full − P_idle) · u` per part, as in the power models of ExaDigiT/RAPS (Brewer et al.,
//! 2024). Sizing by rated power overstates: an 8-GPU H100 node rated at 10.2 kW peaks at 8.4 kW in training
//! (Latif et al., arXiv 2412.08602), and heavy work averages about 76 % of the rating (arXiv 2506.14551).

use gigatwin_quantity::{Power, Share};

use crate::FacilityError;
use crate::error::{not_negative, share};

/// What a chip is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Powered, no work.
    Idle,
    /// Reading prompts: compute-bound.
    Prefill,
    /// Writing tokens: bound by memory bandwidth.
    Decode,
    /// Computing part of a training step.
    TrainCompute,
    /// Exposed communication of a training step.
    TrainCommunicate,
    /// Writing or reading a checkpoint.
    Checkpoint,
}

impl State {
    /// All states, in the order of [`ItPower::by_state`].
    pub const ALL: [State; 6] = [
        State::Idle,
        State::Prefill,
        State::Decode,
        State::TrainCompute,
        State::TrainCommunicate,
        State::Checkpoint,
    ];
}

/// Shares of the year's time in each state; they add up to one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StateMix {
    /// Powered, no work.
    pub idle: Share,
    /// Reading prompts.
    pub prefill: Share,
    /// Writing tokens.
    pub decode: Share,
    /// Computing part of training steps.
    pub train_compute: Share,
    /// Exposed communication of training steps.
    pub train_communicate: Share,
    /// Checkpoints.
    pub checkpoint: Share,
}

/// Activity per state: the share of the range between idle and full power that is drawn. Idle is zero.
///
/// "Full" is what the node draws at its highest measured load (chips at their TDP plus the other parts' power
/// there), not the rating of its supplies.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Activity {
    /// Reading prompts.
    pub prefill: Share,
    /// Writing tokens.
    pub decode: Share,
    /// Computing part of training steps.
    pub train_compute: Share,
    /// Exposed communication.
    pub train_communicate: Share,
    /// Checkpoints.
    pub checkpoint: Share,
    /// The highest activity all chips reach together: what is provisioned.
    pub peak: Share,
}

/// The electrical load of one partition.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ItLoad {
    /// Number of accelerators.
    pub chips: f64,
    /// Full power of one chip (its TDP).
    pub chip_tdp: Power,
    /// Power of one idle chip.
    pub chip_idle: Power,
    /// Power cap per chip, where one is set; nothing above it is drawn or provisioned.
    pub chip_cap: Option<Power>,
    /// Everything else in the rack, per chip, at full load: hosts, memory, adapters, in-rack switches, fans, conversion.
    pub other_per_chip: Power,
    /// Share of `other_per_chip` that is drawn when idle.
    pub other_idle_share: Share,
    /// Constant load outside the racks: fabric switches, optics, storage.
    pub common: Power,
    /// Time shares of the states.
    pub mix: StateMix,
    /// Activity in the states.
    pub activity: Activity,
}

/// Power of one partition.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ItPower {
    /// Mean over the year.
    pub mean: Power,
    /// Provisioned: all chips at peak activity.
    pub peak: Power,
    /// If all chips were in one state, in the order of [`State::ALL`].
    pub by_state: [Power; 6],
}

impl ItPower {
    /// Power with all chips in one state.
    pub fn of(&self, state: State) -> Power {
        self.by_state[state as usize]
    }

    /// The square wave of synchronous training: computing less communicating, all chips in step.
    pub fn training_swing(&self) -> Power {
        self.of(State::TrainCompute) - self.of(State::TrainCommunicate)
    }
}

impl ItLoad {
    /// Mean, peak and per-state power.
    ///
    /// # Errors
    /// Shares outside zero to one, a mix that is not a whole, negative powers, idle above full.
    pub fn evaluate(&self) -> Result<ItPower, FacilityError> {
        let chips = not_negative("the number of chips", self.chips)?;
        let tdp = not_negative("the chip's full power", self.chip_tdp.w())?;
        let idle = not_negative("the chip's idle power", self.chip_idle.w())?;
        let other = not_negative("the other power per chip", self.other_per_chip.w())?;
        let common = not_negative("the common power", self.common.w())?;
        let rest = share("the idle share of the other power", self.other_idle_share)?;
        if idle > tdp {
            return Err(FacilityError::IdleAboveFull { idle: self.chip_idle, full: self.chip_tdp });
        }
        let cap = match self.chip_cap {
            // A cap below idle cannot be held: the chip then draws its idle power.
            Some(cap) => not_negative("the power cap", cap.w())?.max(idle),
            None => f64::INFINITY,
        };
        let a = &self.activity;
        let m = &self.mix;
        let activity = [
            0.0,
            share("the activity of prefill", a.prefill)?,
            share("the activity of decode", a.decode)?,
            share("the activity of training compute", a.train_compute)?,
            share("the activity of training communication", a.train_communicate)?,
            share("the activity of checkpoints", a.checkpoint)?,
        ];
        let time = [
            share("the idle time", m.idle)?,
            share("the time in prefill", m.prefill)?,
            share("the time in decode", m.decode)?,
            share("the time in training compute", m.train_compute)?,
            share("the time in training communication", m.train_communicate)?,
            share("the time in checkpoints", m.checkpoint)?,
        ];
        let sum: f64 = time.iter().sum();
        if (sum - 1.0).abs() > 1e-6 {
            return Err(FacilityError::StateMix { sum: Share::from_fraction(sum) });
        }
        let draw = |u: f64| {
            let chip = (idle + (tdp - idle) * u).min(cap);
            Power::from_w(chips * (chip + other * (rest + (1.0 - rest) * u)) + common)
        };
        let by_state = activity.map(draw);
        let mean = by_state.iter().zip(time).map(|(p, t)| *p * (t / sum)).sum();
        // A state above the stated peak activity would be provisioned too small.
        let top = by_state.iter().fold(draw(share("the peak activity", a.peak)?), |p, q| p.max(*q));
        Ok(ItPower { mean, peak: top, by_state })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pct(p: f64) -> Share {
        Share::from_percent(p)
    }

    fn activity() -> Activity {
        Activity {
            prefill: pct(80.0),
            decode: pct(22.0),
            train_compute: pct(95.0),
            train_communicate: pct(45.0),
            checkpoint: pct(15.0),
            peak: pct(100.0),
        }
    }

    fn h100_node(mix: StateMix) -> ItLoad {
        ItLoad {
            chips: 8.0,
            chip_tdp: Power::from_w(700.0),
            chip_idle: Power::from_w(70.0),
            chip_cap: None,
            other_per_chip: Power::from_w(350.0),
            other_idle_share: pct(50.0),
            common: Power::ZERO,
            mix,
            activity: activity(),
        }
    }

    fn training() -> StateMix {
        StateMix {
            idle: pct(0.0),
            prefill: pct(0.0),
            decode: pct(0.0),
            train_compute: pct(90.0),
            train_communicate: pct(10.0),
            checkpoint: pct(0.0),
        }
    }

    #[test]
    fn h100_node_in_training_is_below_its_rating() {
        let p = h100_node(training()).evaluate().unwrap();
        assert!((p.peak.kw() - 8.4).abs() < 1e-9);
        assert!((p.mean.kw() / 10.2 - 0.76).abs() < 0.03, "{}", p.mean);
        let decode = p.of(State::Decode).w() / 8.0 - 350.0 * (0.5 + 0.5 * 0.22);
        assert!((137.0..300.0).contains(&decode));
        assert!(p.training_swing() > Power::ZERO);
    }

    #[test]
    fn a_cap_lowers_the_peak_and_wrong_mixes_are_named() {
        let mut load = h100_node(training());
        load.chip_cap = Some(Power::from_w(560.0));
        assert!((load.evaluate().unwrap().peak.kw() - 7.28).abs() < 1e-9);
        load.mix.idle = pct(5.0);
        assert!(matches!(load.evaluate(), Err(FacilityError::StateMix { .. })));
    }

    proptest! {
        #[test]
        fn mean_lies_between_idle_and_peak(w in proptest::array::uniform6(0.01f64..1.0)) {
            let s: f64 = w.iter().sum();
            let f = |i: usize| Share::from_fraction(w[i] / s);
            let mix = StateMix { idle: f(0), prefill: f(1), decode: f(2), train_compute: f(3), train_communicate: f(4), checkpoint: f(5) };
            let p = h100_node(mix).evaluate().unwrap();
            prop_assert!(p.mean >= p.of(State::Idle) && p.mean <= p.peak);
        }
    }
}
