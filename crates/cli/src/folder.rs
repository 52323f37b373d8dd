//! The folder that `run --out` writes: tables for other tools.

use std::fs;
use std::path::Path;

use gigatwin_factory::diagnostic::Sources;
use gigatwin_factory::inputs::{Inputs, Origin};
use gigatwin_factory::outcome::Outcome;
use gigatwin_output::{Stamp, Table, TableError};
use gigatwin_quantity::{Dim, exact};

use crate::exit::Fault;
use crate::json::{in_unit, outcome as outcome_json};
use crate::messages::Messages;
use crate::{files, origin};

/// Writes all tables. The folder is made where it is not there.
///
/// # Errors
/// Where the folder cannot be written to.
pub fn write(
    messages: &Messages,
    folder: &Path,
    outcome: &Outcome,
    inputs: &Inputs,
    sources: &Sources,
) -> Result<(), Fault> {
    fs::create_dir_all(folder).map_err(|e| files::cannot_write(messages, folder, &e))?;
    let failed = |what: &str| Fault::Environment(what.to_owned());
    let mut json = serde_json::to_vec_pretty(&outcome_json(outcome)).map_err(|e| failed(&e.to_string()))?;
    json.push(b'\n');
    let tables = [
        ("metrics.parquet", metrics_parquet(outcome).map_err(|e| failed(&e.to_string()))?),
        ("metrics.csv", csv(&metric_rows(outcome)).map_err(|e| failed(&e.to_string()))?),
        ("gates.csv", csv(&gate_rows(outcome)).map_err(|e| failed(&e.to_string()))?),
        ("inputs.csv", csv(&input_rows(inputs, sources)).map_err(|e| failed(&e.to_string()))?),
        ("outcome.json", json),
    ];
    for (name, bytes) in tables {
        files::write(messages, &folder.join(name), &bytes)?;
    }
    Ok(())
}

fn csv(rows: &[Vec<String>]) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.write_record(row)?;
    }
    Ok(writer.into_inner()?)
}

fn row<const N: usize>(cells: [&str; N]) -> Vec<String> {
    cells.map(str::to_owned).to_vec()
}

/// A finite number that reads back to the same bits; dates as days of the calendar; empty for what is not there.
fn cell(dim: Dim, factor: f64, base: Option<f64>) -> String {
    match base.filter(|b| b.is_finite()) {
        Some(b) if dim == Dim::Date => exact(dim, b),
        Some(b) => (b / factor).to_string(),
        None => String::new(),
    }
}

fn metric_rows(outcome: &Outcome) -> Vec<Vec<String>> {
    let mut rows = vec![row(["id", "label", "value", "unit", "p10", "p50", "p90", "status", "note"])];
    for m in &outcome.metrics {
        let c = |base: Option<f64>| cell(m.def.dim, m.def.factor, base);
        let band = m.band.filter(|_| m.value.is_some());
        rows.push(vec![
            m.id.clone(),
            m.def.label.to_owned(),
            c(m.value),
            m.def.unit.to_owned(),
            c(band.map(|b| b.p10)),
            c(band.map(|b| b.p50)),
            c(band.map(|b| b.p90)),
            (if m.value.is_some() { "ok" } else { "n/a" }).to_owned(),
            m.note.clone(),
        ]);
    }
    rows
}

fn gate_rows(outcome: &Outcome) -> Vec<Vec<String>> {
    let mut rows = vec![row(["id", "title", "status", "hard", "reason", "confidence", "probability"])];
    for g in &outcome.gates {
        rows.push(vec![
            g.id.clone(),
            g.title.clone(),
            g.status.word().to_owned(),
            g.hard.to_string(),
            g.reason.clone(),
            g.confidence.word().to_owned(),
            g.probability.map(|p| p.to_string()).unwrap_or_default(),
        ]);
    }
    rows
}

fn input_rows(inputs: &Inputs, sources: &Sources) -> Vec<Vec<String>> {
    let mut rows = vec![row([
        "path",
        "value",
        "p10",
        "p90",
        "price_year",
        "origin",
        "where",
        "source",
        "date",
        "confidence",
    ])];
    for input in inputs.iter() {
        let text = |base: f64| {
            let text = exact(input.dim, base);
            if input.dollars { text.replacen("EUR", "USD", 1) } else { text }
        };
        let d = input.distribution;
        let band = |q: f64| if d.is_point() { String::new() } else { text(d.quantile(q)) };
        let provenance = match &input.origin {
            Origin::File { .. } => None,
            Origin::Default(p) | Origin::Catalog { provenance: p, .. } => Some(p),
        };
        rows.push(vec![
            input.path.clone(),
            text(d.base()),
            band(0.1),
            band(0.9),
            input.price_year.map(|y| y.to_string()).unwrap_or_default(),
            origin::word(&input.origin).to_owned(),
            origin::place(&input.origin, sources),
            provenance.map(|p| p.source.to_string()).unwrap_or_default(),
            provenance.map(|p| p.date.to_string()).unwrap_or_default(),
            provenance.map(|p| p.confidence.word().to_owned()).unwrap_or_default(),
        ]);
    }
    rows
}

/// An absent number is null, never zero. Dates are days since 1970-01-01.
fn metrics_parquet(outcome: &Outcome) -> Result<Vec<u8>, TableError> {
    let m = &outcome.metrics;
    let number = |f: &dyn Fn(usize) -> Option<f64>| -> Vec<Option<f64>> {
        (0..m.len()).map(|i| f(i).map(|v| in_unit(m[i].def, v))).collect()
    };
    let band = |i: usize| m[i].band.filter(|_| m[i].value.is_some());
    let unit = |dim: Dim, unit: &'static str| if dim == Dim::Date { "days since 1970-01-01" } else { unit };
    let stamp = Stamp {
        version: outcome.stamp.version.to_owned(),
        seed: outcome.stamp.seed,
        inputs_sha256: outcome.stamp.inputs_sha256.clone(),
    };
    Table::new()
        .text("id", m.iter().map(|m| m.id.as_str()))
        .text("label", m.iter().map(|m| m.def.label))
        .number("value", "", number(&|i| m[i].value))
        .text("unit", m.iter().map(|m| unit(m.def.dim, m.def.unit)))
        .number("p10", "", number(&|i| band(i).map(|b| b.p10)))
        .number("p50", "", number(&|i| band(i).map(|b| b.p50)))
        .number("p90", "", number(&|i| band(i).map(|b| b.p90)))
        .text("status", m.iter().map(|m| if m.value.is_some() { "ok" } else { "n/a" }))
        .text("note", m.iter().map(|m| m.note.as_str()))
        .parquet(&stamp)
}

#[cfg(test)]
mod tests {
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::record::RowAccessor;

    use super::*;
    use crate::fixture::outcome;

    #[test]
    fn parquet_reads_back_with_nulls_and_stamp() {
        let o = outcome();
        let bytes = metrics_parquet(&o).expect("plain data");
        let reader = SerializedFileReader::new(bytes::Bytes::from(bytes)).expect("a Parquet file");
        let keys = reader.metadata().file_metadata().key_value_metadata().expect("metadata");
        assert!(
            keys.iter()
                .any(|k| k.key == "gigatwin.inputs_sha256" && k.value.as_deref() == Some("4f1c2a9b77"))
        );
        let rows: Vec<_> = reader.get_row_iter(None).expect("rows").map(|r| r.expect("row")).collect();
        assert_eq!(rows.len(), o.metrics.len());
        let row = |id: &str| rows.iter().find(|r| r.get_string(0).is_ok_and(|x| x == id)).expect("row");
        assert_eq!(row("site.it_power").get_double(2).expect("value"), 183.0);
        assert_eq!(row("site.it_power").get_string(3).expect("unit"), "MW");
        assert!(row("site.wue").get_double(2).is_err(), "n/a is null");
        assert_eq!(row("site.wue").get_string(7).expect("status"), "n/a");
    }

    #[test]
    fn tables_have_as_many_cells_as_their_titles() {
        let o = outcome();
        for rows in [metric_rows(&o), gate_rows(&o), input_rows(&Inputs::default(), &Sources::default())] {
            assert!(rows.iter().all(|r| r.len() == rows[0].len()));
        }
        assert!(metric_rows(&o).iter().any(|r| r[0] == "schedule.phase.one.opening" && r[2] == "2028-07-01"));
    }
}
