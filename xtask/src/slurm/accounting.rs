//! The account tree in a real accounting database.

use crate::fault::Fault;

pub(super) fn run() -> Result<(), Fault> {
    Err(Fault::new("not yet"))
}
