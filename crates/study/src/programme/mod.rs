//! The programme: bids judged, ranked and chosen together.

pub mod assumptions;
pub mod judge;
pub mod ledger;
pub(crate) mod points;
pub mod select;

pub use assumptions::Assumptions;
pub use judge::{Judged, Standing, judge};
pub use ledger::{Line, ledger};
pub use select::{Options, Selection, select};
