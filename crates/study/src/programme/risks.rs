//! Who bears which risk, by the legal form of public money (in the manner of the World Bank's and IMF's PFRAM), and what a State
//! has at stake.

use gigatwin_quantity::Money;

/// Legal form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Instrument {
    /// Grant on computing CAPEX, with hours in proportion.
    Grant,
    /// Guaranteed purchase of hours.
    Purchase,
    /// Shares.
    Equity,
    /// Loan.
    Loan,
    /// Guarantee of a loan.
    Guarantee,
}

/// All of them, in the order of tables.
pub const INSTRUMENTS: [Instrument; 5] =
    [Instrument::Grant, Instrument::Purchase, Instrument::Equity, Instrument::Loan, Instrument::Guarantee];

impl Instrument {
    /// From the word in a commitment.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Instrument> {
        INSTRUMENTS.into_iter().find(|i| i.word() == word)
    }

    /// The word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Instrument::Grant => "grant",
            Instrument::Purchase => "purchase",
            Instrument::Equity => "equity",
            Instrument::Loan => "loan",
            Instrument::Guarantee => "guarantee",
        }
    }

    /// Whether the money flows while the site is built. A purchase is paid as hours come, a guarantee when it is called.
    #[must_use]
    pub fn before_opening(self) -> bool {
        matches!(self, Instrument::Grant | Instrument::Equity | Instrument::Loan)
    }
}

/// What can go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Risk {
    /// Name.
    pub label: &'static str,
    /// Who bears it, by instrument in the order of [`INSTRUMENTS`].
    pub bearer: [Bearer; 5],
    /// Why.
    pub why: &'static str,
}

/// Who bears a risk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bearer {
    /// The consortium.
    Operator,
    /// The State.
    State,
    /// Both.
    Shared,
    /// Nobody: it cannot happen in this form.
    None,
}

impl Bearer {
    /// The word in tables.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Bearer::Operator => "operator",
            Bearer::State => "State",
            Bearer::Shared => "both",
            Bearer::None => "–",
        }
    }
}

use Bearer::{None as Nobody, Operator, Shared, State};

/// The matrix. Regulation (EU) 2026/150, Art. 12b leaves operation and everything but computing to the consortium; the rest
/// follows from who is paid, when, and for what.
pub const MATRIX: &[Risk] = &[
    Risk {
        label: "cost of construction",
        bearer: [Operator, Operator, Shared, Operator, Operator],
        why: "public money is capped; shareholders carry their part of an overrun",
    },
    Risk {
        label: "late opening",
        bearer: [Shared, Operator, Shared, Shared, Shared],
        why: "a purchase pays for hours that come; the others have paid or stand in already",
    },
    Risk {
        label: "too little demand",
        bearer: [Shared, State, Shared, Operator, Shared],
        why: "who buys hours must find users for them; a grant's share of hours can lie idle too",
    },
    Risk {
        label: "falling price of hours",
        bearer: [Operator, State, Shared, Operator, Shared],
        why: "a purchase at a fixed price is dear when the market falls",
    },
    Risk {
        label: "rising price of hours",
        bearer: [Nobody, Operator, Nobody, Nobody, Nobody],
        why: "hours sold ahead are worth more than they bring",
    },
    Risk {
        label: "obsolete hardware",
        bearer: [Shared, Shared, Shared, Operator, Operator],
        why: "hours are hours of the machines that stand there, unless a refresh is agreed",
    },
    Risk {
        label: "price of power",
        bearer: [Operator, Operator, Shared, Operator, Operator],
        why: "operation is the consortium's, by the regulation",
    },
    Risk {
        label: "second-phase money fails",
        bearer: [Operator, Operator, Shared, Operator, Operator],
        why: "the site stays at its first phase; the State then owes nothing more, but gets no more hours",
    },
    Risk {
        label: "insolvency of the operator",
        bearer: [State, Shared, State, State, State],
        why: "money spent is lost beyond securities; hours not delivered are not paid",
    },
    Risk {
        label: "inflation and interest",
        bearer: [Operator, Operator, Shared, State, Operator],
        why: "amounts are nominal; a lender at a fixed rate carries the interest",
    },
];

/// What a State has at stake.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stake {
    /// Paid before a single hour comes.
    pub ahead: Money,
    /// Contingent on the Union's money for second phases.
    pub contingent: Money,
    /// What its hours would cost less at the low end of the market than it pays for them over the term; zero where they would not.
    pub price: Money,
}

/// The stake of a line that pays `pays` (of it `later` towards second phases), for so many H100e-hours over the term.
#[must_use]
pub fn stake(instrument: Instrument, pays: Money, later: Money, h100e_hours: f64, low_price: f64) -> Stake {
    let eur = Money::from_eur;
    let market = h100e_hours * low_price;
    let falls = MATRIX.iter().find(|r| r.label == "falling price of hours");
    let at = INSTRUMENTS.iter().position(|i| *i == instrument).unwrap_or(0);
    let bears = falls.is_some_and(|r| matches!(r.bearer[at], Bearer::State | Bearer::Shared));
    Stake {
        ahead: if instrument.before_opening() { eur(pays.eur() - later.eur()) } else { eur(0.0) },
        contingent: later,
        price: if bears { eur((pays.eur() - market).max(0.0)) } else { eur(0.0) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_and_risk_has_one_bearer() {
        assert!(MATRIX.len() >= 8);
        for risk in MATRIX {
            assert!(!risk.why.is_empty() && risk.bearer.iter().any(|b| *b != Bearer::None), "{}", risk.label);
        }
        for i in INSTRUMENTS {
            assert_eq!(Instrument::from_word(i.word()), Some(i));
        }
    }

    #[test]
    fn a_purchase_pays_nothing_ahead_and_can_be_dear() {
        let eur = Money::from_eur;
        let s = stake(Instrument::Purchase, eur(100.0), eur(40.0), 30.0, 2.0);
        assert_eq!((s.ahead.eur(), s.contingent.eur(), s.price.eur()), (0.0, 40.0, 40.0));
        let g = stake(Instrument::Grant, eur(100.0), eur(40.0), 30.0, 2.0);
        assert_eq!((g.ahead.eur(), g.price.eur()), (60.0, 0.0));
    }
}
