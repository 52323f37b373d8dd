//! A table of named columns, written as Parquet or CSV.

use std::sync::Arc;

use parquet::basic::Compression;
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;

use crate::stamp::Stamp;

/// Why a table cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// Columns differ in length.
    #[error("column {column} has {found} cells, the first has {expected}")]
    Length {
        /// Name of the column.
        column: String,
        /// Its cells.
        found: usize,
        /// Cells of the first column.
        expected: usize,
    },
    /// A name is not made of lower-case letters, digits and `_`, or stands twice.
    #[error("{0:?} cannot be the name of a column")]
    Name(String),
    /// The Parquet writer failed.
    #[error("Parquet: {0}")]
    Parquet(#[from] ParquetError),
    /// The CSV writer failed.
    #[error("CSV: {0}")]
    Csv(String),
}

/// The cells of a column.
#[derive(Debug, Clone, PartialEq)]
enum Cells {
    Text(Vec<String>),
    Number(Vec<Option<f64>>),
    Integer(Vec<i64>),
}

impl Cells {
    fn len(&self) -> usize {
        match self {
            Cells::Text(v) => v.len(),
            Cells::Number(v) => v.len(),
            Cells::Integer(v) => v.len(),
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
struct Column {
    name: String,
    unit: &'static str,
    cells: Cells,
}

/// A table built column by column. What is not known is absent (null in Parquet, empty in CSV), never zero.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Table {
    columns: Vec<Column>,
}

impl Table {
    /// An empty table.
    #[must_use]
    pub fn new() -> Table {
        Table::default()
    }

    fn column(mut self, name: &str, unit: &'static str, cells: Cells) -> Table {
        self.columns.push(Column { name: name.to_owned(), unit, cells });
        self
    }

    /// Adds a column of text.
    #[must_use]
    pub fn text<S: Into<String>>(self, name: &str, cells: impl IntoIterator<Item = S>) -> Table {
        self.column(name, "", Cells::Text(cells.into_iter().map(Into::into).collect()))
    }

    /// Adds a column of numbers in `unit`; a number that is not finite counts as absent.
    #[must_use]
    pub fn number<N: Into<Option<f64>>>(
        self,
        name: &str,
        unit: &'static str,
        cells: impl IntoIterator<Item = N>,
    ) -> Table {
        let cells = cells.into_iter().map(|c| c.into().filter(|v| v.is_finite())).collect();
        self.column(name, unit, Cells::Number(cells))
    }

    /// Adds a column of whole numbers in `unit`.
    #[must_use]
    pub fn integer(self, name: &str, unit: &'static str, cells: impl IntoIterator<Item = i64>) -> Table {
        self.column(name, unit, Cells::Integer(cells.into_iter().collect()))
    }

    /// Rows of the table.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.columns.first().map_or(0, |c| c.cells.len())
    }

    fn check(&self) -> Result<(), TableError> {
        let rows = self.rows();
        for (i, c) in self.columns.iter().enumerate() {
            let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
            let twice = self.columns[..i].iter().any(|other| other.name == c.name);
            if c.name.is_empty() || !c.name.bytes().all(plain) || twice {
                return Err(TableError::Name(c.name.clone()));
            }
            if c.cells.len() != rows {
                return Err(TableError::Length {
                    column: c.name.clone(),
                    found: c.cells.len(),
                    expected: rows,
                });
            }
        }
        Ok(())
    }

    /// The table as CSV: names first, numbers as the shortest text that reads back to the same bits.
    ///
    /// # Errors
    /// Where names or lengths of columns do not fit.
    pub fn csv(&self) -> Result<Vec<u8>, TableError> {
        self.check()?;
        let fail = |e: &dyn std::fmt::Display| TableError::Csv(e.to_string());
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(self.columns.iter().map(|c| c.name.as_str())).map_err(|e| fail(&e))?;
        for row in 0..self.rows() {
            for c in &self.columns {
                let written = match &c.cells {
                    Cells::Text(v) => writer.write_field(&v[row]),
                    Cells::Number(v) => writer.write_field(v[row].map(|n| n.to_string()).unwrap_or_default()),
                    Cells::Integer(v) => writer.write_field(v[row].to_string()),
                };
                written.map_err(|e| fail(&e))?;
            }
            writer.write_record(None::<&[u8]>).map_err(|e| fail(&e))?;
        }
        writer.into_inner().map_err(|e| fail(&e))
    }

    /// The table as Parquet, one row group; units of columns stand in the file's metadata as `unit.NAME`.
    ///
    /// # Errors
    /// Where names or lengths of columns do not fit.
    pub fn parquet(&self, stamp: &Stamp) -> Result<Vec<u8>, TableError> {
        self.check()?;
        let mut schema = String::from("message table {\n");
        for c in &self.columns {
            schema.push_str(&match c.cells {
                Cells::Text(_) => format!("REQUIRED BYTE_ARRAY {} (UTF8);\n", c.name),
                Cells::Number(_) => format!("OPTIONAL DOUBLE {};\n", c.name),
                Cells::Integer(_) => format!("REQUIRED INT64 {};\n", c.name),
            });
        }
        schema.push('}');
        let units = self.columns.iter().filter(|c| !c.unit.is_empty());
        let metadata = [
            KeyValue::new("gigatwin.version".to_owned(), stamp.version.clone()),
            KeyValue::new("gigatwin.seed".to_owned(), stamp.seed.to_string()),
            KeyValue::new("gigatwin.inputs_sha256".to_owned(), stamp.inputs_sha256.clone()),
        ]
        .into_iter()
        .chain(units.map(|c| KeyValue::new(format!("unit.{}", c.name), c.unit.to_owned())))
        .collect();
        let properties = WriterProperties::builder()
            .set_compression(Compression::UNCOMPRESSED)
            .set_created_by(format!("gigatwin {}", stamp.version))
            .set_key_value_metadata(Some(metadata))
            .build();
        let mut bytes = Vec::new();
        let schema = Arc::new(parse_message_type(&schema)?);
        let mut file = SerializedFileWriter::new(&mut bytes, schema, Arc::new(properties))?;
        let mut group = file.next_row_group()?;
        for c in &self.columns {
            write(&mut group, &c.cells)?;
        }
        group.close()?;
        file.close()?;
        Ok(bytes)
    }
}

fn write<W: std::io::Write + Send>(
    group: &mut SerializedRowGroupWriter<'_, W>,
    cells: &Cells,
) -> Result<(), ParquetError> {
    let Some(mut writer) = group.next_column()? else { return Ok(()) };
    match cells {
        Cells::Text(values) => {
            let values: Vec<ByteArray> = values.iter().map(|v| ByteArray::from(v.as_str())).collect();
            writer.typed::<ByteArrayType>().write_batch(&values, None, None)?;
        }
        Cells::Number(values) => {
            let there: Vec<f64> = values.iter().copied().flatten().collect();
            let levels: Vec<i16> = values.iter().map(|v| i16::from(v.is_some())).collect();
            writer.typed::<DoubleType>().write_batch(&there, Some(&levels), None)?;
        }
        Cells::Integer(values) => {
            writer.typed::<Int64Type>().write_batch(values, None, None)?;
        }
    }
    writer.close()
}
