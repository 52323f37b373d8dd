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
        let scale = self.scale(id)?;
        Ok(scale.value(base))
    }

    /// P10 to P90 in the unit of the value, so that the reader compares three numbers; `None` where nothing varies.
    pub fn range(&self, id: &str) -> Result<Option<String>, Fault> {
        let scale = self.scale(id)?;
        let band = self.metric(id)?.band.filter(|b| b.p10 != b.p90);
        Ok(band.map(|b| scale.range(b.p10, b.p90)))
    }

    fn scale(&self, id: &str) -> Result<Scale, Fault> {
        let def = self.metric(id)?.def;
        let large = self.base(id)?.abs();
        let plain = |prefix, factor, unit| Scale::Factor { prefix, factor, unit };
        Ok(match (def.dim, def.unit) {
            (Dim::Power, _) => plain("", 1e6, " MW"),
            (Dim::Time, "d") => plain("", def.factor, " days"),
            (Dim::Ratio, "tokens/s") if large >= 1e6 => plain("", 1e6, " M tokens/s"),
            (Dim::Ratio, "tokens/s") => plain("", 1e3, " k tokens/s"),
            (Dim::Energy, "J") => plain("", 1.0, " J"),
            (Dim::HourPrice, _) => plain("EUR ", 1.0, ""),
            (Dim::Money, _) if large >= 1e9 => plain("EUR ", 1e9, " bn"),
            (Dim::Money, _) if large >= 1e6 => plain("EUR ", 1e6, " m"),
            (Dim::Money, _) => plain("EUR ", 1.0, ""),
            (Dim::Share, _) => plain("", 1e-2, " %"),
            (dim, _) => Scale::Own(dim),
        })
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

/// How a figure and its band are written.
enum Scale {
    /// As a number of a unit.
    Factor { prefix: &'static str, factor: f64, unit: &'static str },
    /// As its dimension is written elsewhere.
    Own(Dim),
}

impl Scale {
    fn value(&self, base: f64) -> String {
        match self {
            Scale::Factor { prefix, factor, unit } => {
                format!("{prefix}{}{unit}", significant(base / factor, 3))
            }
            // "30.0 T" is thirty, as the file says.
            Scale::Own(dim) => show(*dim, base).replace(".0 ", " "),
        }
    }

    fn range(&self, low: f64, high: f64) -> String {
        match self {
            Scale::Factor { factor, unit, .. } => {
                // "bn" and "k" belong to the number, other units are said beside the value.
                let word = unit.split(' ').nth(1).filter(|w| matches!(*w, "bn" | "m" | "k" | "M"));
                let word = word.map(|w| format!(" {w}")).unwrap_or_default();
                format!("{}–{}{word}", significant(low / factor, 3), significant(high / factor, 3))
            }
            Scale::Own(Dim::Date) => format!("{} to {}", show(Dim::Date, low), show(Dim::Date, high)),
            Scale::Own(dim) => format!("{}–{}", show(*dim, low), show(*dim, high)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_are_in_the_unit_of_the_value() {
        let money = Scale::Factor { prefix: "EUR ", factor: 1e9, unit: " bn" };
        assert_eq!(money.value(7.116e9), "EUR 7.12 bn");
        assert_eq!(money.range(6.3e9, 0.95e9), "6.30–0.950 bn");
        let power = Scale::Factor { prefix: "", factor: 1e6, unit: " MW" };
        assert_eq!(power.range(1.9e8, 2.1e8), "190–210");
        let rate = Scale::Factor { prefix: "", factor: 1e3, unit: " k tokens/s" };
        assert_eq!(
            (rate.value(648_148.0), rate.range(575e3, 845e3)),
            ("648 k tokens/s".to_owned(), "575–845 k".to_owned())
        );
    }
}
