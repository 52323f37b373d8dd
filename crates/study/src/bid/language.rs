//! The language of a bid file: what a consortium says, beside the factory file of its site.

use gigatwin_catalog::Kind;
use gigatwin_factory::language::{Field, Need, Table, Takes};
use gigatwin_quantity::Dim;

const fn key(key: &'static str, takes: Takes, need: Need, doc: &'static str) -> Field {
    Field { key, takes, need, doc }
}

/// Words for how well a statement is known, as in the catalog.
pub const CONFIDENCE: &[&str] = &["measured", "published", "secondary", "derived", "assumed"];

static BID: Table = Table {
    doc: "A bid or an expression of interest.",
    fields: &[
        key("name", Takes::Text, Need::Required, "Name of the bid."),
        key("state", Takes::Catalog(Kind::Countries), Need::Required, "Host State."),
        key("lot", Takes::Whole(1), Need::Optional, "Lot of the call; left out where it is not known."),
        key(
            "origin",
            Takes::Word(&["public", "synthetic", "own"]),
            Need::Word("own"),
            "Whether the file quotes public statements, was generated, or is the bidder's own.",
        ),
        key(
            "site",
            Takes::Text,
            Need::Optional,
            "Factory file of the site, relative to this file; without it the site is not known.",
        ),
        key("partners", Takes::Text, Need::Optional, "Partners, in a line."),
        key("status", Takes::Text, Need::Optional, "How far the bid has come."),
        key(
            "submitted",
            Takes::Quantity(Dim::Share),
            Need::Optional,
            "Probability that it is submitted in the call.",
        ),
        key(
            "power_stated",
            Takes::Quantity(Dim::Power),
            Need::Optional,
            "Power as stated, where it is not said whether of IT, facility or grid; judged by no rule.",
        ),
        key(
            "accelerators_stated",
            Takes::Quantity(Dim::Count),
            Need::Optional,
            "Accelerators as stated; judged by no rule.",
        ),
        key("cost_stated", Takes::Quantity(Dim::Money), Need::Optional, "Cost as stated."),
        key("note", Takes::Text, Need::Optional, "What else is known."),
        key("source", Takes::Text, Need::Required, "Who says so."),
        key("date", Takes::Text, Need::Optional, "When it was said."),
        key("confidence", Takes::Word(CONFIDENCE), Need::Required, "How well it is known."),
    ],
};

static COMMITMENT: Table = Table {
    doc: "Money that a State has promised to this bid.",
    fields: &[
        key("state", Takes::Catalog(Kind::Countries), Need::Required, "The State."),
        key(
            "amount",
            Takes::Quantity(Dim::Money),
            Need::Optional,
            "How much, in euros; left out where it is not known.",
        ),
        key(
            "kind",
            Takes::Word(&["purchase", "equity", "grant", "loan", "unknown"]),
            Need::Word("unknown"),
            "Legal form.",
        ),
        key("source", Takes::Text, Need::Required, "Who says so."),
        key("confidence", Takes::Word(CONFIDENCE), Need::Required, "How well it is known."),
        key("note", Takes::Text, Need::Optional, "What else is known."),
    ],
};

/// A whole bid file.
pub static BID_FILE: Table = Table {
    doc: "A bid: who, where, how far, and the factory file of its site.",
    fields: &[
        key("format", Takes::Whole(1), Need::Required, "Version of this language; 1."),
        key("bid", Takes::Table(&BID), Need::Required, "The bid."),
        key("commitment", Takes::Tables(&COMMITMENT), Need::Optional, "Money promised by States."),
    ],
};
