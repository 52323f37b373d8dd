//! Reference pages of the book.

mod figures;
mod language;

pub use figures::figures;
pub use language::language;

/// First line of each page, for whoever opens it to edit it.
const MARK: &str =
    "<!-- made by cargo xtask generate from the declarations in crates/factory; edit those -->\n\n";

/// A text in a cell of a Markdown table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}
