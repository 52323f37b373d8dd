//! One file per verb.

mod access;
mod catalog;
mod check;
mod completions;
mod diff;
mod doctor;
mod energy;
mod explain;
mod export;
mod fabric;
mod finance;
mod new;
mod operate;
mod pilot;
mod programme;
mod run;
mod schema;
mod serving;
mod training;
mod validate;

use crate::args::Command;
use crate::context::Context;
use crate::exit::{Exit, Fault};

/// Does what was asked.
///
/// # Errors
/// Where the request is not understood or the environment is at fault.
pub fn run(context: &Context, command: &Command) -> Result<Exit, Fault> {
    match command {
        Command::New(args) => new::run(context, args),
        Command::Check { file } => check::run(context, file),
        Command::Run(args) => run::run(context, args),
        Command::Explain(args) => explain::run(context, args),
        Command::Diff(args) => diff::run(context, args),
        Command::Pilot(args) => pilot::run(context, args),
        Command::Programme(args) => programme::run(context, args),
        Command::Energy(args) => energy::run(context, args),
        Command::Finance(args) => finance::run(context, args),
        Command::Access(args) => access::run(context, args),
        Command::Operate(args) => operate::run(context, args),
        Command::Validate(args) => validate::run(context, args),
        Command::Fabric { what } => fabric::run(context, what),
        Command::Training { what } => training::run(context, what),
        Command::Export { what } => export::run(context, what),
        Command::Serving { what } => serving::run(context, what),
        Command::Catalog { what } => catalog::run(context, what),
        Command::Schema => schema::run(context),
        Command::Doctor => doctor::run(context),
        Command::Completions { shell } => completions::run(context, *shell),
    }
}

/// "did you mean …?", or nothing.
fn nearest(context: &Context, names: &[String]) -> String {
    if names.is_empty() {
        String::new()
    } else {
        context.messages.fill("fault.nearest", &[("list", &names.join(", "))])
    }
}
