//! What each Member State pays and gets if the chosen sites are built as their bids say.

use std::collections::BTreeMap;

use gigatwin_catalog::{Catalog, CatalogError, Kind};
use gigatwin_quantity::{Date, Money};

use super::assumptions::Assumptions;
use super::judge::Judged;
use super::risks::{Instrument, Stake, stake};
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
    /// The same in H100-equivalents.
    pub h100e_hours: f64,
    /// Its hours a year by class of users; what has no class is not listed.
    pub classes: BTreeMap<String, f64>,
    /// Legal form of its money, by its commitment to a chosen site; the purchase of hours, as in the call, where none is stated.
    pub instrument: Instrument,
    /// Whether that form is stated by the State.
    pub instrument_stated: bool,
    /// Payments by calendar year: a purchase as hours come, over five years from the opening of each phase; other forms over the two
    /// years before it.
    pub calendar: BTreeMap<i16, f64>,
    /// What it has at stake.
    pub stake: Stake,
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
            h100e_hours: 0.0,
            classes: BTreeMap::new(),
            instrument: Instrument::Purchase,
            instrument_stated: false,
            calendar: BTreeMap::new(),
            stake: stake(Instrument::Purchase, Money::from_eur(0.0), Money::from_eur(0.0), 0.0, 0.0),
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
        let year = |day: f64| Date::from_days(day).year();
        let opens = outcome.value("schedule.opening").and_then(year);
        let phases = outcome.names("schedule.phase.", ".opening");
        let last = phases
            .iter()
            .filter_map(|p| outcome.value(&format!("schedule.phase.{p}.opening")))
            .reduce(f64::max)
            .and_then(year);
        let per_accelerator = outcome
            .value("site.h100_equivalents")
            .zip(outcome.value("site.accelerators"))
            .map_or(0.0, |(h, a)| h / a);
        let of_states = outcome.value("tenant.states.hours").filter(|h| *h > 0.0);
        for code in outcome.names("state.", ".contribution") {
            let Some(line) = lines.get_mut(code) else { continue };
            let stated = bids[*i].commitments.iter().find(|c| c.state == *code);
            if let Some(instrument) = stated.and_then(|c| Instrument::from_word(&c.kind)) {
                (line.instrument, line.instrument_stated) = (instrument, true);
            }
            let pays = outcome.value(&format!("state.{code}.contribution")).unwrap_or(0.0);
            line.pays = Money::from_eur(line.pays.eur() + pays);
            line.pays_later = Money::from_eur(line.pays_later.eur() + pays * later);
            let hours = outcome.value(&format!("state.{code}.hours")).unwrap_or(0.0);
            line.hours += hours;
            line.h100e_hours += hours * per_accelerator;
            for class in outcome.names("tenant.states.hours.", "") {
                let part = outcome.value(&format!("tenant.states.hours.{class}")).zip(of_states);
                *line.classes.entry(class.to_owned()).or_default() +=
                    part.map_or(0.0, |(c, all)| hours * c / all);
            }
            for (amount, opens) in [(pays * (1.0 - later), opens), (pays * later, last)] {
                let Some(first) = opens.filter(|_| amount > 0.0) else { continue };
                let (from, years) =
                    if line.instrument.before_opening() { (first - 2, 2) } else { (first, TERM) };
                for y in from..from + years {
                    *line.calendar.entry(y).or_default() += amount / f64::from(years);
                }
            }
        }
    }
    // What is at stake against the low end of the market.
    for line in lines.values_mut() {
        let term = line.h100e_hours * f64::from(TERM);
        line.stake = stake(line.instrument, line.pays, line.pays_later, term, assumptions.market.low);
    }
    Ok(lines.into_values().collect())
}
