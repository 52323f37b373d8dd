//! Power caps and what they do to speed.
//!
//! A chip that draws `p` above idle without a cap and is held at `c` above idle runs compute-bound work at `(c/p)^γ` of its
//! speed. Where voltage falls with the clock, dynamic power goes with its cube and γ = 1/3; where voltage is at its floor,
//! power goes with the clock and γ = 1: measured curves lie between (half of the last fifth of power buys a few per cent of
//! speed). Work that is bound by memory or by the network draws less than most caps and does not feel them.

use gigatwin_quantity::{Power, Share};

use crate::error::{not_negative, positive};
use crate::{Activity, FacilityError, ItLoad, State};

/// Speed in one state under a cap, as a share of the speed without.
///
/// # Errors
/// Negative powers, an exponent that is not above zero.
pub fn speed_under_cap(
    load: &ItLoad,
    state: State,
    cap: Power,
    exponent: f64,
) -> Result<Share, FacilityError> {
    let exponent = positive("the exponent of speed under a cap", exponent)?;
    let idle = not_negative("the chip's idle power", load.chip_idle.w())?;
    let range = not_negative("the chip's full power above idle", load.chip_tdp.w() - idle)?;
    let wanted = range * activity(&load.activity, state).fraction();
    let have = not_negative("the power cap", cap.w())? - idle;
    Ok(Share::from_fraction(if wanted <= 0.0 || have >= wanted {
        1.0
    } else if have <= 0.0 {
        0.0
    } else {
        (have / wanted).powf(exponent)
    }))
}

fn activity(a: &Activity, state: State) -> Share {
    match state {
        State::Idle => Share::ZERO,
        State::Prefill => a.prefill,
        State::Decode => a.decode,
        State::TrainCompute => a.train_compute,
        State::TrainCommunicate => a.train_communicate,
        State::Checkpoint => a.checkpoint,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::StateMix;

    fn pct(p: f64) -> Share {
        Share::from_percent(p)
    }

    #[test]
    fn training_slows_down_and_decode_does_not() {
        let load = ItLoad {
            chips: 1.0,
            chip_tdp: Power::from_w(700.0),
            chip_idle: Power::from_w(70.0),
            chip_cap: None,
            other_per_chip: Power::from_w(300.0),
            other_idle_share: pct(50.0),
            common: Power::ZERO,
            mix: StateMix {
                idle: pct(100.0),
                prefill: pct(0.0),
                decode: pct(0.0),
                train_compute: pct(0.0),
                train_communicate: pct(0.0),
                checkpoint: pct(0.0),
            },
            activity: Activity {
                prefill: pct(80.0),
                decode: pct(22.0),
                train_compute: pct(100.0),
                train_communicate: pct(45.0),
                checkpoint: pct(15.0),
                peak: pct(100.0),
            },
        };
        let at = |state, w: f64| speed_under_cap(&load, state, Power::from_w(w), 0.4).unwrap().fraction();
        assert_eq!(at(State::TrainCompute, 700.0), 1.0);
        let capped = at(State::TrainCompute, 560.0);
        assert!((0.85..0.95).contains(&capped), "{capped}");
        assert_eq!(at(State::Decode, 350.0), 1.0);
        assert_eq!(at(State::TrainCompute, 60.0), 0.0);
        assert!(at(State::TrainCompute, 400.0) < at(State::TrainCompute, 500.0));
    }
}
