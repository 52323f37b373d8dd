//! The square wave of synchronous training, as the grid sees it, and what takes the edge off it.
//!
//! One iteration computes at `high` for the share `computing` of its period and communicates at `low` for the rest, with ramps
//! of length `ramp` between the two: a trapezium whose Fourier amplitudes are
//! `c_n = 2 A / (n π) · |sin(n π d)| · |sinc(n τ / T)|`, with A the range, d the duty, τ the ramp and T the period. Grid
//! operators look at 0.1 to 20 Hz (Choukse et al., arXiv 2508.14318, who find iterations at 0.2 to 3 Hz).

use std::f64::consts::PI;

use gigatwin_quantity::{Power, Share, Time};

use crate::FacilityError;
use crate::error::{not_negative, positive, share};

/// Change of power per time.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Ramp(f64);

impl Ramp {
    /// From megawatts per second.
    pub fn from_mw_per_s(v: f64) -> Self {
        Ramp(v * 1e6)
    }

    /// In megawatts per second.
    pub fn mw_per_s(self) -> f64 {
        self.0 / 1e6
    }
}

/// Oscillations per second.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Frequency(f64);

impl Frequency {
    /// From hertz.
    pub const fn from_hz(v: f64) -> Self {
        Frequency(v)
    }

    /// In hertz.
    pub const fn hz(self) -> f64 {
        self.0
    }
}

/// Lower and upper edge of the band that grids are sensitive to.
pub const BAND: (Frequency, Frequency) = (Frequency(0.1), Frequency(20.0));

/// Harmonics that are looked at.
const HARMONICS: usize = 400;

/// A synchronous job.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Swing {
    /// While all chips compute.
    pub high: Power,
    /// While all chips communicate.
    pub low: Power,
    /// Length of an iteration.
    pub period: Time,
    /// Share of it in which chips compute.
    pub computing: Share,
    /// Length of each edge: what capacitors of supplies and the spread between ranks leave of a step.
    pub ramp: Time,
}

/// What is done against it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Remedy {
    /// Chips do not fall below `low` plus this share of the range (a firmware's power floor).
    Floor(Share),
    /// Work without use fills the troughs up to this share of the range.
    Filler(Share),
    /// Storage in the racks' supplies.
    Storage {
        /// What it can deliver or take.
        power: Power,
        /// What it can swing through, from full to empty.
        energy: gigatwin_quantity::Energy,
        /// Energy lost of what passes through it.
        loss: Share,
    },
    /// The job runs as so many groups whose iterations are shifted against each other.
    Stagger(u32),
}

/// What the grid sees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SwingSeen {
    /// Highest less lowest power.
    pub range: Power,
    /// Steepest edge.
    pub ramp: Ramp,
    /// Fundamental frequency.
    pub fundamental: Frequency,
    /// Share of the swing's variance that lies in [`BAND`].
    pub in_band: Share,
    /// Root mean square of the swing inside [`BAND`].
    pub rms_in_band: Power,
    /// Mean power that the remedy costs.
    pub cost: Power,
}

impl Swing {
    /// The wave without and with a remedy.
    ///
    /// # Errors
    /// Shares out of range, no period, edges that do not fit into it.
    pub fn seen(&self, remedy: Option<Remedy>) -> Result<SwingSeen, FacilityError> {
        let period = positive("the length of an iteration", self.period.s())?;
        let duty = share("the computing share of an iteration", self.computing)?;
        let range = not_negative("the range of the swing", (self.high - self.low).w())?;
        // An edge fits into the shorter of the two parts.
        let ramp =
            positive("the ramp of the swing", self.ramp.s())?.min(period * duty.min(1.0 - duty)).max(1e-6);
        let wave = Wave { range, period, duty, ramp };
        match remedy {
            None => Ok(wave.seen(0.0, |_| 1.0, 0.0)),
            Some(Remedy::Floor(s)) => {
                let s = share("a power floor", s)?;
                // What is drawn above need while communicating.
                let cost = range * s * (1.0 - duty);
                Ok(Wave { range: range * (1.0 - s), ..wave }.seen(cost, |_| 1.0, 0.0))
            }
            Some(Remedy::Filler(s)) => {
                let s = share("filler work", s)?;
                // Filler is scheduled a moment late and ends a moment early: it misses both edges.
                let reach = (1.0 - 2.0 * ramp / (period * (1.0 - duty)).max(1e-9)).max(0.0);
                let cost = range * s * reach * (1.0 - duty);
                Ok(Wave { range: range * (1.0 - s * reach), ..wave }.seen(cost, |_| 1.0, 0.0))
            }
            Some(Remedy::Storage { power, energy, loss }) => Ok(self.stored(
                &wave,
                not_negative("the power of rack storage", power.w())?,
                not_negative("the energy of rack storage", energy.joules())?,
                share("the loss of rack storage", loss)?,
            )),
            Some(Remedy::Stagger(groups)) => {
                let g = groups.max(1) as usize;
                // Shifted by a period over g, only harmonics that are multiples of g stay.
                let mut seen = wave.seen(0.0, |n| if n % g == 0 { 1.0 } else { 0.0 }, 0.0);
                // Of g waves, those that overlap unevenly leave one step of a g-th of the range.
                let whole = (g as f64 * duty).fract();
                seen.range =
                    Power::from_w(if whole.min(1.0 - whole) < 1e-9 { 0.0 } else { range / g as f64 });
                seen.ramp = Ramp(range / g as f64 / ramp);
                seen.fundamental = Frequency(g as f64 / period);
                Ok(seen)
            }
        }
    }

    /// Storage carries the wave as far as its power and its energy reach; the rest passes.
    fn stored(&self, wave: &Wave, power: f64, energy: f64, loss: f64) -> SwingSeen {
        let Wave { range, period, duty, .. } = *wave;
        // To make the draw flat it gives (1 − d) of the range while computing and takes d of it otherwise.
        let needed_power = range * duty.max(1.0 - duty);
        let needed_energy = range * duty * (1.0 - duty) * period;
        let covered = |have: f64, need: f64| if need > 0.0 { (have / need).min(1.0) } else { 1.0 };
        let part = covered(power, needed_power).min(covered(energy, needed_energy));
        let through = range * duty * (1.0 - duty) * part;
        Wave { range: range * (1.0 - part), ..*wave }.seen(through * loss, |_| 1.0, 0.0)
    }
}

#[derive(Clone, Copy)]
struct Wave {
    range: f64,
    period: f64,
    duty: f64,
    ramp: f64,
}

impl Wave {
    /// Amplitude of the n-th harmonic.
    fn amplitude(&self, n: usize) -> f64 {
        let x = n as f64;
        let edge = PI * x * self.ramp / self.period;
        let sinc = if edge > 1e-9 { edge.sin() / edge } else { 1.0 };
        (2.0 * self.range / (x * PI) * (x * PI * self.duty).sin() * sinc).abs()
    }

    fn seen(&self, cost: f64, keep: impl Fn(usize) -> f64, floor: f64) -> SwingSeen {
        let fundamental = 1.0 / self.period;
        let (mut all, mut band) = (floor, 0.0);
        for n in 1..=HARMONICS {
            let a = self.amplitude(n) * keep(n);
            let variance = 0.5 * a * a;
            all += variance;
            if (BAND.0.0..=BAND.1.0).contains(&(fundamental * n as f64)) {
                band += variance;
            }
        }
        SwingSeen {
            range: Power::from_w(self.range),
            ramp: Ramp(self.range / self.ramp),
            fundamental: Frequency(fundamental),
            in_band: Share::from_fraction(if all > 0.0 { band / all } else { 0.0 }),
            rms_in_band: Power::from_w(band.sqrt()),
            cost: Power::from_w(cost),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gigatwin_quantity::Energy;
    use proptest::prelude::*;

    fn swing() -> Swing {
        Swing {
            high: Power::from_mw(120.0),
            low: Power::from_mw(70.0),
            period: Time::from_s(2.0),
            computing: Share::from_percent(80.0),
            ramp: Time::from_s(0.05),
        }
    }

    #[test]
    fn a_job_at_half_a_hertz_lies_in_the_band() {
        let seen = swing().seen(None).unwrap();
        assert!((seen.range.mw() - 50.0).abs() < 1e-9 && (seen.ramp.mw_per_s() - 1000.0).abs() < 1e-6);
        assert!(seen.in_band.fraction() > 0.97, "{:?}", seen.in_band);
        // Variance of a square wave: A² d (1 − d); the ramps take a little.
        let square = 50.0 * (0.8_f64 * 0.2).sqrt();
        assert!(
            seen.rms_in_band.mw() < square && seen.rms_in_band.mw() > 0.9 * square,
            "{}",
            seen.rms_in_band
        );
    }

    #[test]
    fn remedies_do_what_they_say() {
        let s = swing();
        let floor = s.seen(Some(Remedy::Floor(Share::from_percent(50.0)))).unwrap();
        assert!((floor.range.mw() - 25.0).abs() < 1e-9 && (floor.cost.mw() - 5.0).abs() < 1e-9);
        // Flat needs 40 MW and 50 · 0.8 · 0.2 · 2 s = 16 MJ.
        let flat = Remedy::Storage {
            power: Power::from_mw(40.0),
            energy: Energy::from_joules(16e6),
            loss: Share::from_percent(5.0),
        };
        let seen = s.seen(Some(flat)).unwrap();
        assert!(seen.range.mw() < 1e-9 && seen.rms_in_band.mw() < 1e-9 && seen.cost > Power::ZERO);
        let half = Remedy::Storage {
            power: Power::from_mw(40.0),
            energy: Energy::from_joules(8e6),
            loss: Share::ZERO,
        };
        assert!((s.seen(Some(half)).unwrap().range.mw() - 25.0).abs() < 1e-9);
        // Five groups of a wave with a duty of 4/5 add up to a flat line.
        let five = s.seen(Some(Remedy::Stagger(5))).unwrap();
        assert!(five.range.mw() < 1e-9 && five.rms_in_band.mw() < 1e-6, "{five:?}");
    }

    proptest! {
        #[test]
        fn no_remedy_makes_it_worse(p in 0.0f64..1.0, duty in 0.05f64..0.95, period in 0.3f64..5.0) {
            let s = Swing { computing: Share::from_fraction(duty), period: Time::from_s(period), ..swing() };
            let bare = s.seen(None).unwrap();
            for remedy in [Remedy::Floor(Share::from_fraction(p)), Remedy::Filler(Share::from_fraction(p)),
                Remedy::Storage { power: Power::from_mw(50.0 * p), energy: Energy::from_joules(1e7 * p), loss: Share::from_percent(5.0) },
                Remedy::Stagger(1 + (p * 8.0) as u32)] {
                let with = s.seen(Some(remedy)).unwrap();
                prop_assert!(with.range <= bare.range + Power::from_w(1.0) && with.rms_in_band <= bare.rms_in_band + Power::from_w(1.0));
                prop_assert!(with.in_band.fraction() <= 1.0 + 1e-12 && with.cost >= Power::ZERO);
            }
        }
    }
}
