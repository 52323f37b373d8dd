//! The file as text: syntax, duplicate keys and layering with `extends`.

mod depth;
mod raw;
mod read;

pub use raw::{RawNode, RawTable, RawValue};
pub use read::{Loader, Read, read};
