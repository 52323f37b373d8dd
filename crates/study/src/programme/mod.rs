//! The programme: bids judged, ranked and chosen together.

pub mod assumptions;
pub mod europe;
pub mod federation;
pub mod judge;
pub mod ledger;
pub(crate) mod points;
pub mod risks;
pub mod select;
pub mod timing;
pub mod trace;

pub use assumptions::Assumptions;
pub use judge::{Judged, Standing, judge};
pub use ledger::{Line, ledger};
pub use select::{Options, Selection, select};
