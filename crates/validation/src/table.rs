//! Reading a table of measurements: columns by name, faults with line and column.

use std::collections::HashMap;

/// Why a table cannot be read.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ValidationError {
    /// The text is not a table.
    #[error("line {line}: {reason}")]
    Csv {
        /// Line in the file.
        line: u64,
        /// What the reader says.
        reason: String,
    },
    /// A column that every table of the domain has.
    #[error("the column \"{0}\" is missing")]
    MissingColumn(&'static str),
    /// A cell that is not what its column holds.
    #[error("line {line}, column \"{column}\": \"{text}\" is not {expected}")]
    Cell {
        /// Line in the file.
        line: u64,
        /// Column name.
        column: &'static str,
        /// What stands there.
        text: String,
        /// What should.
        expected: &'static str,
    },
}

/// A table in memory.
pub(crate) struct Table {
    columns: HashMap<String, usize>,
    rows: Vec<(u64, csv::StringRecord)>,
}

/// One row.
#[derive(Clone, Copy)]
pub(crate) struct Row<'a> {
    table: &'a Table,
    /// Line in the file.
    pub line: u64,
    record: &'a csv::StringRecord,
}

impl Table {
    pub(crate) fn read(text: &str, required: &[&'static str]) -> Result<Table, ValidationError> {
        let mut reader =
            csv::ReaderBuilder::new().comment(Some(b'#')).trim(csv::Trim::All).from_reader(text.as_bytes());
        let fault = |e: csv::Error| ValidationError::Csv {
            line: e.position().map_or(0, csv::Position::line),
            reason: e.to_string(),
        };
        let columns: HashMap<String, usize> =
            reader.headers().map_err(fault)?.iter().enumerate().map(|(i, c)| (c.to_owned(), i)).collect();
        if let Some(missing) = required.iter().find(|c| !columns.contains_key(**c)) {
            return Err(ValidationError::MissingColumn(missing));
        }
        let mut rows = Vec::new();
        for record in reader.records() {
            let record = record.map_err(fault)?;
            rows.push((record.position().map_or(0, csv::Position::line), record));
        }
        Ok(Table { columns, rows })
    }

    pub(crate) fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.rows.iter().map(|(line, record)| Row { table: self, line: *line, record })
    }
}

impl<'a> Row<'a> {
    /// The cell's text; empty where the column or the value is missing.
    pub(crate) fn text(&self, column: &str) -> &'a str {
        self.table.columns.get(column).and_then(|i| self.record.get(*i)).unwrap_or("")
    }

    /// A positive number, or nothing where the cell is empty.
    pub(crate) fn number(&self, column: &'static str) -> Result<Option<f64>, ValidationError> {
        let text = self.text(column);
        if text.is_empty() {
            return Ok(None);
        }
        match text.parse::<f64>() {
            Ok(v) if v.is_finite() && v >= 0.0 => Ok(Some(v)),
            _ => Err(self.fault(column, "a number, zero or more")),
        }
    }

    /// A whole number, or nothing where the cell is empty.
    pub(crate) fn count(&self, column: &'static str) -> Result<Option<u32>, ValidationError> {
        match self.number(column)? {
            Some(v) if v.fract() == 0.0 && v <= f64::from(u32::MAX) => Ok(Some(v as u32)),
            Some(_) => Err(self.fault(column, "a whole number")),
            None => Ok(None),
        }
    }

    pub(crate) fn fault(&self, column: &'static str, expected: &'static str) -> ValidationError {
        ValidationError::Cell { line: self.line, column, text: self.text(column).to_owned(), expected }
    }
}
