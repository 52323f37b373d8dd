//! Bids as they are read from files.

mod language;
mod read;

use gigatwin_catalog::Confidence;
use gigatwin_factory::Factory;
use gigatwin_quantity::{Distribution, Money};

pub use language::BID_FILE;
pub use read::{LoadedBid, is_bid, load_bid};

/// Where a bid file comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// It quotes public statements.
    Public,
    /// It was generated from a seed; nobody made this bid.
    Synthetic,
    /// The bidder's own.
    Own,
}

impl Origin {
    /// The word in files and tables.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Origin::Public => "public",
            Origin::Synthetic => "synthetic",
            Origin::Own => "own",
        }
    }
}

/// Money that a State has promised.
#[derive(Debug, Clone, PartialEq)]
pub struct Commitment {
    /// The State, ISO 3166 in lower case.
    pub state: String,
    /// How much; `None` where it is not known.
    pub amount: Option<Money>,
    /// Legal form, in a word.
    pub kind: String,
    /// Who says so.
    pub source: String,
    /// How well it is known.
    pub confidence: Confidence,
}

/// A bid.
#[derive(Debug)]
pub struct Bid {
    /// Name in tables of machines.
    pub slug: String,
    /// Name.
    pub name: String,
    /// Host State, ISO 3166 in lower case.
    pub state: String,
    /// Lot of the call, where it is known.
    pub lot: Option<u8>,
    /// Where the file comes from.
    pub origin: Origin,
    /// Partners in a line; may be empty.
    pub partners: String,
    /// How far it has come; may be empty.
    pub status: String,
    /// What else is known; may be empty.
    pub note: String,
    /// Probability that it is submitted, where it is stated.
    pub submitted: Option<f64>,
    /// Power in watts as stated, of what is not said.
    pub power_stated: Option<Distribution>,
    /// Accelerators as stated.
    pub accelerators_stated: Option<Distribution>,
    /// Cost in euros as stated.
    pub cost_stated: Option<Distribution>,
    /// Who says so.
    pub source: String,
    /// How well it is known.
    pub confidence: Confidence,
    /// Promises of States.
    pub commitments: Vec<Commitment>,
    /// The site; `None` where nobody has published one.
    pub factory: Option<Factory>,
}
