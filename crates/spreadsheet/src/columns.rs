//! Columns of the months: a formula over other columns and named inputs beside the value that it must give.
//!
//! In a formula `{key}` is the cell of that column in the same row, `{key<}` the one above, `{key>}` the one below and
//! `{key*}` the whole column.

use std::collections::BTreeMap;

use rust_xlsxwriter::{Workbook, XlsxError};

use crate::Cells;
use crate::months::{Frame, TOP};
use crate::sheet::{formula, heading, letters, number};

pub(crate) const MONTHS: &str = "Months";

struct Column {
    key: String,
    title: String,
    unit: &'static str,
    formula: String,
}

#[derive(Default)]
pub(crate) struct Columns {
    list: Vec<Column>,
    values: BTreeMap<String, Vec<f64>>,
    rows: usize,
}

impl Columns {
    pub fn new(rows: usize) -> Columns {
        Columns { rows, ..Columns::default() }
    }

    /// Adds a column; `value` sees all columns before it, and its own rows above through `own`.
    pub fn add(
        &mut self,
        key: &str,
        title: &str,
        unit: &'static str,
        formula: impl Into<String>,
        value: impl Fn(&Columns, usize, &[f64]) -> f64,
    ) {
        let mut own = Vec::with_capacity(self.rows);
        for i in 0..self.rows {
            let v = value(self, i, &own);
            own.push(v);
        }
        self.put(key, title, unit, formula, own);
    }

    /// Adds a column whose values are known.
    pub fn put(
        &mut self,
        key: &str,
        title: &str,
        unit: &'static str,
        formula: impl Into<String>,
        values: Vec<f64>,
    ) {
        self.values.insert(key.to_owned(), values);
        self.list.push(Column {
            key: key.to_owned(),
            title: title.to_owned(),
            unit,
            formula: formula.into(),
        });
    }

    /// A value; zero above the first and below the last row.
    pub fn at(&self, key: &str, row: usize) -> f64 {
        self.values.get(key).and_then(|v| v.get(row)).copied().unwrap_or(0.0)
    }

    /// The value of the row above.
    pub fn above(&self, key: &str, row: usize) -> f64 {
        row.checked_sub(1).map_or(0.0, |r| self.at(key, r))
    }

    pub fn sum(&self, key: &str) -> f64 {
        self.values.get(key).map_or(0.0, |v| v.iter().sum())
    }

    pub fn all(&self, key: &str) -> &[f64] {
        self.values.get(key).map_or(&[], Vec::as_slice)
    }

    pub fn values(&self) -> Vec<(String, Vec<f64>)> {
        self.list.iter().map(|c| (c.key.clone(), self.all(&c.key).to_vec())).collect()
    }

    fn column(&self, key: &str) -> u16 {
        self.list.iter().position(|c| c.key == key).unwrap_or(0) as u16
    }

    /// The whole column as a range of another sheet.
    pub fn range(&self, key: &str) -> String {
        let c = letters(self.column(key));
        format!("{MONTHS}!${c}${}:${c}${}", TOP + 1, TOP as usize + self.rows)
    }

    /// The last cell of a column as a reference from another sheet.
    pub fn last(&self, key: &str) -> String {
        format!("{MONTHS}!${}${}", letters(self.column(key)), TOP as usize + self.rows)
    }

    fn expand(&self, text: &str, row: u32) -> String {
        let mut out = String::with_capacity(text.len() + 16);
        let mut rest = text;
        while let Some(open) = rest.find('{') {
            out.push_str(&rest[..open]);
            let close = rest[open..].find('}').map_or(rest.len(), |c| open + c);
            let token = &rest[open + 1..close];
            let (key, way) = match token.chars().last() {
                Some(c @ ('<' | '>' | '*')) => (&token[..token.len() - 1], c),
                _ => (token, ' '),
            };
            let c = letters(self.column(key));
            match way {
                // Above the first row stand titles: nothing is there.
                '<' if row == TOP => out.push('0'),
                '<' => out.push_str(&format!("{c}{row}")),
                '>' if row + 1 == TOP + self.rows as u32 => out.push('0'),
                '>' => out.push_str(&format!("{c}{}", row + 2)),
                '*' => out.push_str(&format!("{c}${}:{c}${}", TOP + 1, TOP as usize + self.rows)),
                _ => out.push_str(&format!("{c}{}", row + 1)),
            }
            rest = rest.get(close + 1..).unwrap_or("");
        }
        out.push_str(rest);
        out
    }

    pub fn write(&self, book: &mut Workbook, frame: &Frame, written: &mut Cells) -> Result<(), XlsxError> {
        let sheet = book.add_worksheet().set_name(MONTHS)?;
        sheet.set_freeze_panes(TOP, 2)?;
        sheet.set_row_height(1, 62)?;
        sheet.write_with_format(
            0,
            0,
            "Month by month; EUR of the day unless a unit is named",
            &crate::sheet::bold(),
        )?;
        for (c, column) in self.list.iter().enumerate() {
            let c = c as u16;
            sheet.set_column_width(c, if column.unit == "EUR" { 15 } else { 12 })?;
            sheet.write_with_format(1, c, column.title.as_str(), &heading())?;
            sheet.write_with_format(2, c, column.unit, &crate::sheet::faint())?;
            let format = number(column.unit);
            let values = self.all(&column.key);
            for i in 0..frame.rows() {
                let row = TOP + i as u32;
                let text = self.expand(&column.formula, row);
                formula(
                    sheet,
                    (row, c),
                    &format!("={text}"),
                    values.get(i).copied().unwrap_or(0.0),
                    &format,
                    written,
                )?;
            }
        }
        Ok(())
    }
}
