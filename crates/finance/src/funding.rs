//! Public money in its legal forms, under a ceiling, and sources against uses.

use gigatwin_quantity::{Money, Share};

use crate::error::{FinanceError, amount, share};

/// Legal form of the public money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PublicForm {
    /// No public money.
    None,
    /// A share of the computing infrastructure, paid as it is built; hours in proportion, free of charge.
    CapitalShare,
    /// Guaranteed purchase of hours at a price, taken or not, up to the same value.
    HourPurchase,
    /// The same value paid in yearly slices for hours in proportion to it.
    HourShare,
    /// Shares in the company: public equity beside private equity, no hours.
    SharePurchase,
    /// A loan beside the senior debt, no hours.
    Loan,
}

impl PublicForm {
    /// All forms, in the order of a comparison.
    pub const ALL: [PublicForm; 6] = [
        Self::None,
        Self::CapitalShare,
        Self::HourPurchase,
        Self::HourShare,
        Self::SharePurchase,
        Self::Loan,
    ];

    /// Whether Union and States receive hours for it.
    pub fn brings_hours(self) -> bool {
        matches!(self, Self::CapitalShare | Self::HourPurchase | Self::HourShare)
    }

    /// Whether the money arrives while the site is built (otherwise with the hours).
    pub fn pays_for_building(self) -> bool {
        matches!(self, Self::CapitalShare | Self::SharePurchase | Self::Loan)
    }

    /// Words for a table.
    pub fn label(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::CapitalShare => "share of the computing investment",
            Self::HourPurchase => "guaranteed purchase of hours",
            Self::HourShare => "purchase of a share of the hours",
            Self::SharePurchase => "share purchase",
            Self::Loan => "loan",
        }
    }
}

/// The investment of one phase and what bounds its public money.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PhaseFunding {
    /// Computing infrastructure: the base.
    pub computing: Money,
    /// Everything else.
    pub facility: Money,
    /// Largest Union amount for this phase, where the call has one.
    pub union_cap: Option<Money>,
    /// Probability that its public money comes.
    pub probability: Share,
}

/// What public money is asked for and allowed.
#[derive(Debug, Clone, PartialEq)]
pub struct FundingInputs {
    /// Legal form.
    pub form: PublicForm,
    /// Union share of the computing investment that is asked for.
    pub union_share: Share,
    /// Largest such share the rules allow.
    pub union_share_max: Share,
    /// States' money over Union money; the Regulation asks for at least one.
    pub states_match: f64,
    /// Money the States have in all; without it the match is met.
    pub states_available: Option<Money>,
    /// Union support already received, which counts towards the ceiling.
    pub earlier_support: Money,
    /// Largest public share of the whole investment, where a rule has one.
    pub public_share_max: Option<Share>,
    /// Phases in order.
    pub phases: Vec<PhaseFunding>,
    /// Each State's share of the States' part, by ISO code; shares add up to one.
    pub states: Vec<(String, Share)>,
}

/// What kept the Union's part from being larger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UnionLimit {
    /// No public money in this form.
    NoForm,
    /// What was asked.
    Asked,
    /// The ceiling of the rules, earlier support included.
    Ceiling,
    /// The cap of the phase.
    PhaseCap,
    /// What the States can match, or what both together may pay of the computing infrastructure.
    StatesMatch,
    /// The largest public share of the whole investment.
    PublicShare,
}

/// One division of an investment.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Split {
    /// Union.
    pub union: Money,
    /// Participating States together.
    pub states: Money,
    /// Everybody else.
    pub private: Money,
}

impl Split {
    /// All of it.
    pub fn total(&self) -> Money {
        self.union + self.states + self.private
    }

    /// Union and States.
    pub fn public(&self) -> Money {
        self.union + self.states
    }
}

/// The division of one phase.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PhaseSplit {
    /// The division if the money comes.
    pub split: Split,
    /// What bounds the Union's part.
    pub limit: UnionLimit,
    /// Union part over computing investment: also its share of the hours.
    pub union_share: Share,
    /// States' part over computing investment: also their share of the hours.
    pub states_share: Share,
    /// Probability that the public money comes.
    pub probability: Share,
}

/// Public money of a project.
#[derive(Debug, Clone, PartialEq)]
pub struct Funding {
    /// Legal form.
    pub form: PublicForm,
    /// Phase by phase.
    pub phases: Vec<PhaseSplit>,
    /// If every phase is funded.
    pub full: Split,
    /// With each phase's money times its probability; what does not come is private.
    pub expected: Split,
    /// With the money of certain phases alone.
    pub certain: Split,
    /// Each State's part if every phase is funded.
    pub states: Vec<(String, Money)>,
    /// Computing investment.
    pub computing: Money,
}

impl Funding {
    /// Divides the investment. Per phase, in order:
    ///
    /// Union = min(asked · computing, ceiling · computing so far − earlier support − Union so far, cap of the phase,
    /// States' remaining money ÷ match), States = match · Union, both scaled down alike where a rule bounds the
    /// public share of the whole; private is the rest.
    ///
    /// # Errors
    /// Where amounts are negative or shares outside zero to one.
    pub fn divide(i: &FundingInputs) -> Result<Funding, FinanceError> {
        let asked = share("Union share", i.union_share)?;
        let ceiling = share("Union ceiling", i.union_share_max)?;
        if !(i.states_match.is_finite() && i.states_match >= 0.0) {
            return Err(FinanceError::OutOfRange("the States' match must not be negative"));
        }
        let earlier = amount("earlier support", i.earlier_support)?;
        let mut states_left = match i.states_available {
            Some(m) => amount("the States' money", m)?,
            None => f64::INFINITY,
        };
        let of_states: f64 = i.states.iter().map(|s| s.1.fraction()).sum();
        if !i.states.is_empty() && (of_states - 1.0).abs() > 1e-6 {
            return Err(FinanceError::Share {
                what: "sum of the States' shares",
                percent: 100.0 * of_states,
            });
        }
        let (mut computing_so_far, mut union_so_far) = (0.0, 0.0);
        let mut out = Funding {
            form: i.form,
            phases: Vec::with_capacity(i.phases.len()),
            full: Split::default(),
            expected: Split::default(),
            certain: Split::default(),
            states: Vec::new(),
            computing: Money::ZERO,
        };
        for p in &i.phases {
            let computing = amount("computing investment", p.computing)?;
            let total = computing + amount("facility investment", p.facility)?;
            let probability = share("probability of funding", p.probability)?;
            computing_so_far += computing;
            let (mut union, mut limit) = (asked * computing, UnionLimit::Asked);
            let mut bound = |value: f64, what: UnionLimit| {
                if value < union {
                    (union, limit) = (value.max(0.0), what);
                }
            };
            bound(ceiling * computing_so_far - earlier - union_so_far, UnionLimit::Ceiling);
            bound(p.union_cap.map_or(f64::INFINITY, Money::eur), UnionLimit::PhaseCap);
            if i.states_match > 0.0 {
                bound(states_left / i.states_match, UnionLimit::StatesMatch);
                // Both together cannot pay more than the computing infrastructure.
                bound(computing / (1.0 + i.states_match), UnionLimit::StatesMatch);
            }
            if let Some(most) = i.public_share_max {
                bound(share("public share", most)? * total / (1.0 + i.states_match), UnionLimit::PublicShare);
            }
            if i.form == PublicForm::None {
                (union, limit) = (0.0, UnionLimit::NoForm);
            }
            let states = union * i.states_match;
            union_so_far += union;
            states_left -= states;
            let split = Split {
                union: Money::from_eur(union),
                states: Money::from_eur(states),
                private: Money::from_eur(total - union - states),
            };
            let of = |x: f64| Share::from_fraction(if computing > 0.0 { x / computing } else { 0.0 });
            out.phases.push(PhaseSplit {
                split,
                limit,
                union_share: of(union),
                states_share: of(states),
                probability: p.probability,
            });
            let add = |to: &mut Split, weight: f64| {
                to.union += split.union * weight;
                to.states += split.states * weight;
                to.private += split.private + split.public() * (1.0 - weight);
            };
            add(&mut out.full, 1.0);
            add(&mut out.expected, probability);
            add(&mut out.certain, f64::from(u8::from(probability >= 1.0)));
            out.computing += p.computing;
        }
        out.states = i.states.iter().map(|(code, s)| (code.clone(), out.full.states * *s)).collect();
        Ok(out)
    }

    /// Union part of the computing investment, the figure the ceiling bounds.
    pub fn union_share(&self) -> Option<Share> {
        (self.computing.eur() > 0.0).then(|| Share::from_fraction(self.full.union / self.computing))
    }

    /// Public part of the whole investment.
    pub fn public_share(&self) -> Option<Share> {
        let total = self.full.total();
        (total.eur() > 0.0).then(|| Share::from_fraction(self.full.public() / total))
    }

    /// States' money over Union money.
    pub fn states_to_union(&self) -> Option<f64> {
        (self.full.union.eur() > 0.0).then(|| self.full.states / self.full.union)
    }
}

/// Where the money for building comes from and where it goes.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct SourcesAndUses {
    /// Use: computing infrastructure.
    pub computing: Money,
    /// Use: everything else that is built.
    pub facility: Money,
    /// Use: interest paid while building.
    pub construction_interest: Money,
    /// Use: fee of the lenders.
    pub upfront_fee: Money,
    /// Use: other cost of financing.
    pub other_financing: Money,
    /// Use: first filling of the debt service reserve.
    pub reserve: Money,
    /// Source: public money that pays for building.
    pub grants: Money,
    /// Source: senior debt.
    pub debt: Money,
    /// Source: public loan.
    pub public_loan: Money,
    /// Source: shares, public and private.
    pub equity: Money,
}

impl SourcesAndUses {
    /// All uses.
    pub fn uses(&self) -> Money {
        self.computing
            + self.facility
            + self.construction_interest
            + self.upfront_fee
            + self.other_financing
            + self.reserve
    }

    /// All sources.
    pub fn sources(&self) -> Money {
        self.grants + self.debt + self.public_loan + self.equity
    }
}
