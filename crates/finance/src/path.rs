//! How a price, a cost or a utilisation moves from year to year.

use gigatwin_quantity::Growth;

/// Factor by year since the month in which prices are stated.
#[derive(Debug, Clone, PartialEq)]
pub enum YearPath {
    /// The same relative change every year: (1 + g)^y.
    Growth(Growth),
    /// One factor per year, in any order of size: prices have fallen and risen. The last one holds on.
    Factors(Vec<f64>),
}

impl YearPath {
    /// No change.
    pub const FLAT: YearPath = YearPath::Growth(Growth::ZERO);

    /// The factor of year `year` (0 is the year of the stated price; before it the list's first value holds).
    pub fn factor(&self, year: i32) -> f64 {
        match self {
            YearPath::Growth(g) => (1.0 + g.per_year()).powi(year),
            YearPath::Factors(factors) => {
                let i = usize::try_from(year.max(0)).unwrap_or(0).min(factors.len().saturating_sub(1));
                factors.get(i).copied().unwrap_or(1.0)
            }
        }
    }

    pub(crate) fn is_valid(&self) -> bool {
        match self {
            YearPath::Growth(g) => g.per_year().is_finite() && g.per_year() > -1.0,
            YearPath::Factors(f) => f.iter().all(|x| x.is_finite() && *x >= 0.0),
        }
    }
}
