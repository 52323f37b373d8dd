//! Which bids to take: a 0/1 programme over bids, solved to proven optimality, and what each constraint costs.

use gigatwin_quantity::Money;
use good_lp::{
    Expression, ProblemVariables, ResolutionError, Solution, SolverModel, Variable, constraint, microlp,
    variable,
};

/// A bid that passed the gates.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// Worth of taking it, such as its score; not negative.
    pub value: f64,
    /// Lot of the call.
    pub lot: u8,
    /// Host State.
    pub state: String,
    /// Union money of the first phase.
    pub union_now: Money,
    /// Union money of both phases.
    pub union_total: Money,
}

/// What binds the choice. `None` switches a constraint off.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Limits {
    /// Most sites of a lot: lot and number.
    pub lots: Vec<(u8, usize)>,
    /// Most sites in all.
    pub sites: Option<usize>,
    /// Union money of the running budget period, for first phases.
    pub budget_now: Option<Money>,
    /// Union money over all periods.
    pub budget_total: Option<Money>,
    /// Most sites of one State.
    pub per_state: Option<usize>,
    /// States that must host at least one site.
    pub named: Vec<String>,
    /// Least number of different host States.
    pub states: Option<usize>,
}

/// Why there is no portfolio.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PortfolioError {
    /// The constraints contradict each other on these bids.
    #[error("no choice of bids meets all constraints: {0}")]
    Infeasible(String),
    /// A value is no number or negative.
    #[error("the value of bid {0} is no number of zero or more")]
    Value(usize),
    /// The solver gave up.
    #[error("the solver failed: {0}")]
    Solver(String),
}

/// A choice that no other beats.
#[derive(Debug, Clone, PartialEq)]
pub struct Portfolio {
    /// Positions of the chosen candidates, rising.
    pub chosen: Vec<usize>,
    /// Sum of their values.
    pub value: f64,
}

/// What a constraint costs.
#[derive(Debug, Clone, PartialEq)]
pub struct Price {
    /// The constraint in words.
    pub constraint: String,
    /// Value gained if it fell; zero where it does not bind.
    pub gain: f64,
    /// The choice without it.
    pub without: Vec<usize>,
}

impl Limits {
    /// The limits with one constraint dropped, for each, with its words.
    #[must_use]
    pub fn relaxed(&self) -> Vec<(String, Limits)> {
        let mut out = Vec::new();
        for (i, (lot, most)) in self.lots.iter().enumerate() {
            let mut l = self.clone();
            l.lots.remove(i);
            out.push((format!("at most {most} sites in lot {lot}"), l));
        }
        if let Some(n) = self.sites {
            out.push((format!("at most {n} sites"), Limits { sites: None, ..self.clone() }));
        }
        if let Some(m) = self.budget_now {
            let words = format!("EUR {:.0} m of Union money in the running budget period", m.eur() / 1e6);
            out.push((words, Limits { budget_now: None, ..self.clone() }));
        }
        if let Some(m) = self.budget_total {
            let words = format!("EUR {:.0} m of Union money in all", m.eur() / 1e6);
            out.push((words, Limits { budget_total: None, ..self.clone() }));
        }
        if let Some(n) = self.per_state {
            out.push((format!("at most {n} per State"), Limits { per_state: None, ..self.clone() }));
        }
        for (i, state) in self.named.iter().enumerate() {
            let mut l = self.clone();
            l.named.remove(i);
            out.push((format!("at least one site in {state}"), l));
        }
        if let Some(n) = self.states {
            out.push((format!("at least {n} host States"), Limits { states: None, ..self.clone() }));
        }
        out
    }
}

/// The choice of greatest value within the limits. Among equals the earlier bids are taken.
///
/// # Errors
/// Where no choice meets the limits.
pub fn choose(candidates: &[Candidate], limits: &Limits) -> Result<Portfolio, PortfolioError> {
    if let Some(i) = candidates.iter().position(|c| !(c.value >= 0.0 && c.value.is_finite())) {
        return Err(PortfolioError::Value(i));
    }
    for state in &limits.named {
        if !candidates.iter().any(|c| c.state == *state) {
            return Err(PortfolioError::Infeasible(format!(
                "no bid that passes the gates stands in {state}"
            )));
        }
    }
    if candidates.is_empty() {
        return Ok(Portfolio { chosen: Vec::new(), value: 0.0 });
    }
    let mut vars = ProblemVariables::new();
    let take: Vec<Variable> = candidates.iter().map(|_| vars.add(variable().binary())).collect();
    let mut states: Vec<&str> = candidates.iter().map(|c| c.state.as_str()).collect();
    states.sort_unstable();
    states.dedup();
    let hosts: Vec<Variable> = if limits.states.is_some() {
        states.iter().map(|_| vars.add(variable().binary())).collect()
    } else {
        Vec::new()
    };
    // A tiny bonus for earlier bids makes the answer unique; far below any difference of scores that means something.
    let worth = |i: usize| candidates[i].value + 1e-9 * (candidates.len() - i) as f64;
    let objective: Expression = take.iter().enumerate().map(|(i, v)| worth(i) * *v).sum();
    let sum = |keep: &dyn Fn(&Candidate) -> bool| -> Expression {
        take.iter().zip(candidates).filter(|(_, c)| keep(c)).map(|(v, _)| Expression::from(*v)).sum()
    };
    let money = |part: &dyn Fn(&Candidate) -> f64| -> Expression {
        take.iter().zip(candidates).map(|(v, c)| part(c) / 1e6 * *v).sum()
    };
    let mut model = vars.maximise(objective).using(microlp);
    for (lot, most) in &limits.lots {
        model = model.with(constraint!(sum(&|c| c.lot == *lot) <= *most as f64));
    }
    if let Some(most) = limits.sites {
        model = model.with(constraint!(sum(&|_| true) <= most as f64));
    }
    if let Some(most) = limits.budget_now {
        model = model.with(constraint!(money(&|c| c.union_now.eur()) <= most.eur() / 1e6));
    }
    if let Some(most) = limits.budget_total {
        model = model.with(constraint!(money(&|c| c.union_total.eur()) <= most.eur() / 1e6));
    }
    if let Some(most) = limits.per_state {
        for state in &states {
            model = model.with(constraint!(sum(&|c| c.state == *state) <= most as f64));
        }
    }
    for state in &limits.named {
        model = model.with(constraint!(sum(&|c| c.state == *state) >= 1.0));
    }
    if let Some(least) = limits.states {
        for (host, state) in hosts.iter().zip(&states) {
            model = model.with(constraint!(sum(&|c| c.state == *state) - *host >= 0.0));
        }
        let all: Expression = hosts.iter().map(|h| Expression::from(*h)).sum();
        model = model.with(constraint!(all >= least as f64));
    }
    let solution = model.solve().map_err(|e| match e {
        ResolutionError::Infeasible => PortfolioError::Infeasible(
            limits.relaxed().into_iter().map(|r| r.0).collect::<Vec<_>>().join("; "),
        ),
        other => PortfolioError::Solver(other.to_string()),
    })?;
    let chosen: Vec<usize> = (0..candidates.len()).filter(|i| solution.value(take[*i]) > 0.5).collect();
    let value = chosen.iter().map(|i| candidates[*i].value).sum();
    Ok(Portfolio { chosen, value })
}

/// What each constraint costs: the choice is made again without it.
///
/// # Errors
/// As [`choose`].
pub fn prices(
    candidates: &[Candidate],
    limits: &Limits,
    best: &Portfolio,
) -> Result<Vec<Price>, PortfolioError> {
    limits
        .relaxed()
        .into_iter()
        .map(|(constraint, looser)| {
            let without = choose(candidates, &looser)?;
            Ok(Price { constraint, gain: (without.value - best.value).max(0.0), without: without.chosen })
        })
        .collect()
}
