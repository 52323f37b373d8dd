//! What the faces write beside the page: tables as Parquet and CSV, heat maps as SVG and in the terminal.
//!
//! Everything here turns plain numbers into bytes; nothing touches a file.

pub mod heatmap;
mod scale;
mod stamp;
pub mod table;

pub use heatmap::Heatmap;
pub use stamp::Stamp;
pub use table::{Table, TableError};
