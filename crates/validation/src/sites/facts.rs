//! Facts of sites: one a row, known before the opening or truth.

use std::collections::BTreeMap;

use gigatwin_quantity::Date;

use crate::table::{Table, ValidationError};

const REQUIRED: [&str; 5] = ["site", "role", "key", "value", "date"];
const DAYS_PER_MONTH: f64 = 30.436_875;

/// A site with its facts.
pub(super) struct Site {
    pub name: String,
    known: BTreeMap<String, String>,
    truth: BTreeMap<String, String>,
}

impl Site {
    /// A fact that was public before the opening.
    pub(super) fn known(&self, key: &str) -> Option<&str> {
        self.known.get(key).map(String::as_str)
    }

    pub(super) fn says(&self, key: &str, value: &str) -> bool {
        self.known(key) == Some(value)
    }

    /// The same as a number.
    pub(super) fn number(&self, key: &str) -> Option<f64> {
        self.known(key).and_then(|v| v.parse().ok())
    }

    /// What came, as a number.
    pub(super) fn truth(&self, key: &str) -> Option<f64> {
        self.truth.get(key).and_then(|v| v.parse().ok())
    }

    fn contract(&self) -> Option<Date> {
        self.known("contract").and_then(Date::parse)
    }

    /// From the announcement of the order to the opening.
    pub(super) fn months(&self) -> Option<f64> {
        let opened = self.truth.get("opened").map(String::as_str).and_then(Date::parse)?;
        Some((opened.days() - self.contract()?.days()) / DAYS_PER_MONTH)
    }

    /// The same as it was promised.
    pub(super) fn promised_months(&self) -> Option<f64> {
        let promised = self.known("promised").and_then(Date::parse)?;
        Some((promised.days() - self.contract()?.days()) / DAYS_PER_MONTH)
    }
}

/// Reads a table of facts, in the order of the sites' first rows.
pub(super) fn read(text: &str) -> Result<Vec<Site>, ValidationError> {
    let table = Table::read(text, &REQUIRED)?;
    let mut sites: Vec<Site> = Vec::new();
    for row in table.rows() {
        let name = row.text("site");
        let at = sites.iter().position(|s| s.name == name).unwrap_or_else(|| {
            sites.push(Site { name: name.to_owned(), known: BTreeMap::new(), truth: BTreeMap::new() });
            sites.len() - 1
        });
        let facts = match row.text("role") {
            "known" => &mut sites[at].known,
            "truth" => &mut sites[at].truth,
            _ => return Err(row.fault("role", "known or truth")),
        };
        facts.insert(row.text("key").to_owned(), row.text("value").to_owned());
    }
    // A second pass: the opening may stand after the facts.
    for row in table.rows().filter(|r| r.text("role") == "known") {
        let opened = sites
            .iter()
            .find(|s| s.name == row.text("site"))
            .and_then(|s| s.truth.get("opened"))
            .and_then(|d| Date::parse(d));
        let said =
            Date::parse(row.text("date")).ok_or_else(|| row.fault("date", "a date, such as 2023-10-03"))?;
        if opened.is_some_and(|o| said.days() > o.days()) {
            return Err(row.fault("date", "a day before the site opened, as a known fact needs"));
        }
    }
    Ok(sites)
}
