//! From the text of a bid file, and of the factory file that it names, to a bid.

use gigatwin_catalog::{Catalog, Confidence, Kind};
use gigatwin_factory::check::{TableNode, check};
use gigatwin_factory::diagnostic::{Diagnostic, Severity, Sources, Span};
use gigatwin_factory::document::{Loader, read};
use gigatwin_factory::outcome::slug;
use gigatwin_factory::{Factory, load};
use gigatwin_quantity::{Currency, Money};

use super::language::BID_FILE;
use super::{Bid, Commitment, Origin};

/// What became of a bid file.
#[derive(Debug)]
pub struct LoadedBid {
    /// Texts and findings of the bid file, then of its factory file.
    pub parts: Vec<(Sources, Vec<Diagnostic>)>,
    /// The bid, where no finding is an error.
    pub bid: Option<Bid>,
}

impl LoadedBid {
    /// Whether any finding is an error.
    #[must_use]
    pub fn failed(&self) -> bool {
        self.parts.iter().any(|(_, d)| d.iter().any(|d| d.severity == Severity::Error))
    }
}

/// Whether a file of a programme's folder is a bid (and not the factory file of one).
#[must_use]
pub fn is_bid(text: &str) -> bool {
    text.lines().any(|line| line.trim() == "[bid]")
}

/// Reads a bid file and, where it names one, the factory file of its site. `price_year` is the year whose euros commitments
/// are counted in.
pub fn load_bid(
    name: &str,
    bytes: Vec<u8>,
    loader: Loader<'_>,
    catalog: &Catalog,
    price_year: u16,
) -> LoadedBid {
    let document = read(name, bytes, loader);
    let (sources, mut found) = (document.sources, document.diagnostics);
    if document.table.is_empty() && !found.is_empty() {
        return LoadedBid { parts: vec![(sources, found)], bid: None };
    }
    let root = check(&document.table, Span::default(), &BID_FILE, &mut found);
    let head = root.table("bid").cloned().unwrap_or_default();
    let state = country(&head, catalog, &mut found);
    let commitments = commitments(&root, catalog, price_year, &mut found);
    if let Some(lot) = head.whole("lot").filter(|l| !(1..=2).contains(l)) {
        let message = format!("the call has no lot {lot}");
        found.push(Diagnostic::error("G622", head.span_of("lot"), message, "write 1 or 2, or leave it out"));
    }
    let mut parts = Vec::new();
    let factory = head.text("site").and_then(|(path, span)| match loader(name, path) {
        Err(reason) => {
            let message = format!("the factory file {path} cannot be read: {reason}");
            let hint = "name a file relative to this one, or leave the key out where the site is not known";
            found.push(Diagnostic::error("G623", span, message, hint));
            None
        }
        Ok((name, bytes)) => {
            let loaded = load(&name, bytes, loader, catalog);
            let factory = loaded.factory;
            parts.push((loaded.sources, loaded.diagnostics));
            contradiction(factory.as_ref(), state.as_deref(), span, &mut found);
            factory
        }
    });
    let failed = found.iter().any(|d| d.severity == Severity::Error);
    let broken_site = head.text("site").is_some() && factory.is_none();
    found.sort_by_key(|d| (d.span.start, d.code));
    found.dedup();
    parts.insert(0, (sources, found));
    let bid =
        state.filter(|_| !failed && !broken_site).and_then(|state| bid(&head, state, commitments, factory));
    LoadedBid { parts, bid }
}

fn bid(
    head: &TableNode,
    state: String,
    commitments: Vec<Commitment>,
    factory: Option<Factory>,
) -> Option<Bid> {
    let text = |key: &str| head.text(key).map(|t| t.0.to_owned()).unwrap_or_default();
    let name = text("name");
    let quantity = |key: &str| head.quantity(key).map(|q| q.distribution);
    Some(Bid {
        slug: slug(&name),
        name,
        state,
        lot: head.whole("lot").and_then(|l| u8::try_from(l).ok()),
        origin: match text("origin").as_str() {
            "public" => Origin::Public,
            "synthetic" => Origin::Synthetic,
            _ => Origin::Own,
        },
        partners: text("partners"),
        status: text("status"),
        note: text("note"),
        submitted: quantity("submitted").map(|d| d.base()),
        power_stated: quantity("power_stated"),
        accelerators_stated: quantity("accelerators_stated"),
        cost_stated: quantity("cost_stated"),
        source: text("source"),
        confidence: Confidence::from_word(&text("confidence"))?,
        commitments,
        factory,
    })
}

/// The country of a table's `state`, in lower case.
fn country(node: &TableNode, catalog: &Catalog, found: &mut Vec<Diagnostic>) -> Option<String> {
    let (id, span) = node.text("state")?;
    match catalog.entry(Kind::Countries, &id.to_lowercase()) {
        Ok(entry) => Some(entry.id),
        Err(e) => {
            let hint = "write an ISO 3166 code such as \"DE\"; gigatwin catalog list countries shows them";
            found.push(Diagnostic::error("G301", span, e.to_string(), hint));
            None
        }
    }
}

fn contradiction(factory: Option<&Factory>, state: Option<&str>, span: Span, found: &mut Vec<Diagnostic>) {
    if let (Some(f), Some(state)) = (factory, state)
        && f.country != state
    {
        let message =
            format!("the bid stands in {}, its site in {}", state.to_uppercase(), f.country.to_uppercase());
        found.push(Diagnostic::error("G624", span, message, "let both files name the same host State"));
    }
}

fn commitments(
    root: &TableNode,
    catalog: &Catalog,
    price_year: u16,
    found: &mut Vec<Diagnostic>,
) -> Vec<Commitment> {
    let mut out = Vec::new();
    for node in root.tables("commitment") {
        let state = country(node, catalog, found);
        let mut amount = None;
        if let Some(q) = node.quantity("amount") {
            let year = q.price_year.unwrap_or(price_year);
            if q.currency == Some(Currency::Usd) {
                let message = format!("{} is a commitment in another currency", q.text);
                found.push(Diagnostic::error(
                    "G620",
                    q.span,
                    message,
                    "convert it to euros and say in a note how",
                ));
            } else if year != price_year {
                let message =
                    format!("{} is in euros of {year}; the programme counts euros of {price_year}", q.text);
                let hint = format!("leave the year out for money of {price_year}, or convert the amount");
                found.push(Diagnostic::error("G621", q.span, message, hint));
            } else {
                amount = Some(Money::from_eur(q.distribution.base()));
            }
        }
        let text = |key: &str| node.text(key).map(|t| t.0.to_owned()).unwrap_or_default();
        if let Some(id) = state.as_deref()
            && !catalog.entry(Kind::Countries, id).is_ok_and(|e| e.flag("signatory"))
            && amount.is_none_or(|a| a.eur() > 0.0)
            && let Some((_, span)) = node.text("state")
        {
            let message = format!(
                "{} did not sign the joint procurement agreement: its money cannot match the Union's in this call",
                id.to_uppercase()
            );
            let hint = "it can still buy hours at the market price or use its AI Factory or antenna; \
                        no gate and no ledger line counts this commitment as matching money";
            found.push(Diagnostic::warning("G631", span, message, hint));
        }
        if let (Some(state), Some(confidence)) = (state, Confidence::from_word(&text("confidence"))) {
            let kind = node.text("kind").map_or("unknown", |k| k.0).to_owned();
            out.push(Commitment { state, amount, kind, source: text("source"), confidence });
        }
    }
    out
}
