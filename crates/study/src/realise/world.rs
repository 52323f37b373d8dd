//! One draw of the whole programme in figures.

use gigatwin_quantity::Dim;

/// A figure of the programme.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measure {
    /// Id, which claims refer to.
    pub id: &'static str,
    /// Label.
    pub label: &'static str,
    /// Dimension of the value in base units.
    pub dim: Dim,
}

const fn measure(id: &'static str, dim: Dim, label: &'static str) -> Measure {
    Measure { id, label, dim }
}

/// All figures, in the order of [`World::values`].
///
/// *Chosen* bids win under the limits of the call; *realised* ones are those of them whose sponsors find the equity return that
/// they ask for, so that they invest.
pub const MEASURES: &[Measure] = &[
    measure("bids.interested", Dim::Count, "Expressions of interest"),
    measure("bids.submitted", Dim::Count, "Bids submitted"),
    measure("bids.signatory", Dim::Count, "Of those, in a State that signed"),
    measure("bids.eligible", Dim::Count, "Of those, past the hard gates"),
    measure("sites.chosen", Dim::Count, "Chosen under the call's limits"),
    measure("sites.realised", Dim::Count, "Of those, worth investing in"),
    measure("sites.open_2027", Dim::Count, "Sites open by the end of 2027"),
    measure("sites.open_2028_06", Dim::Count, "Sites open by the middle of 2028"),
    measure("sites.open_2028", Dim::Count, "Sites open by the end of 2028"),
    measure("sites.open_2030", Dim::Count, "Sites open by the end of 2030"),
    measure("sites.first_opening", Dim::Date, "First opening"),
    measure("site.months_from_signature", Dim::Time, "Signature to opening, median site"),
    measure("site.accelerators", Dim::Count, "Accelerators, median chosen site"),
    measure("site.h100e", Dim::Count, "H100-equivalents, median chosen site"),
    measure("site.ratio_to_ai_factory", Dim::Ratio, "Times the largest AI Factory, median chosen site"),
    measure("site.cost", Dim::Money, "Cost to build, median chosen site"),
    measure("site.public_share", Dim::Share, "Public share of the cost to build, median chosen site"),
    measure("site.cost_per_h100e_hour", Dim::HourPrice, "Cost per H100e-hour, median chosen site"),
    measure("site.equity_return", Dim::Share, "Equity return, median chosen site"),
    measure("chosen.cost", Dim::Money, "Investment of the chosen sites"),
    measure("realised.cost", Dim::Money, "Investment that comes"),
    measure("realised.union", Dim::Money, "Union money that is used"),
    measure("realised.states", Dim::Money, "States' money that is used"),
    measure("realised.private", Dim::Money, "Private money that comes"),
    measure("realised.leverage", Dim::Ratio, "Investment over Union money"),
    measure("realised.h100e", Dim::Count, "H100-equivalents that come"),
    measure("realised.h100e_2030", Dim::Count, "Of those, open by the end of 2030"),
    measure("realised.union_hours", Dim::Count, "Hours a year for the Union"),
    measure("realised.states_hours", Dim::Count, "Hours a year for the States"),
    measure("realised.sme_hours", Dim::Count, "Hours a year for small and medium enterprises"),
    measure("europe.compute_share", Dim::Share, "Europe's share of AI computing at the end of 2030"),
];

/// Values of all measures in one draw, in base units; NaN where there is none.
#[derive(Debug, Clone, PartialEq)]
pub struct World {
    /// In the order of [`MEASURES`].
    pub values: Vec<f64>,
    /// Bids chosen, and those of them that are worth investing in.
    pub chosen: Vec<(usize, bool)>,
}

impl World {
    pub(crate) fn empty() -> World {
        World { values: vec![f64::NAN; MEASURES.len()], chosen: Vec::new() }
    }

    pub(crate) fn put(&mut self, id: &str, value: f64) {
        if let Some(i) = position(id) {
            self.values[i] = value;
        }
    }

    /// A figure; NaN where there is none.
    #[must_use]
    pub fn get(&self, id: &str) -> f64 {
        position(id).map_or(f64::NAN, |i| self.values[i])
    }
}

/// Position of a measure.
#[must_use]
pub fn position(id: &str) -> Option<usize> {
    MEASURES.iter().position(|m| m.id == id)
}

/// P10, P50 and P90 of a figure over worlds in which there is one, and the share of these worlds.
#[must_use]
pub fn band(worlds: &[World], id: &str) -> Option<([f64; 3], f64)> {
    let mut there: Vec<f64> = worlds.iter().map(|w| w.get(id)).filter(|v| v.is_finite()).collect();
    if there.is_empty() {
        return None;
    }
    there.sort_by(f64::total_cmp);
    let at = |q: f64| there[((there.len() - 1) as f64 * q).round() as usize];
    Some(([at(0.1), at(0.5), at(0.9)], there.len() as f64 / worlds.len() as f64))
}
