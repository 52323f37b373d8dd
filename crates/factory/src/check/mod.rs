//! The document against the language: types, units, words and unknown keys. Cross-references come later, in `resolve`.

mod node;
mod quantity;
mod walk;

pub use node::{Node, QuantityNode, TableNode};
pub use walk::check;
pub(crate) use walk::nearest;
