use crate::unit::{HOUR, KWH, MONTH, YEAR};
use crate::{Date, Dim};

/// Rounds to `digits` significant digits and writes without exponent where a reader expects none.
pub fn significant(value: f64, digits: i32) -> String {
    if value == 0.0 || !value.is_finite() {
        return if value == 0.0 { "0".to_owned() } else { "n/a".to_owned() };
    }
    let magnitude = value.abs().log10().floor() as i32;
    let decimals = (digits - 1 - magnitude).max(0);
    let text = format!("{value:.*}", decimals.min(12) as usize);
    // A carry ("9.996" to "10.00") adds a digit: take it off again.
    if text.bytes().filter(u8::is_ascii_digit).count() as i32
        > digits.max(magnitude + 1) + i32::from(magnitude < 0)
        && text.contains('.')
    {
        return format!("{value:.*}", (decimals - 1).max(0) as usize);
    }
    text
}

/// Writes a base value for people, in the unit that suits its size, with about three significant digits.
pub fn show(dim: Dim, base: f64) -> String {
    if !base.is_finite() {
        return "n/a".to_owned();
    }
    match dim {
        Dim::Date => Date::from_days(base).month_text(),
        Dim::Count | Dim::H100e => {
            let number = count(base);
            if dim == Dim::H100e { format!("{number} H100e") } else { number }
        }
        Dim::Ratio => significant(base, 3),
        Dim::Angle => format!("{base:.2}°"),
        Dim::Share => format!("{} %", significant(base * 100.0, 3)),
        Dim::Growth => format!("{} %/a", significant(base * 100.0, 3)),
        Dim::Temperature => format!("{base:.1} °C"),
        Dim::Money => format!("EUR {}", money(base)),
        Dim::EnergyPrice => format!("EUR {}/MWh", significant(base * KWH * 1e3, 3)),
        Dim::HourPrice => format!("EUR {}/h", significant(base, 3)),
        Dim::PowerPrice => format!("EUR {} m/MW", significant(base, 3)),
        Dim::PowerRate => format!("EUR {}/kW/a", significant(base * 1e3, 3)),
        Dim::CarbonPrice => format!("EUR {}/t", significant(base * 1e3, 3)),
        _ => {
            let (symbol, factor) = suited(dim, base);
            format!("{} {symbol}", significant(base / factor, 3))
        }
    }
}

/// Writes a base value as a bare number in a stated unit of its dimension (for tables and `--json`).
pub fn show_in(base: f64, factor: f64, digits: i32) -> String {
    significant(base / factor, digits)
}

/// Writes a base value so that [`crate::parse`] reads back the same bits.
pub fn exact(dim: Dim, base: f64) -> String {
    match dim {
        Dim::Date => Date::from_days(base).to_string(),
        Dim::Count | Dim::Ratio | Dim::Angle | Dim::Share => format!("{base}"),
        Dim::H100e => format!("{base} H100e"),
        Dim::Money => format!("EUR {base}"),
        Dim::HourPrice => format!("EUR {base}/h"),
        Dim::PowerPrice => format!("EUR {base}/W"),
        _ => {
            // A unit whose factor is one reproduces the bits; where there is none, search the neighbour
            // decimals of the quotient for one that multiplies back exactly.
            let mut candidates = crate::units_of(dim).map(|u| (u.symbol, u.factor)).collect::<Vec<_>>();
            candidates.extend(crate::unit::PER.iter().filter(|p| p.dim == dim).map(|p| (p.symbol, p.factor)));
            for (symbol, factor) in &candidates {
                let start = base / factor;
                for step in 0..4_i64 {
                    for sign in [1, -1] {
                        let near = f64::from_bits((start.to_bits() as i64 + sign * step) as u64);
                        if near.is_finite() && near * factor == base {
                            return if dim.is_money() {
                                format!("EUR {near}{symbol}")
                            } else {
                                format!("{near} {symbol}")
                            };
                        }
                    }
                }
            }
            let (symbol, factor) = candidates.first().copied().unwrap_or(("", 1.0));
            let prefix = if dim.is_money() { "EUR " } else { "" };
            format!("{prefix}{}{}{symbol}", base / factor, if dim.is_money() { "" } else { " " })
        }
    }
}

fn count(value: f64) -> String {
    let a = value.abs();
    if a >= 1e15 {
        format!("{value:.3e}")
    } else if a >= 1e12 {
        format!("{} T", significant(value / 1e12, 3))
    } else if a >= 1e9 {
        format!("{} bn", significant(value / 1e9, 3))
    } else if a >= 1e7 {
        format!("{} M", significant(value / 1e6, 3))
    } else if a >= 1e3 || value == value.round() {
        grouped(value)
    } else {
        significant(value, 3)
    }
}

/// Whole number with thin groups: 100,080.
fn grouped(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let mut out = String::with_capacity(digits.len() + 4);
    if value < 0.0 {
        out.push('-');
    }
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i) % 3 == 0 {
            out.push(',');
        }
        out.push(c);
    }
    out
}

fn money(value: f64) -> String {
    let a = value.abs();
    if a >= 1e9 {
        format!("{} bn", significant(value / 1e9, 3))
    } else if a >= 1e6 {
        format!("{} m", significant(value / 1e6, 3))
    } else if a >= 1e4 {
        format!("{} k", significant(value / 1e3, 3))
    } else {
        significant(value, 3)
    }
}

/// The unit a practitioner would use for a value of this size.
fn suited(dim: Dim, base: f64) -> (&'static str, f64) {
    let ladder: &[(&'static str, f64)] = match dim {
        Dim::Power => &[("W", 1.0), ("kW", 1e3), ("MW", 1e6)],
        Dim::ApparentPower => &[("MVA", 1e6)],
        Dim::Energy => &[("Wh", HOUR), ("kWh", KWH), ("MWh", KWH * 1e3), ("GWh", KWH * 1e6)],
        Dim::Flops => &[("GFLOP/s", 1e9), ("TFLOP/s", 1e12), ("PFLOP/s", 1e15), ("EFLOP/s", 1e18)],
        Dim::Flop => return ("FLOP", 1.0),
        Dim::Data => &[("B", 1.0), ("kB", 1e3), ("MB", 1e6), ("GB", 1e9), ("TB", 1e12), ("PB", 1e15)],
        Dim::Bandwidth => &[("B/s", 1.0), ("MB/s", 1e6), ("GB/s", 1e9), ("TB/s", 1e12)],
        Dim::Time => &[
            ("ns", 1e-9),
            ("µs", 1e-6),
            ("ms", 1e-3),
            ("s", 1.0),
            ("min", 60.0),
            ("h", HOUR),
            ("d", 24.0 * HOUR),
            ("months", 3.0 * MONTH),
            ("years", 3.0 * YEAR),
        ],
        Dim::CarbonIntensity => &[("g/kWh", 1e-3 / KWH)],
        Dim::Mass => &[("kg", 1.0), ("t", 1e3), ("kt", 1e6)],
        Dim::Length => &[("m", 1.0), ("km", 1e3)],
        Dim::Volume => &[("L", 1.0), ("m3", 1e3)],
        Dim::WaterIntensity => &[("L/kWh", 1.0 / KWH)],
        Dim::Hazard => &[("/1000 d", 1.0 / (1000.0 * 24.0 * HOUR))],
        Dim::Speed => &[("m/s", 1.0)],
        Dim::Irradiance => &[("W/m2", 1.0)],
        Dim::TemperatureDifference => &[("K", 1.0)],
        _ => &[("", 1.0)],
    };
    let pick = ladder
        .iter()
        .rev()
        .find(|(_, factor)| base.abs() >= *factor)
        .or_else(|| ladder.first())
        .copied()
        .unwrap_or(("", 1.0));
    // Months and years start being used at three of them, but are counted in ones.
    match pick.0 {
        "months" => ("months", MONTH),
        "years" => ("years", YEAR),
        _ => pick,
    }
}
