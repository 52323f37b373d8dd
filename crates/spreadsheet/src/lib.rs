//! A cash flow as a workbook that an auditor can trace: inputs, paths, one row for each month, sums by year of operation and
//! results, every line a formula over named inputs. What the engine computed is kept as each formula's last result, and the
//! engine's answers stand beside the workbook's.
//!
//! Only monthly plans are written; nothing here touches a file.

mod columns;
mod inputs;
mod months;
mod results;
mod sheet;

use gigatwin_finance::cashflow::Workspace;
use gigatwin_finance::outcome::Outcome;
use gigatwin_finance::plan::{Plan, Step};
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Workbook, XlsxError};

/// What the workbook is about.
#[derive(Debug, Clone, PartialEq)]
pub struct About {
    /// Name of the site.
    pub name: String,
    /// Lines for the first sheet: stamp, form, price year.
    pub lines: Vec<String>,
    /// Where inputs come from: name in the workbook, path in the factory file, source.
    pub sources: Vec<[String; 3]>,
}

/// Why there is no workbook.
#[derive(Debug, thiserror::Error)]
pub enum WorkbookError {
    /// Yearly plans have no months to write.
    #[error("only a plan in months can be written as a workbook")]
    Yearly,
    /// The evaluation is of another plan.
    #[error("the evaluation does not belong to the plan")]
    Stranger,
    /// The writer failed.
    #[error("workbook: {0}")]
    Writer(#[from] XlsxError),
}

/// A cell as it was written, for those who check workbooks: sheet, cell, last result.
pub type Written = (String, String, f64);

/// Writes a plan with its evaluation.
///
/// # Errors
/// Where the plan is not monthly or the writer fails.
pub fn workbook(
    plan: &Plan,
    outcome: &Outcome,
    work: &Workspace,
    about: &About,
) -> Result<(Vec<u8>, Vec<Written>), WorkbookError> {
    write(plan, outcome, work, about, true)
}

/// The same without results: whoever opens it must compute, and so shows that the formulas do.
///
/// # Errors
/// As [`workbook`].
pub fn unsolved(
    plan: &Plan,
    outcome: &Outcome,
    work: &Workspace,
    about: &About,
) -> Result<(Vec<u8>, Vec<Written>), WorkbookError> {
    write(plan, outcome, work, about, false)
}

fn write(
    plan: &Plan,
    outcome: &Outcome,
    work: &Workspace,
    about: &About,
    solved: bool,
) -> Result<(Vec<u8>, Vec<Written>), WorkbookError> {
    if plan.step != Step::Month {
        return Err(WorkbookError::Yearly);
    }
    let (Some(first), Some(last)) = (work.outlays().first(), work.periods().last()) else {
        return Err(WorkbookError::Stranger);
    };
    let frame = months::Frame::new(plan, first.month, last.month);
    let inputs = inputs::Inputs::of(plan, &frame);
    let columns = months::columns(plan, &frame, &inputs);
    let mut book = Workbook::new();
    // The same plan gives the same bytes.
    let date = ExcelDateTime::from_ymd(2026, 1, 1)?;
    book.set_properties(&DocProperties::new().set_title(&about.name).set_creation_datetime(&date));
    let mut written = Cells { solved, list: Vec::new() };
    sheet::about(&mut book, about)?;
    inputs.write(&mut book, about, &mut written)?;
    columns.write(&mut book, &frame, &mut written)?;
    results::years(&mut book, &columns, &frame, &mut written)?;
    results::results(&mut book, plan, outcome, &columns, &frame, &mut written)?;
    Ok((book.save_to_buffer()?, written.list))
}

/// Cells written so far, and whether results stand in them.
pub(crate) struct Cells {
    solved: bool,
    list: Vec<Written>,
}

/// Lines of the months as the workbook holds them, by key: a check against the engine's own.
pub fn lines(plan: &Plan, work: &Workspace) -> Vec<(String, Vec<f64>)> {
    let (Some(first), Some(last)) = (work.outlays().first(), work.periods().last()) else {
        return Vec::new();
    };
    let frame = months::Frame::new(plan, first.month, last.month);
    let inputs = inputs::Inputs::of(plan, &frame);
    months::columns(plan, &frame, &inputs).values()
}
