//! Figures of the outcome as the picture writes them.

use gigatwin_factory::outcome::{Metric, Outcome};
use gigatwin_quantity::{Dim, show, significant};

use crate::fault::Fault;

/// Figures by id, as numbers and as text.
pub struct Numbers<'a> {
    outcome: &'a Outcome,
}

impl<'a> Numbers<'a> {
    pub fn new(outcome: &'a Outcome) -> Self {
        Numbers { outcome }
    }

    fn metric(&self, id: &str) -> Result<&'a Metric, Fault> {
        self.outcome
            .metric(id)
            .ok_or_else(|| Fault::new(format!("the picture needs {id}, which the outcome lacks")))
    }

    /// The base case in base units.
    pub fn base(&self, id: &str) -> Result<f64, Fault> {
        self.metric(id)?.value.ok_or_else(|| Fault::new(format!("the picture needs {id}, which is n/a")))
    }

    /// The base case with its unit.
    pub fn value(&self, id: &str) -> Result<String, Fault> {
        let base = self.base(id)?;
        let def = self.metric(id)?.def;
        Ok(match (def.dim, def.unit) {
            (Dim::Time, "d") => format!("{} days", significant(base / def.factor, 3)),
            (Dim::Ratio, unit) if !unit.is_empty() => format!("{} {unit}", show(Dim::Count, base)),
            (dim, _) => show(dim, base),
        })
    }

    /// P10 to P90 in the unit of the value; `None` where there is no band or nothing varies.
    pub fn range(&self, id: &str) -> Result<Option<String>, Fault> {
        let Some(band) = self.metric(id)?.band else { return Ok(None) };
        if band.p10 == band.p90 {
            return Ok(None);
        }
        // In the unit that suits the base case, so that the reader compares three numbers.
        let text = self.value(id)?;
        let bare = |x: f64| {
            let def = self.metric(id).map(|m| m.def).ok();
            match def.map(|d| (d.dim, d.unit, d.factor)) {
                Some((Dim::Date, ..)) => show(Dim::Date, x),
                Some((Dim::Time, "d", factor)) => significant(x / factor, 3),
                Some((Dim::Power, ..)) => significant(x / 1e6, 3),
                Some((Dim::Money, ..)) if text.ends_with(" bn") => significant(x / 1e9, 3),
                Some((Dim::Money, ..)) if text.ends_with(" m") => significant(x / 1e6, 3),
                Some((Dim::Money | Dim::HourPrice, ..)) => significant(x, 3),
                _ => show(Dim::Count, x),
            }
        };
        Ok(Some(format!("{}–{}", bare(band.p10), bare(band.p90))))
    }

    /// The range in brackets; empty where there is none.
    pub fn bracket(&self, id: &str) -> Result<String, Fault> {
        Ok(self.range(id)?.map(|r| format!("[{r}]")).unwrap_or_default())
    }

    /// Id of a figure of the first training run.
    pub fn run(&self, suffix: &str) -> Result<String, Fault> {
        self.named("training.", ".days", suffix)
    }

    /// Id of a figure of the first service.
    pub fn service(&self, suffix: &str) -> Result<String, Fault> {
        self.named("serving.", ".chips", suffix)
    }

    fn named(&self, room: &str, known: &str, suffix: &str) -> Result<String, Fault> {
        match self.outcome.names(room, known).first() {
            Some(name) => Ok(format!("{room}{name}.{suffix}")),
            None => Err(Fault::new(format!("the picture needs a factory with {room}*{known}"))),
        }
    }

    /// A note of the outcome, such as the name of a model.
    pub fn note(&self, key: &str) -> Option<&'a str> {
        self.outcome.note(key)
    }
}
