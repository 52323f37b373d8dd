//! Figures with value, unit, source, date and confidence, and the typed things made of them.
//!
//! The catalog is a folder of small TOML files (see the book's page on its format), embedded in the binary; a
//! user's folder may add to it and replace entries. An entry is read when it is asked for, not before.

mod chip;
mod chip_entry;
mod embedded;
mod entry;
mod figure;
mod kind;
mod model_shape;
mod shape_entry;
mod store;

pub use chip::{Chip, Precision};
pub use chip_entry::chip;
pub use entry::Entry;
pub use figure::{Confidence, Figure, Monthly, Provenance, Value};
pub use kind::Kind;
pub use model_shape::{Attention, FfnKind, Indexer, ModelShape, Moe, StateSpace};
pub use shape_entry::model_shape;
pub use store::{Catalog, CatalogError};
