//! `serving`: services of language models on their own, without a factory around them.

mod plan;
mod predict;
mod replay;
mod setting;
mod site;

pub(super) use replay::choose;

use crate::args::serving::Serving;
use crate::context::Context;
use crate::exit::{Exit, Fault};

pub(super) fn run(context: &Context, what: &Serving) -> Result<Exit, Fault> {
    match what {
        Serving::Plan(args) => plan::run(context, args),
        Serving::Predict(args) => predict::run(context, args),
        Serving::Replay(args) => replay::run(context, args),
        Serving::Site(args) => site::run(context, args),
    }
}

/// An option that is not understood.
fn not_understood(message: impl Into<String>, hint: impl Into<String>) -> Fault {
    Fault::NotUnderstood { code: "G560", message: message.into(), hint: hint.into(), file: None }
}
