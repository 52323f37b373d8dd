//! Rules that a bid meets, misses, or of which nobody can say.

use std::fmt;

use gigatwin_quantity::{Date, Dim, show};

/// How well a rule itself is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    /// A primary source was read.
    Published,
    /// Quoted by somebody else.
    Secondary,
    /// Computed from other figures.
    Derived,
    /// An assumption.
    Assumed,
}

/// What a rule asks of a fact. Numbers are in the base unit of the gate's dimension, words in any case.
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    /// The bound or more.
    AtLeast(f64),
    /// The bound or less.
    AtMost(f64),
    /// More than the bound.
    Above(f64),
    /// Less than the bound.
    Below(f64),
    /// One of the words.
    In(Vec<String>),
    /// This word.
    Is(String),
}

/// To which sites a rule applies; every condition that is given must hold.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Scope {
    /// Sites in this country.
    pub country: Option<String>,
    /// Sites that start on this day or later.
    pub start_from: Option<Date>,
    /// Sites that start before this day.
    pub start_before: Option<Date>,
}

/// A rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Gate {
    /// Id, such as `r28-it-load`.
    pub id: String,
    /// What it asks, in a few words.
    pub title: String,
    /// The figure it tests.
    pub metric: String,
    /// Dimension of that figure; unused for words.
    pub dim: Dim,
    /// The test.
    pub test: Test,
    /// Whether a miss makes the answer no.
    pub hard: bool,
    /// How well the rule is known.
    pub confidence: Confidence,
    /// To which sites it applies.
    pub scope: Scope,
}

/// What is known of one figure of a bid.
#[derive(Debug, Clone, PartialEq)]
pub enum Fact {
    /// A number in base units.
    Number(f64),
    /// A word.
    Text(String),
    /// Not known, and why.
    Unknown(String),
}

/// What the scope of a rule is compared with.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Circumstances {
    /// Country of the site, if known.
    pub country: Option<String>,
    /// When it starts, if known.
    pub start: Option<Date>,
}

/// A number against its bound.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gap {
    /// Dimension of both.
    pub dim: Dim,
    /// The figure.
    pub value: f64,
    /// The bound.
    pub bound: f64,
}

impl Gap {
    /// Distance, never negative.
    pub fn size(&self) -> f64 {
        (self.value - self.bound).abs()
    }

    /// Distance over the bound, where the bound is not zero.
    pub fn relative(&self) -> Option<f64> {
        (self.bound != 0.0).then(|| self.size() / self.bound.abs())
    }

    fn words(&self) -> String {
        if self.size() == 0.0 {
            return "nothing".to_owned();
        }
        // A distance between dates is a time.
        if self.dim == Dim::Date {
            show(Dim::Time, self.size() * 86_400.0)
        } else {
            show(self.dim, self.size())
        }
    }
}

/// How a bid misses a rule.
#[derive(Debug, Clone, PartialEq)]
pub enum Miss {
    /// Too little.
    Short(Gap),
    /// Too much.
    Over(Gap),
    /// A word that is not in the list.
    NotAmong {
        /// The word.
        value: String,
        /// The list.
        of: Vec<String>,
    },
    /// Another word than asked.
    IsNot {
        /// The word.
        value: String,
        /// The word asked.
        wanted: String,
    },
}

/// The answer of a rule.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// Met, with the room that is left where the rule is a bound.
    Pass {
        /// Room to the bound.
        margin: Option<Gap>,
    },
    /// Missed.
    Fail(Miss),
    /// Nobody can say.
    Unknown {
        /// Why.
        reason: String,
    },
    /// The rule is not for this site.
    NotApplicable,
}

/// Figures closer to their bound than this part of it are taken to meet it: 17 % computed from shares of 17 % is 17 %.
const ROUNDING: f64 = 1e-9;

/// Judges a fact by a rule.
pub fn judge(gate: &Gate, fact: &Fact, site: &Circumstances) -> Verdict {
    match applies(&gate.scope, site) {
        Some(true) => {}
        Some(false) => return Verdict::NotApplicable,
        None => {
            return Verdict::Unknown {
                reason: "country or start, on which the rule depends, are not known".to_owned(),
            };
        }
    }
    match (&gate.test, fact) {
        (_, Fact::Unknown(reason)) => Verdict::Unknown { reason: reason.clone() },
        (Test::In(list), Fact::Text(value)) => {
            if list.iter().any(|w| w.eq_ignore_ascii_case(value)) {
                Verdict::Pass { margin: None }
            } else {
                Verdict::Fail(Miss::NotAmong { value: value.clone(), of: list.clone() })
            }
        }
        (Test::Is(wanted), Fact::Text(value)) => {
            if wanted.eq_ignore_ascii_case(value) {
                Verdict::Pass { margin: None }
            } else {
                Verdict::Fail(Miss::IsNot { value: value.clone(), wanted: wanted.clone() })
            }
        }
        (Test::AtLeast(_) | Test::AtMost(_) | Test::Above(_) | Test::Below(_), Fact::Number(value)) => {
            number(&gate.test, gate.dim, *value)
        }
        (Test::In(_) | Test::Is(_), Fact::Number(_)) => {
            Verdict::Unknown { reason: format!("{} is a number where the rule asks for a word", gate.metric) }
        }
        (_, Fact::Text(_)) => {
            Verdict::Unknown { reason: format!("{} is a word where the rule asks for a number", gate.metric) }
        }
    }
}

fn number(test: &Test, dim: Dim, value: f64) -> Verdict {
    if !value.is_finite() {
        return Verdict::Unknown { reason: "the figure is not a number".to_owned() };
    }
    let (bound, low, strict) = match test {
        Test::AtLeast(b) => (*b, true, false),
        Test::Above(b) => (*b, true, true),
        Test::AtMost(b) => (*b, false, false),
        Test::Below(b) => (*b, false, true),
        Test::In(_) | Test::Is(_) => {
            return Verdict::Unknown { reason: "the rule asks for a word".to_owned() };
        }
    };
    let gap = Gap { dim, value, bound };
    let near = ROUNDING * bound.abs().max(f64::MIN_POSITIVE);
    let beyond = if low { value - bound } else { bound - value };
    let met = if strict { beyond > near } else { beyond >= -near };
    match (met, low) {
        (true, _) => Verdict::Pass { margin: Some(gap) },
        (false, true) => Verdict::Fail(Miss::Short(gap)),
        (false, false) => Verdict::Fail(Miss::Over(gap)),
    }
}

/// Whether a rule is for this site; `None` where that depends on something not known.
fn applies(scope: &Scope, site: &Circumstances) -> Option<bool> {
    let country = scope.country.as_ref().map(|c| site.country.as_ref().map(|s| s.eq_ignore_ascii_case(c)));
    let from = scope.start_from.map(|d| site.start.map(|s| s >= d));
    let before = scope.start_before.map(|d| site.start.map(|s| s < d));
    let mut unknown = false;
    for condition in [country, from, before].into_iter().flatten() {
        match condition {
            Some(false) => return Some(false),
            Some(true) => {}
            None => unknown = true,
        }
    }
    (!unknown).then_some(true)
}

impl Verdict {
    /// The word of the contract: pass, fail, unknown or n/a.
    pub fn word(&self) -> &'static str {
        match self {
            Verdict::Pass { .. } => "pass",
            Verdict::Fail(_) => "fail",
            Verdict::Unknown { .. } => "unknown",
            Verdict::NotApplicable => "n/a",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Verdict::Pass { margin: None } => f.write_str("met"),
            Verdict::Pass { margin: Some(g) } => {
                write!(f, "{} against {}: {} to spare", show(g.dim, g.value), show(g.dim, g.bound), g.words())
            }
            Verdict::Fail(Miss::Short(g)) => {
                write!(
                    f,
                    "{} where {} is asked: short by {}",
                    show(g.dim, g.value),
                    show(g.dim, g.bound),
                    g.words()
                )
            }
            Verdict::Fail(Miss::Over(g)) => {
                write!(
                    f,
                    "{} where {} is allowed: over by {}",
                    show(g.dim, g.value),
                    show(g.dim, g.bound),
                    g.words()
                )
            }
            Verdict::Fail(Miss::NotAmong { value, of }) => {
                write!(f, "{value} is not among {}", of.join(", "))
            }
            Verdict::Fail(Miss::IsNot { value, wanted }) => write!(f, "{value} where {wanted} is asked"),
            Verdict::Unknown { reason } => write!(f, "unknown: {reason}"),
            Verdict::NotApplicable => f.write_str("does not apply"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate(test: Test, dim: Dim) -> Gate {
        Gate {
            id: "r".into(),
            title: "t".into(),
            metric: "m".into(),
            dim,
            test,
            hard: true,
            confidence: Confidence::Secondary,
            scope: Scope::default(),
        }
    }

    fn verdict(test: Test, dim: Dim, fact: Fact) -> Verdict {
        judge(&gate(test, dim), &fact, &Circumstances::default())
    }

    #[test]
    fn bounds_say_how_far() {
        let v = verdict(Test::AtLeast(120e6), Dim::Power, Fact::Number(102e6));
        assert_eq!(v.word(), "fail");
        assert_eq!(v.to_string(), "102 MW where 120 MW is asked: short by 18.0 MW");
        assert_eq!(verdict(Test::AtMost(1.1), Dim::Ratio, Fact::Number(1.13)).word(), "fail");
        assert_eq!(verdict(Test::AtLeast(120e6), Dim::Power, Fact::Number(150e6)).word(), "pass");
        // The bound itself meets it, rounding included; a strict test is not met by it.
        assert_eq!(verdict(Test::AtMost(0.17), Dim::Share, Fact::Number(0.17 + 1e-13)).word(), "pass");
        assert_eq!(verdict(Test::Above(1.25), Dim::Ratio, Fact::Number(1.25)).word(), "fail");
        assert_eq!(verdict(Test::AtMost(0.0), Dim::Share, Fact::Number(0.0)).word(), "pass");
    }

    #[test]
    fn what_is_not_known_is_never_a_pass() {
        let v = verdict(Test::AtLeast(1.0), Dim::Ratio, Fact::Unknown("not public".into()));
        assert_eq!(v.to_string(), "unknown: not public");
        assert_eq!(verdict(Test::AtLeast(1.0), Dim::Ratio, Fact::Number(f64::NAN)).word(), "unknown");
        assert_eq!(verdict(Test::AtLeast(1.0), Dim::Ratio, Fact::Text("x".into())).word(), "unknown");
    }

    #[test]
    fn words_and_scope() {
        let signed = Test::In(vec!["de".into(), "CZ".into()]);
        assert_eq!(verdict(signed.clone(), Dim::Count, Fact::Text("DE".into())).word(), "pass");
        assert_eq!(
            verdict(signed.clone(), Dim::Count, Fact::Text("NL".into())).to_string(),
            "NL is not among de, CZ"
        );
        let mut g = gate(signed, Dim::Count);
        g.scope.country = Some("de".into());
        let site = |c: &str| Circumstances { country: Some(c.into()), start: None };
        assert_eq!(judge(&g, &Fact::Text("NL".into()), &site("NL")), Verdict::NotApplicable);
        g.scope.start_from = Date::from_ymd(2027, 1, 1);
        assert_eq!(judge(&g, &Fact::Text("DE".into()), &site("DE")).word(), "unknown");
        assert_eq!(judge(&g, &Fact::Text("DE".into()), &site("FR")), Verdict::NotApplicable);
    }
}
