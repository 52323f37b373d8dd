//! The cash-flow engine against reference cases computed with independent tools, line by line. Nothing is fitted.
//!
//! A case is a set of input rows and output rows under one id. Its `model` names one of three ways to read the inputs as
//! one and the same [`gigatwin_finance::plan::Plan`]: `level` (yearly, level debt), `two_phase` (dated, monthly building,
//! sculpted debt, a legal form of public money) and `single_owner` (reserve account, taxes used at once).

mod level;
mod single_owner;
mod two_phase;

use std::collections::BTreeMap;

use crate::report::{Fold, Prediction, Refusal, Report};
use crate::table::{Row, Table, ValidationError};

const SHIPPED: &str = include_str!("../../../validation/finance.csv");
const REQUIRED: [&str; 5] = ["id", "kind", "line", "index", "value"];

/// Scores the shipped cases or cases of the same columns: `id, kind (input or output), line, index, value`, and for
/// outputs `tolerance` and `basis` (`abs` in the unit of the value or `rel`), which make the band.
///
/// Lines that are zero have no relative error: where the engine says zero too they are left out of the count, where it
/// does not they are refused rows. Text outputs (what binds the debt) are treated alike.
///
/// # Errors
/// [`ValidationError`] with line and column where the table cannot be read.
pub fn validate(csv: Option<&str>) -> Result<Report, ValidationError> {
    let table = Table::read(csv.unwrap_or(SHIPPED), &REQUIRED)?;
    let mut cases: BTreeMap<&str, Case<'_>> = BTreeMap::new();
    for row in table.rows() {
        let case = cases.entry(row.text("id")).or_default();
        let index = row.count("index")?.unwrap_or(0);
        match row.text("kind") {
            "input" => {
                case.inputs.insert((row.text("line"), index), row.text("value"));
            }
            "output" => case.outputs.push(row),
            _ => return Err(row.fault("kind", "\"input\" or \"output\"")),
        }
    }
    let (mut predictions, mut refused, mut rows) = (Vec::new(), Vec::new(), 0);
    for (id, case) in &cases {
        let answer = match case.text("model") {
            Some("level") => level::evaluate(case),
            Some("two_phase") => two_phase::evaluate(case),
            Some("single_owner") => single_owner::evaluate(case),
            _ => Err("the input \"model\" is not level, two_phase or single_owner".to_owned()),
        };
        for row in &case.outputs {
            let (line, index) = (row.text("line"), row.count("index")?.unwrap_or(0));
            let name = format!("{id}/{line}[{index}]");
            let mut refuse = |reason: String, metric: &'static str| {
                rows += 1;
                refused.push(Refusal {
                    id: name.clone(),
                    reason,
                    fully_specified: true,
                    cell: (*id).to_owned(),
                    metric,
                });
            };
            let lines = match &answer {
                Ok(lines) => lines,
                Err(reason) => {
                    refuse(reason.clone(), "case");
                    continue;
                }
            };
            let text = row.text("value");
            if let Some((said, metric)) = lines.words.iter().find(|(k, _)| *k == line).map(|(k, w)| (*w, *k))
            {
                if said != text {
                    refuse(format!("the model says \"{said}\""), metric);
                }
                continue;
            }
            let Some((metric, values)) = lines.numbers.iter().find(|(k, _)| *k == line) else {
                refuse("the model has no such line".to_owned(), "case");
                continue;
            };
            let Some(Some(predicted)) = values.get(index as usize).copied() else {
                refuse("the model has no value there".to_owned(), metric);
                continue;
            };
            let measured: f64 = text.parse().map_err(|_| row.fault("value", "a number"))?;
            let tolerance = row.number("tolerance")?.unwrap_or(0.0);
            let width = if row.text("basis") == "rel" { tolerance * measured.abs() } else { tolerance };
            if measured.abs() <= width || measured == 0.0 {
                if predicted.abs() > width.max(1e-9) {
                    refuse(format!("expected nothing, the model says {predicted}"), metric);
                }
                continue;
            }
            rows += 1;
            predictions.push(Prediction {
                id: name,
                metric,
                predicted,
                low: predicted - width,
                high: predicted + width,
                measured,
                cell: (*id).to_owned(),
                classes: vec![lines.class],
            });
        }
    }
    Ok(Report::score("finance", rows, predictions, refused, Fold::None))
}

/// One case of the table.
#[derive(Default)]
struct Case<'a> {
    inputs: BTreeMap<(&'a str, u32), &'a str>,
    outputs: Vec<Row<'a>>,
}

/// What a model says of a case.
struct Lines {
    class: &'static str,
    numbers: Vec<(&'static str, Vec<Option<f64>>)>,
    words: Vec<(&'static str, &'static str)>,
}

impl Lines {
    fn one(&mut self, line: &'static str, value: impl Into<Option<f64>>) {
        self.numbers.push((line, vec![value.into()]));
    }

    fn list(&mut self, line: &'static str, values: impl IntoIterator<Item = f64>) {
        self.numbers.push((line, values.into_iter().map(Some).collect()));
    }
}

impl Case<'_> {
    fn text(&self, line: &str) -> Option<&str> {
        self.inputs.get(&(line, 0)).copied()
    }

    fn number(&self, line: &str) -> Result<f64, String> {
        self.nth(line, 0)?.ok_or_else(|| format!("the input \"{line}\" is missing"))
    }

    fn nth(&self, line: &str, index: u32) -> Result<Option<f64>, String> {
        let Some(text) = self.inputs.get(&(line, index)) else { return Ok(None) };
        text.parse::<f64>()
            .ok()
            .filter(|v| v.is_finite())
            .map(Some)
            .ok_or_else(|| format!("the input \"{line}\" is \"{text}\", not a number"))
    }

    fn list(&self, line: &str) -> Result<Vec<f64>, String> {
        let mut out = Vec::new();
        while let Some(v) = self.nth(line, out.len() as u32)? {
            out.push(v);
        }
        if out.is_empty() { Err(format!("the input \"{line}\" is missing")) } else { Ok(out) }
    }

    /// A whole number of months from a number of years.
    fn months(&self, line: &str) -> Result<u32, String> {
        let years = self.number(line)?;
        let months = years * 12.0;
        if (0.0..=1200.0).contains(&months) && months.fract().abs() < 1e-9 {
            Ok(months as u32)
        } else {
            Err(format!("the input \"{line}\" is no whole number of months up to a century"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_published_line_is_reached_within_its_tolerance() {
        let report = validate(None).unwrap();
        assert!(report.refused.is_empty(), "{:#?}", &report.refused[..report.refused.len().min(20)]);
        assert!(report.rows > 1500);
        let missed: Vec<_> =
            report.predictions.iter().filter(|p| !(p.low <= p.measured && p.measured <= p.high)).collect();
        assert!(
            missed.is_empty(),
            "{} of {}: {:#?}",
            missed.len(),
            report.rows,
            &missed[..missed.len().min(40)]
        );
    }

    #[test]
    fn faults_name_line_and_column() {
        let e = validate(Some("id,kind,line,index,value\na,guess,x,0,1\n")).unwrap_err();
        assert_eq!(e.to_string(), "line 2, column \"kind\": \"guess\" is not \"input\" or \"output\"");
        let r =
            validate(Some("id,kind,line,index,value\na,input,model,0,level\na,output,debt,0,1\n")).unwrap();
        assert_eq!(r.refused.len(), 1);
        assert!(
            validate(Some("id,kind,line,index,value\na,input,model,0,level\na,output,debt,-1,1\n")).is_err()
        );
    }
}
