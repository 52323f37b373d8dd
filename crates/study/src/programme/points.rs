//! From the figures of a site to points of the award, each between 0 and 1. Where a figure says nothing, the points are unknown.

use gigatwin_programme::score::{Points, Range};

/// Figures of one bid that points are made of, in base units; `None` is n/a.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Figures {
    /// Power usage effectiveness.
    pub pue: Option<f64>,
    /// Renewable share hour by hour.
    pub renewable_hourly: Option<f64>,
    /// Renewable share over the year.
    pub renewable_annual: Option<f64>,
    /// Flexible over firm grid capacity.
    pub flexible: Option<f64>,
    /// Room at the grid over the facility's power.
    pub headroom: Option<f64>,
    /// Equity return.
    pub irr: Option<f64>,
    /// H100-equivalents of the whole site.
    pub h100e: Option<f64>,
    /// Levelised cost per H100e-hour.
    pub cost: Option<f64>,
}

/// The best of all bids, against which scale and cost are measured.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Best {
    /// Most H100-equivalents.
    pub h100e: Option<f64>,
    /// Lowest cost per H100e-hour.
    pub cost: Option<f64>,
}

impl Best {
    /// Of several bids.
    pub fn of<'a>(bids: impl Iterator<Item = &'a Figures> + Clone) -> Best {
        Best {
            h100e: bids.clone().filter_map(|f| f.h100e).reduce(f64::max),
            cost: bids.filter_map(|f| f.cost).reduce(f64::min),
        }
    }
}

/// A straight line from nothing at `zero` to everything at `one`.
fn ramp(x: f64, zero: f64, one: f64) -> f64 {
    ((x - zero) / (one - zero)).clamp(0.0, 1.0)
}

/// Points in the order of the criteria of `assumptions::formula`. PUE and renewables follow the quoted scale (1.10 excellent, above
/// 1.25 poor; 100 % hourly excellent, 80 % annual good, 50 % acceptable), linear between its marks.
pub fn points(f: &Figures, best: &Best, hurdle: f64, unknown: Range) -> Vec<Points> {
    let known = |x: Option<f64>| x.map_or(Points::Unknown(unknown), |x| Points::Known(x.clamp(0.0, 1.0)));
    let renewables = match (f.renewable_hourly, f.renewable_annual) {
        (Some(hourly), _) if hourly >= 0.999 => Some(1.0),
        (_, Some(annual)) => Some(0.8 * ramp(annual, 0.2, 0.8)),
        _ => None,
    };
    let over = |a: Option<f64>, b: Option<f64>| a.zip(b).map(|(a, b)| a / b);
    vec![
        known(f.pue.map(|p| ramp(p, 1.35, 1.10))),
        known(renewables),
        known(f.flexible.map(|x| ramp(x, 0.0, 0.2))),
        known(f.headroom.map(|x| ramp(x, 0.0, 0.1))),
        Points::Unknown(unknown),
        Points::Unknown(unknown),
        known(f.irr.map(|r| ramp(r, 0.0, hurdle))),
        known(over(f.h100e, best.h100e)),
        Points::Unknown(unknown),
        known(over(best.cost, f.cost)),
    ]
}
