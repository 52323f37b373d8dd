//! The folder that `run --out` writes: tables for other tools.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use gigatwin_factory::diagnostic::Sources;
use gigatwin_factory::inputs::{Inputs, Origin};
use gigatwin_factory::outcome::Outcome;
use gigatwin_quantity::{Dim, exact};
use parquet::basic::Compression;
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

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

/// Columns of the Parquet table; an absent number is null, never zero. Dates are days since 1970-01-01.
const SCHEMA: &str = "message metrics {
    REQUIRED BYTE_ARRAY id (UTF8);
    REQUIRED BYTE_ARRAY label (UTF8);
    OPTIONAL DOUBLE value;
    REQUIRED BYTE_ARRAY unit (UTF8);
    OPTIONAL DOUBLE p10;
    OPTIONAL DOUBLE p50;
    OPTIONAL DOUBLE p90;
    REQUIRED BYTE_ARRAY status (UTF8);
    REQUIRED BYTE_ARRAY note (UTF8);
}";

enum Column {
    Text(Vec<ByteArray>),
    Number(Vec<Option<f64>>),
}

fn metrics_parquet(outcome: &Outcome) -> Result<Vec<u8>, ParquetError> {
    let text = |f: &dyn Fn(usize) -> String| {
        Column::Text((0..outcome.metrics.len()).map(|i| ByteArray::from(f(i).into_bytes())).collect())
    };
    let number = |f: &dyn Fn(usize) -> Option<f64>| {
        let one = |i| f(i).map(|v| in_unit(outcome.metrics[i].def, v)).filter(|v| v.is_finite());
        Column::Number((0..outcome.metrics.len()).map(one).collect())
    };
    let m = &outcome.metrics;
    let band = |i: usize| m[i].band.filter(|_| m[i].value.is_some());
    let columns = [
        text(&|i| m[i].id.clone()),
        text(&|i| m[i].def.label.to_owned()),
        number(&|i| m[i].value),
        text(&|i| {
            (if m[i].def.dim == Dim::Date { "days since 1970-01-01" } else { m[i].def.unit }).to_owned()
        }),
        number(&|i| band(i).map(|b| b.p10)),
        number(&|i| band(i).map(|b| b.p50)),
        number(&|i| band(i).map(|b| b.p90)),
        text(&|i| (if m[i].value.is_some() { "ok" } else { "n/a" }).to_owned()),
        text(&|i| m[i].note.clone()),
    ];
    let stamp = |key: &str, value: String| KeyValue::new(format!("gigatwin.{key}"), value);
    let properties = WriterProperties::builder()
        .set_compression(Compression::UNCOMPRESSED)
        .set_created_by(format!("gigatwin {}", outcome.stamp.version))
        .set_key_value_metadata(Some(vec![
            stamp("version", outcome.stamp.version.to_owned()),
            stamp("seed", outcome.stamp.seed.to_string()),
            stamp("inputs_sha256", outcome.stamp.inputs_sha256.clone()),
        ]))
        .build();
    let mut bytes = Vec::new();
    let mut file =
        SerializedFileWriter::new(&mut bytes, Arc::new(parse_message_type(SCHEMA)?), Arc::new(properties))?;
    let mut group = file.next_row_group()?;
    for column in columns {
        let Some(mut writer) = group.next_column()? else { break };
        match column {
            Column::Text(values) => {
                writer.typed::<ByteArrayType>().write_batch(&values, None, None)?;
            }
            Column::Number(values) => {
                let there: Vec<f64> = values.iter().copied().flatten().collect();
                let levels: Vec<i16> = values.iter().map(|v| i16::from(v.is_some())).collect();
                writer.typed::<DoubleType>().write_batch(&there, Some(&levels), None)?;
            }
        }
        writer.close()?;
    }
    group.close()?;
    file.close()?;
    Ok(bytes)
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
