//! The register of claims, and what the draws say of each.

use gigatwin_catalog::{Catalog, CatalogError, Confidence, Kind};
use gigatwin_quantity::{Date, Dim, parse};

use super::levers::Lever;
use super::world::{MEASURES, World, position};

/// How a claim is held against the draws.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Test {
    /// Position of the measure.
    pub measure: usize,
    /// Lowest value that meets the claim, in base units.
    pub least: f64,
    /// Highest value that meets the claim, in base units.
    pub most: f64,
}

/// What somebody has said.
#[derive(Debug, Clone, PartialEq)]
pub struct Claim {
    /// Id.
    pub id: String,
    /// In a few words.
    pub title: String,
    /// What was said.
    pub text: String,
    /// Who said it.
    pub who: String,
    /// When.
    pub date: String,
    /// Where it is quoted from.
    pub source: String,
    /// How well the quotation is known.
    pub confidence: Confidence,
    /// Law or tender that says otherwise since, and what it says.
    pub superseded: Option<String>,
    /// What the record says already: whether it holds, and how that is known.
    pub record: Option<(bool, String)>,
    /// How it is held against the draws; `None` where no model can.
    pub test: Option<Test>,
    /// What must be true for it.
    pub needs: String,
    /// Where no model can test it: the nearest thing that can be counted.
    pub nearest: Option<usize>,
    /// Why no model can test it.
    pub why_not: String,
}

/// What is to be said of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The record says so, or at least four of five draws.
    Met,
    /// The record says otherwise, or at most one of five draws meets it.
    Missed,
    /// A later law or tender says otherwise.
    Superseded,
    /// Neither, or no model can test it.
    Unknown,
}

impl Verdict {
    /// The word in tables.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Met => "met",
            Verdict::Missed => "missed",
            Verdict::Superseded => "superseded",
            Verdict::Unknown => "unknown",
        }
    }
}

/// The answer to a claim.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// Verdict.
    pub verdict: Verdict,
    /// Share of the draws that meet it, where it can be tested.
    pub probability: Option<f64>,
    /// P10, P50 and P90 of the measure (of the nearest one where no test is possible).
    pub band: Option<[f64; 3]>,
    /// Levers by how much they change the probability (or, where there is none, nothing): lever and change, largest first.
    pub levers: Vec<(&'static str, f64)>,
    /// Where no lever changes the probability: the three that move the median of the measure most, with the median without and with.
    pub moves: Vec<(&'static str, f64, f64)>,
    /// Share of the draws that meet it with all levers at once.
    pub together: Option<f64>,
}

/// Reads the register.
///
/// # Errors
/// Where a file is broken.
pub fn read_claims(catalog: &Catalog) -> Result<Vec<Claim>, CatalogError> {
    catalog.ids(Kind::Claims).into_iter().map(|id| read(catalog, id)).collect()
}

fn read(catalog: &Catalog, id: &str) -> Result<Claim, CatalogError> {
    let entry = catalog.entry(Kind::Claims, id)?;
    let fail = |what: String| CatalogError::Malformed { kind: Kind::Claims, id: id.to_owned(), what };
    let table = entry.table();
    let need = |key: &str| entry.text(key).map(str::to_owned).ok_or_else(|| fail(format!("has no {key}")));
    let measure = |name: &str| position(name).ok_or_else(|| fail(format!("there is no measure {name}")));
    let test = match table.get("test").and_then(|t| t.as_table()) {
        None => None,
        Some(t) => {
            let name = t
                .get("measure")
                .and_then(|v| v.as_str())
                .ok_or_else(|| fail("test has no measure".to_owned()))?;
            let at = measure(name)?;
            let bound = |key: &str, none: f64| match t.get(key).and_then(|v| v.as_str()) {
                None => Ok(none),
                Some(text) => value(text, MEASURES[at].dim).map_err(|e| fail(format!("{key}: {e}"))),
            };
            Some(Test {
                measure: at,
                least: bound("least", f64::NEG_INFINITY)?,
                most: bound("most", f64::INFINITY)?,
            })
        }
    };
    let record = match table.get("record").and_then(|t| t.as_table()) {
        None => None,
        Some(t) => {
            let holds = t
                .get("holds")
                .and_then(|v| v.as_bool())
                .ok_or_else(|| fail("record has no holds".to_owned()))?;
            let text = t
                .get("text")
                .and_then(|v| v.as_str())
                .ok_or_else(|| fail("record has no text".to_owned()))?;
            Some((holds, text.to_owned()))
        }
    };
    let nearest = entry.text("nearest").map(measure).transpose()?;
    let why_not = entry.text("why_not").unwrap_or_default().to_owned();
    if test.is_none() && record.is_none() && why_not.is_empty() {
        return Err(fail("has no test, no record and no word why not".to_owned()));
    }
    Ok(Claim {
        id: id.to_owned(),
        title: entry.name.clone(),
        text: need("text")?,
        who: need("who")?,
        date: need("date")?,
        source: need("source")?,
        confidence: Confidence::from_word(&need("confidence")?)
            .ok_or_else(|| fail("unknown confidence".to_owned()))?,
        superseded: entry.text("superseded").map(str::to_owned),
        record,
        test,
        needs: entry.text("needs").unwrap_or_default().to_owned(),
        nearest,
        why_not,
    })
}

fn value(text: &str, dim: Dim) -> Result<f64, String> {
    if dim == Dim::Date {
        return Date::parse(text).map(Date::days).ok_or_else(|| format!("{text} is no date"));
    }
    parse(text, dim).map(|m| m.value).map_err(|e| e.to_string())
}

impl Test {
    /// Whether a draw meets it. A draw without any site to measure does not.
    #[must_use]
    pub fn holds(&self, world: &World) -> bool {
        let x = world.values[self.measure];
        x >= self.least && x <= self.most
    }

    fn probability(&self, worlds: &[World]) -> f64 {
        worlds.iter().filter(|w| self.holds(w)).count() as f64 / worlds.len().max(1) as f64
    }
}

/// Holds a claim against the draws: `base` without a lever, and for each lever its own draws, which are compared with the same
/// number of the first draws of `base`; `all` has every lever pulled.
#[must_use]
pub fn answer(claim: &Claim, base: &[World], levers: &[(&Lever, Vec<World>)], all: &[World]) -> Answer {
    let probability = claim.test.map(|t| t.probability(base));
    let verdict = if claim.superseded.is_some() {
        Verdict::Superseded
    } else if let Some((holds, _)) = claim.record {
        if holds { Verdict::Met } else { Verdict::Missed }
    } else {
        match probability {
            Some(p) if p >= 0.8 => Verdict::Met,
            Some(p) if p <= 0.2 => Verdict::Missed,
            _ => Verdict::Unknown,
        }
    };
    let mut moved: Vec<(&'static str, f64)> = Vec::new();
    let mut moves = Vec::new();
    if let Some(test) = claim.test {
        for (lever, worlds) in levers {
            let same = &base[..worlds.len().min(base.len())];
            moved.push((lever.label, test.probability(worlds) - test.probability(same)));
        }
        moved.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
        // Less than half a point is nothing to speak of.
        moved.retain(|m| m.1.abs() >= 0.005);
        moved.truncate(3);
    }
    if moved.is_empty()
        && let Some(at) = claim.test.map(|t| t.measure).or(claim.nearest)
    {
        moves = medians(at, base, levers);
    }
    let measure = claim.test.map(|t| t.measure).or(claim.nearest);
    let band = measure.and_then(|m| super::world::band(base, MEASURES[m].id)).map(|b| b.0);
    Answer {
        verdict,
        probability,
        band,
        levers: moved,
        moves,
        together: claim.test.map(|t| t.probability(all)),
    }
}

/// The three levers that move the median of a measure most.
fn medians(at: usize, base: &[World], levers: &[(&Lever, Vec<World>)]) -> Vec<(&'static str, f64, f64)> {
    let median = |worlds: &[World]| super::world::band(worlds, MEASURES[at].id).map(|b| b.0[1]);
    let mut moves: Vec<(&'static str, f64, f64)> = levers
        .iter()
        .filter_map(|(lever, worlds)| {
            let same = &base[..worlds.len().min(base.len())];
            Some((lever.label, median(same)?, median(worlds)?))
        })
        .filter(|(_, from, to)| from != to)
        .collect();
    moves.sort_by(|a, b| (b.2 - b.1).abs().total_cmp(&(a.2 - a.1).abs()));
    moves.truncate(3);
    moves
}
