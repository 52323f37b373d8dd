//! What the faces write beside the page: tables as Parquet and CSV, heat maps as SVG and in the terminal, charts, reports as HTML.
//!
//! Everything here turns plain numbers into bytes; nothing touches a file.

pub mod chart;
pub mod heatmap;
pub mod occupancy;
pub mod report;
mod scale;
mod stamp;
pub mod table;

pub use chart::Chart;
pub use heatmap::Heatmap;
pub use occupancy::Occupancy;
pub use report::{Block, Page, Report};
pub use stamp::Stamp;
pub use table::{Table, TableError};
