//! Moist air, after ASHRAE Handbook Fundamentals (2017), chapter 1. All relations hold at the pressure of the site.

use gigatwin_quantity::{Length, Share, Temperature};

/// Pressure of air or vapour.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct AirPressure(f64);

impl AirPressure {
    /// From pascals.
    pub const fn from_pa(pa: f64) -> Self {
        AirPressure(pa)
    }

    /// In pascals.
    pub const fn pa(self) -> f64 {
        self.0
    }
}

/// Pressure of the standard atmosphere at an altitude: 101325 (1 − 2.25577e-5 z)^5.2559 (ASHRAE, equation 3).
pub fn pressure_at(altitude: Length) -> AirPressure {
    // Beyond -500 to 11 000 m the formula is not meant to hold.
    let z = altitude.m().clamp(-500.0, 11_000.0);
    AirPressure(101_325.0 * (1.0 - 2.255_77e-5 * z).powf(5.2559))
}

/// Saturation vapour pressure over water, or over ice below 0 °C (Hyland and Wexler 1983; ASHRAE, equations 5, 6).
pub fn saturation_vapour_pressure(t: Temperature) -> AirPressure {
    AirPressure(saturation_pa(t.celsius()))
}

pub(crate) fn saturation_pa(celsius: f64) -> f64 {
    let t = celsius.clamp(-100.0, 200.0) + 273.15;
    let ln = if celsius <= 0.01 {
        -5.674_535_9e3 / t
            + 6.392_524_7
            + t * (-9.677_843e-3 + t * (6.221_570_1e-7 + t * (2.074_782_5e-9 - t * 9.484_024e-13)))
            + 4.163_501_9 * t.ln()
    } else {
        -5.800_220_6e3 / t
            + 1.391_499_3
            + t * (-4.864_023_9e-2 + t * (4.176_476_8e-5 - t * 1.445_209_3e-8))
            + 6.545_967_3 * t.ln()
    };
    ln.exp()
}

/// Vapour pressure at a relative humidity.
pub fn vapour_pressure(t: Temperature, humidity: Share) -> AirPressure {
    AirPressure(humidity.fraction() * saturation_pa(t.celsius()))
}

/// Thermodynamic wet bulb from dry bulb, vapour pressure and site pressure: the temperature at which the
/// adiabatic saturation balance closes (ASHRAE, equations 33 and 35).
pub fn wet_bulb(dry_bulb: Temperature, vapour: AirPressure, site: AirPressure) -> Temperature {
    Temperature::from_celsius(wet_bulb_celsius(dry_bulb.celsius(), vapour.0, site.0))
}

/// Ratio of the molar masses of water and dry air.
const RATIO: f64 = 0.621_945;

fn humidity_ratio(vapour: f64, site: f64) -> f64 {
    RATIO * vapour / (site - vapour).max(1.0)
}

pub(crate) fn wet_bulb_celsius(t: f64, vapour: f64, site: f64) -> f64 {
    let w = humidity_ratio(vapour.clamp(0.0, saturation_pa(t)), site);
    // Humidity ratio that air at `t` with wet bulb `x` has, less the actual one: rises with x.
    let gap = |x: f64| {
        let ws = humidity_ratio(saturation_pa(x), site);
        let wx = if x >= 0.0 {
            ((2501.0 - 2.326 * x) * ws - 1.006 * (t - x)) / (2501.0 + 1.86 * t - 4.186 * x)
        } else {
            ((2830.0 - 0.24 * x) * ws - 1.006 * (t - x)) / (2830.0 + 1.86 * t - 2.1 * x)
        };
        wx - w
    };
    if gap(t) <= 0.0 {
        return t;
    }
    let (mut low, mut high) = (t - 45.0, t);
    let (mut g_low, mut g_high) = (gap(low), gap(high));
    if g_low >= 0.0 {
        return low;
    }
    // Illinois variant of the false position: brackets always, converges fast on this nearly quadratic curve.
    let mut x = t;
    for _ in 0..60 {
        x = (low * g_high - high * g_low) / (g_high - g_low);
        let g = gap(x);
        if g.abs() < 1e-10 || high - low < 1e-7 {
            break;
        }
        if g < 0.0 {
            (low, g_low) = (x, g);
            g_high *= 0.5;
        } else {
            (high, g_high) = (x, g);
            g_low *= 0.5;
        }
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Stull (2011), wet bulb from relative humidity at sea level; 5 to 99 %, −20 to 50 °C, about 1 K at worst.
    fn stull(t: f64, rh: f64) -> f64 {
        t * (0.151_977 * (rh + 8.313_659).sqrt()).atan() + (t + rh).atan() - (rh - 1.676_331).atan()
            + 0.003_918_38 * rh.powf(1.5) * (0.023_101 * rh).atan()
            - 4.686_035
    }

    #[test]
    fn saturation_pressure_of_the_tables() {
        for (t, pa) in
            [(-60.0, 1.08), (-20.0, 103.24), (-5.0, 401.74), (5.0, 872.6), (25.0, 3169.7), (50.0, 12351.3)]
        {
            let got = saturation_pa(t);
            assert!((got / pa - 1.0).abs() < 3e-3, "{t}: {got} {pa}");
        }
    }

    #[test]
    fn wet_bulb_of_the_handbook() {
        // ASHRAE example 1: 40 °C dry, 20 °C wet, sea level, 6.5 g/kg; read off the chart, so good to 0.1 g/kg or 0.1 K.
        let w = 6.5e-3;
        let vapour = 101_325.0 * w / (RATIO + w);
        assert!((wet_bulb_celsius(40.0, vapour, 101_325.0) - 20.0).abs() < 0.15);
        // 30 °C dry, 25 °C wet at 95 461 Pa has 19.228 g/kg; -1 °C and -5 °C has 1.204 g/kg (over ice).
        let back = |w: f64| 95_461.0 * w / (RATIO + w);
        assert!((wet_bulb_celsius(30.0, back(0.019_228_13), 95_461.0) - 25.0).abs() < 0.05);
        assert!((wet_bulb_celsius(-1.0, back(0.001_204_0), 95_461.0) + 5.0).abs() < 0.05);
        assert!((wet_bulb_celsius(7.0, 0.61 * saturation_pa(7.0), 100_000.0) - 3.927).abs() < 0.05);
    }

    /// Saturation humidity ratios of moist air at 101.325 kPa (ASHRAE Handbook Fundamentals, chapter 1, table 2), kg/kg.
    const TABLE: [(f64, f64); 10] = [
        (-20.0, 0.000_637_3),
        (-10.0, 0.001_606_2),
        (0.0, 0.003_789_5),
        (10.0, 0.007_661_2),
        (15.0, 0.010_692),
        (20.0, 0.014_758),
        (25.0, 0.020_170),
        (30.0, 0.027_329),
        (35.0, 0.036_756),
        (40.0, 0.049_141),
    ];

    /// For each pair of dry and wet bulb of the table, the humidity ratio follows from the table's saturation value and the
    /// handbook's balance (equations 33, 35), the relative humidity from it, and from that this module's wet bulb.
    #[test]
    fn wet_bulb_of_the_tables_within_five_hundredths_of_a_kelvin() {
        let partial = |w: f64| 101_325.0 * w / (RATIO + w);
        let (mut pairs, mut worst) = (0, 0.0_f64);
        for (dry, dry_saturated) in TABLE {
            for (wet, wet_saturated) in TABLE.into_iter().filter(|w| w.0 <= dry) {
                let w = if wet >= 0.0 {
                    ((2501.0 - 2.326 * wet) * wet_saturated - 1.006 * (dry - wet))
                        / (2501.0 + 1.86 * dry - 4.186 * wet)
                } else {
                    ((2830.0 - 0.24 * wet) * wet_saturated - 1.006 * (dry - wet))
                        / (2830.0 + 1.86 * dry - 2.1 * wet)
                };
                if w < 1e-5 {
                    continue;
                }
                let humidity = partial(w) / partial(dry_saturated);
                let got = wet_bulb_celsius(dry, humidity * saturation_pa(dry), 101_325.0);
                worst = worst.max((got - wet).abs());
                pairs += 1;
            }
        }
        assert!(pairs >= 25 && worst < 0.05, "{pairs} pairs, worst {worst} K");
    }

    #[test]
    fn pressure_of_the_standard_atmosphere() {
        assert!((pressure_at(Length::from_m(0.0)).pa() - 101_325.0).abs() < 1e-6);
        assert!((pressure_at(Length::from_m(1500.0)).pa() - 84_556.0).abs() < 20.0);
    }

    #[test]
    fn saturated_air_is_its_own_wet_bulb() {
        for t in [-15.0, -0.5, 0.5, 20.0] {
            assert!((wet_bulb_celsius(t, saturation_pa(t), 98_000.0) - t).abs() < 1e-6);
        }
    }

    proptest! {
        #[test]
        fn near_stull_at_sea_level(t in 3.0f64..42.0, rh in 12.0f64..98.0) {
            let got = wet_bulb_celsius(t, rh / 100.0 * saturation_pa(t), 101_325.0);
            prop_assert!(got <= t + 1e-9);
            if got > 1.0 {
                prop_assert!((got - stull(t, rh)).abs() < 1.2, "{} {}", got, stull(t, rh));
            }
        }

        #[test]
        fn rises_with_humidity(t in -20.0f64..45.0, rh in 0.05f64..0.94, z in 0.0f64..2000.0) {
            let p = pressure_at(Length::from_m(z)).pa();
            let at = |r: f64| wet_bulb_celsius(t, r * saturation_pa(t), p);
            prop_assert!(at(rh) <= at(rh + 0.05) + 1e-6);
        }
    }
}
