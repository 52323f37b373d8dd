//! What each Member State pays and gets if the chosen sites are built as their bids say.

use std::collections::BTreeMap;

use gigatwin_catalog::{Catalog, CatalogError, Kind};
use gigatwin_quantity::{Date, Money};

use super::assumptions::Assumptions;
use super::judge::Judged;
use crate::bid::Bid;

/// Years over which public money for hours is paid: at least five (Regulation (EU) 2026/150, Art. 12b(12)).
pub const TERM: i16 = 5;

/// One State.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// ISO 3166 in lower case.
    pub state: String,
    /// Name.
    pub name: String,
    /// Whether it signed the joint procurement agreement.
    pub signed: bool,
    /// Bids that stand in it.
    pub bids: usize,
    /// Chosen sites that stand in it.
    pub hosts: usize,
    /// What it has promised in public, where an amount is known.
    pub promised: Option<Money>,
    /// What it pays towards the chosen sites.
    pub pays: Money,
    /// Of that, towards second phases: not owed where the Union's money for them does not come.
    pub pays_later: Money,
    /// Accelerator-hours a year that it gets.
    pub hours: f64,
    /// Payments by calendar year, from opening on over five years.
    pub calendar: BTreeMap<i16, f64>,
    /// Its AI Factories and antennas in the catalog: the way in where it hosts no site.
    pub network: Vec<String>,
}

impl Line {
    /// What an hour costs the State over the term, in euros.
    #[must_use]
    pub fn cost_per_hour(&self) -> Option<f64> {
        let hours = self.hours * f64::from(TERM);
        (hours > 0.0).then(|| self.pays.eur() / hours)
    }
}

/// The ledger over all Member States of the catalog. `chosen` are positions of bids.
///
/// # Errors
/// Where a country, AI Factory or antenna of the catalog is broken.
pub fn ledger(
    bids: &[Bid],
    judged: &[Judged],
    chosen: &[usize],
    assumptions: &Assumptions,
    catalog: &Catalog,
) -> Result<Vec<Line>, CatalogError> {
    let mut lines: BTreeMap<String, Line> = BTreeMap::new();
    for id in catalog.ids(Kind::Countries) {
        let entry = catalog.entry(Kind::Countries, id)?;
        if !entry.flag("eu") {
            continue;
        }
        let line = Line {
            state: id.to_owned(),
            name: entry.name.clone(),
            signed: assumptions.signatories.iter().any(|s| s == id),
            bids: bids.iter().filter(|b| b.state == id).count(),
            hosts: chosen.iter().filter(|i| bids[**i].state == id).count(),
            promised: None,
            pays: Money::from_eur(0.0),
            pays_later: Money::from_eur(0.0),
            hours: 0.0,
            calendar: BTreeMap::new(),
            network: Vec::new(),
        };
        lines.insert(id.to_owned(), line);
    }
    for kind in [Kind::AiFactories, Kind::Antennas] {
        for id in catalog.ids(kind) {
            let entry = catalog.entry(kind, id)?;
            let country = entry.text("country").unwrap_or_default().to_lowercase();
            if let Some(line) = lines.get_mut(&country) {
                line.network.push(entry.name.clone());
            }
        }
    }
    for commitment in bids.iter().flat_map(|b| &b.commitments) {
        if let (Some(line), Some(amount)) = (lines.get_mut(&commitment.state), commitment.amount) {
            line.promised = Some(Money::from_eur(line.promised.map_or(0.0, Money::eur) + amount.eur()));
        }
    }
    for i in chosen {
        let Some(outcome) = &judged[*i].outcome else { continue };
        let cap = assumptions.lot(bids[*i].lot).map_or(0.0, |l| l.caps.0.eur());
        let union = outcome.value("funding.union").unwrap_or(0.0);
        // States match the Union, so the part of both that belongs to second phases is the same.
        let later = if union > 0.0 { (union - cap).max(0.0) / union } else { 0.0 };
        let year = outcome.value("schedule.opening").and_then(|d| Date::from_days(d).year());
        for code in outcome.names("state.", ".contribution") {
            let Some(line) = lines.get_mut(code) else { continue };
            let pays = outcome.value(&format!("state.{code}.contribution")).unwrap_or(0.0);
            line.pays = Money::from_eur(line.pays.eur() + pays);
            line.pays_later = Money::from_eur(line.pays_later.eur() + pays * later);
            line.hours += outcome.value(&format!("state.{code}.hours")).unwrap_or(0.0);
            if let Some(first) = year {
                for y in first..first + TERM {
                    *line.calendar.entry(y).or_default() += pays / f64::from(TERM);
                }
            }
        }
    }
    Ok(lines.into_values().collect())
}
