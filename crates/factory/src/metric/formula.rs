//! Arithmetic over metric ids: `+ - * /`, parentheses, numbers and `sum(pattern)`. A minus must stand between spaces,
//! because names may contain hyphens.

/// A formula that was read.
#[derive(Debug, Clone, PartialEq)]
pub enum Formula {
    /// A number.
    Number(f64),
    /// A metric.
    Metric(String),
    /// The sum over all metrics that match a pattern with `*`.
    Sum(String),
    /// An operation.
    Binary(Box<Formula>, char, Box<Formula>),
}

/// Why a formula cannot be read or evaluated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormulaError {
    /// Something else was expected.
    #[error("expected {0} in a formula")]
    Expected(&'static str),
}

impl Formula {
    /// Reads a formula; `{name}` is replaced first.
    ///
    /// # Errors
    /// Where the text is no formula.
    pub fn read(text: &str, name: Option<&str>) -> Result<Formula, FormulaError> {
        let text = name.map_or_else(|| text.to_owned(), |n| text.replace("{name}", n));
        let spaced = text.replace('(', " ( ").replace(')', " ) ");
        let tokens: Vec<&str> = spaced.split_whitespace().collect();
        let mut at = 0;
        let formula = sum(&tokens, &mut at)?;
        if at == tokens.len() { Ok(formula) } else { Err(FormulaError::Expected("an operator")) }
    }

    /// Evaluates with a look-up of single metrics and one of patterns; n/a where a part of it is n/a.
    pub fn evaluate(
        &self,
        metric: &dyn Fn(&str) -> Option<f64>,
        pattern: &dyn Fn(&str) -> Vec<f64>,
    ) -> Option<f64> {
        match self {
            Formula::Number(n) => Some(*n),
            Formula::Metric(id) if id == "year_s" => Some(SECONDS_PER_YEAR),
            Formula::Metric(id) => metric(id),
            Formula::Sum(p) => Some(pattern(p).iter().sum()),
            Formula::Binary(a, op, b) => {
                let (a, b) = (a.evaluate(metric, pattern)?, b.evaluate(metric, pattern)?);
                Some(match op {
                    '+' => a + b,
                    '-' => a - b,
                    '*' => a * b,
                    _ => a / b,
                })
            }
        }
    }

    /// The metrics and patterns it is made of, in order.
    pub fn parts(&self) -> Vec<&Formula> {
        match self {
            Formula::Binary(a, _, b) => {
                let mut parts = a.parts();
                parts.extend(b.parts());
                parts
            }
            Formula::Number(_) => Vec::new(),
            leaf => vec![leaf],
        }
    }
}

/// Mean Gregorian year.
const SECONDS_PER_YEAR: f64 = 365.2425 * 86_400.0;

fn sum(tokens: &[&str], at: &mut usize) -> Result<Formula, FormulaError> {
    let mut left = product(tokens, at)?;
    while let Some(op @ ("+" | "-")) = tokens.get(*at).copied() {
        *at += 1;
        let right = product(tokens, at)?;
        left = Formula::Binary(Box::new(left), if op == "+" { '+' } else { '-' }, Box::new(right));
    }
    Ok(left)
}

fn product(tokens: &[&str], at: &mut usize) -> Result<Formula, FormulaError> {
    let mut left = atom(tokens, at)?;
    while let Some(op @ ("*" | "/")) = tokens.get(*at).copied() {
        *at += 1;
        let right = atom(tokens, at)?;
        left = Formula::Binary(Box::new(left), if op == "*" { '*' } else { '/' }, Box::new(right));
    }
    Ok(left)
}

fn atom(tokens: &[&str], at: &mut usize) -> Result<Formula, FormulaError> {
    let token = tokens.get(*at).copied().ok_or(FormulaError::Expected("a value"))?;
    *at += 1;
    let close = |at: &mut usize| {
        let closed = tokens.get(*at).copied() == Some(")");
        *at += 1;
        if closed { Ok(()) } else { Err(FormulaError::Expected("a closing bracket")) }
    };
    match token {
        "(" => {
            let inner = sum(tokens, at)?;
            close(at)?;
            Ok(inner)
        }
        "sum" => {
            if tokens.get(*at).copied() != Some("(") {
                return Err(FormulaError::Expected("an opening bracket"));
            }
            let pattern = tokens.get(*at + 1).ok_or(FormulaError::Expected("a pattern"))?;
            *at += 2;
            close(at)?;
            Ok(Formula::Sum((*pattern).to_owned()))
        }
        "+" | "-" | "*" | "/" | ")" => Err(FormulaError::Expected("a value")),
        word => match word.parse::<f64>() {
            Ok(number) => Ok(Formula::Number(number)),
            Err(_) => Ok(Formula::Metric(word.to_owned())),
        },
    }
}
