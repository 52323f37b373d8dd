/// Why a project cannot be evaluated.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum FinanceError {
    /// No phase at all.
    #[error("a project needs at least one phase")]
    NoPhase,
    /// A phase sells nothing for no time.
    #[error("phase {phase} sells hours for no month")]
    NoOperation {
        /// Position of the phase, from one.
        phase: usize,
    },
    /// A phase opens before it is built.
    #[error("phase {phase} opens in month {opens} but is built until month {built}")]
    OpensBeforeBuilt {
        /// Position of the phase, from one.
        phase: usize,
        /// Month of opening.
        opens: u32,
        /// Month of completion.
        built: u32,
    },
    /// An amount below zero.
    #[error("{what} is negative: EUR {eur:.0}")]
    Negative {
        /// Which amount.
        what: &'static str,
        /// In euros.
        eur: f64,
    },
    /// A share outside zero to one.
    #[error("{what} is {percent:.1} %, outside 0 to 100 %")]
    Share {
        /// Which share.
        what: &'static str,
        /// In per cent.
        percent: f64,
    },
    /// Shares of the same hours that together exceed all of them.
    #[error("contracts and public hours together take {percent:.1} % of the hours")]
    Oversold {
        /// In per cent.
        percent: f64,
    },
    /// Public money above what it pays for.
    #[error("the grant of phase {phase} exceeds its computing investment")]
    GrantTooLarge {
        /// Position of the phase, from one.
        phase: usize,
    },
    /// A figure that is not a number.
    #[error("{0} is not a finite number")]
    NotFinite(&'static str),
    /// A rate, price, ratio or duration outside what it can mean.
    #[error("{0}")]
    OutOfRange(&'static str),
}

pub(crate) fn share(what: &'static str, s: gigatwin_quantity::Share) -> Result<f64, FinanceError> {
    let f = s.fraction();
    if !f.is_finite() {
        Err(FinanceError::NotFinite(what))
    } else if (0.0..=1.0).contains(&f) {
        Ok(f)
    } else {
        Err(FinanceError::Share { what, percent: 100.0 * f })
    }
}

pub(crate) fn amount(what: &'static str, m: gigatwin_quantity::Money) -> Result<f64, FinanceError> {
    let eur = m.eur();
    if !eur.is_finite() {
        Err(FinanceError::NotFinite(what))
    } else if eur < 0.0 {
        Err(FinanceError::Negative { what, eur })
    } else {
        Ok(eur)
    }
}
