//! `schema`: the JSON Schema of the factory file.

use crate::context::Context;
use crate::exit::{Exit, Fault};

pub(super) fn run(context: &Context) -> Result<Exit, Fault> {
    context.json(&gigatwin_factory::schema())?;
    Ok(Exit::Done)
}
