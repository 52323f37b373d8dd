//! Formats, cells and the first sheet.

use rust_xlsxwriter::{Color, Format, FormatAlign, FormatBorder, Formula, Workbook, Worksheet, XlsxError};

use crate::{About, Cells};

/// Blue for what is entered, black for what is computed: the custom of project finance.
const ENTERED: u32 = 0x1F_3F_BF;

pub(crate) fn heading() -> Format {
    Format::new().set_bold().set_text_wrap().set_align(FormatAlign::Top).set_border_bottom(FormatBorder::Thin)
}

pub(crate) fn bold() -> Format {
    Format::new().set_bold()
}

pub(crate) fn faint() -> Format {
    Format::new().set_font_color(Color::RGB(0x66_66_66)).set_text_wrap().set_align(FormatAlign::Top)
}

/// How a number of a unit is shown.
pub(crate) fn number(unit: &str) -> Format {
    Format::new().set_num_format(match unit {
        "EUR" | "h" | "month" => "#,##0;[Red]-#,##0;-",
        "EUR/h" => "0.0000",
        "share" => "0.00%",
        "date" => "yyyy-mm-dd",
        "flag" | "count" => "0",
        _ => "0.000000",
    })
}

pub(crate) fn entered(unit: &str) -> Format {
    number(unit).set_font_color(Color::RGB(ENTERED))
}

/// "B7" of a row and a column from zero.
pub(crate) fn cell(row: u32, column: u16) -> String {
    format!("{}{}", letters(column), row + 1)
}

/// "AB" of a column from zero.
pub(crate) fn letters(column: u16) -> String {
    let (mut n, mut out) = (u32::from(column) + 1, String::new());
    while n > 0 {
        let digit = (n - 1) % 26;
        out.insert(0, char::from(b'A' + digit as u8));
        n = (n - 1) / 26;
    }
    out
}

/// Writes a formula with the engine's result as its last one.
pub(crate) fn formula(
    sheet: &mut Worksheet,
    at: (u32, u16),
    text: &str,
    value: f64,
    format: &Format,
    cells: &mut Cells,
) -> Result<(), XlsxError> {
    let result = if !cells.solved {
        "0".to_owned()
    } else if value == 0.0 || (1e-5..1e15).contains(&value.abs()) {
        value.to_string()
    } else {
        format!("{value:E}")
    };
    sheet.write_formula_with_format(at.0, at.1, Formula::new(text).set_result(result), format)?;
    cells.list.push((sheet.name(), cell(at.0, at.1), value));
    Ok(())
}

pub(crate) fn about(book: &mut Workbook, about: &About) -> Result<(), XlsxError> {
    let sheet = book.add_worksheet().set_name("About")?;
    sheet.set_column_width(0, 110)?;
    sheet.write_with_format(0, 0, about.name.as_str(), &bold())?;
    let fixed = [
        "",
        "Inputs and Paths hold what was entered (blue) and the few figures that follow at once.",
        "Months has one row for each month end; every cell is a formula over named inputs. Years sums them; Results compares with the engine.",
        "All amounts are euros of the day. Points are months since the start: an amount of month m stands at its last day.",
        "Senior debt is sized without circles: the months are first computed for one euro of debt (per euro of debt), then scaled.",
        "Tax is settled after every twelfth month of operation and at the end; losses are carried forward.",
        "All surplus is paid out each month; what is missing is paid in by shareholders: a negative shareholders' flow.",
    ];
    let lines = about.lines.iter().map(String::as_str).chain(fixed);
    for (i, line) in lines.enumerate() {
        sheet.write_with_format(1 + i as u32, 0, line, &Format::new().set_text_wrap())?;
    }
    Ok(())
}
