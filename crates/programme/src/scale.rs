//! Graded scales: the first grade whose test holds counts.

use crate::gate::{Circumstances, Fact, Gate, Scope, Test, Verdict, judge};
use gigatwin_quantity::Dim;

/// A scale of grades over one figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Scale {
    /// Id.
    pub id: String,
    /// What it grades.
    pub title: String,
    /// The figure.
    pub metric: String,
    /// Its dimension.
    pub dim: Dim,
    /// Grades with their tests, best first.
    pub grades: Vec<(String, Test)>,
}

/// The answer of a scale.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Grade {
    /// The grade that holds.
    Is(String),
    /// The scale says nothing of this value.
    Between,
    /// Nobody can say, and why.
    Unknown(String),
}

impl Scale {
    /// Grades a fact.
    pub fn grade(&self, fact: &Fact) -> Grade {
        if let Fact::Unknown(reason) = fact {
            return Grade::Unknown(reason.clone());
        }
        for (grade, test) in &self.grades {
            let gate = Gate {
                id: String::new(),
                title: String::new(),
                metric: self.metric.clone(),
                dim: self.dim,
                test: test.clone(),
                hard: false,
                confidence: crate::gate::Confidence::Secondary,
                scope: Scope::default(),
            };
            match judge(&gate, fact, &Circumstances::default()) {
                Verdict::Pass { .. } => return Grade::Is(grade.clone()),
                Verdict::Unknown { reason } => return Grade::Unknown(reason),
                Verdict::Fail(_) | Verdict::NotApplicable => {}
            }
        }
        Grade::Between
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_grade_that_holds() {
        let s = Scale {
            id: "pue".into(),
            title: "PUE".into(),
            metric: "site.pue".into(),
            dim: Dim::Ratio,
            grades: vec![("excellent".into(), Test::AtMost(1.10)), ("poor".into(), Test::Above(1.25))],
        };
        assert_eq!(s.grade(&Fact::Number(1.08)), Grade::Is("excellent".into()));
        assert_eq!(s.grade(&Fact::Number(1.2)), Grade::Between);
        assert_eq!(s.grade(&Fact::Number(1.3)), Grade::Is("poor".into()));
        assert_eq!(s.grade(&Fact::Unknown("n/a".into())), Grade::Unknown("n/a".into()));
    }
}
