//! A plain table: seconds, tokens of the prompt, tokens of the answer.

use super::{Sheet, number, rows};

pub(super) const COLUMNS: [&str; 3] = ["time_s", "prompt", "answer"];

pub(super) fn read(text: &str, sheet: &mut Sheet) {
    rows(text, sheet, number);
}
