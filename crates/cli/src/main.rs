//! `gigatwin`: the terminal face. Parses arguments, reads files, asks the engine, renders.

mod args;
mod command;
mod console;
mod context;
mod diagnostics;
mod exit;
mod figure_text;
mod files;
#[cfg(test)]
mod fixture;
mod folder;
mod json;
mod layout;
mod messages;
mod origin;
mod page;
mod stats;

use std::process::ExitCode;

use clap::Parser;

use args::{Cli, Global};
use context::Context;
use exit::{Exit, Fault};

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(e) => {
            // Printing fails only where nobody listens.
            let _ = e.print();
            return if e.use_stderr() { Exit::NotUnderstood.into() } else { Exit::Done.into() };
        }
    };
    let context = Context::new(&cli.global);
    let result = start_threads(&context, &cli.global).and_then(|()| command::run(&context, &cli.command));
    match result {
        Ok(exit) => exit.into(),
        Err(fault) => {
            diagnostics::fault(&context, &fault);
            fault.exit().into()
        }
    }
}

/// Fixes the number of worker threads before anything starts them.
fn start_threads(context: &Context, global: &Global) -> Result<(), Fault> {
    let Some(n) = global.threads else { return Ok(()) };
    rayon::ThreadPoolBuilder::new().num_threads(usize::from(n)).build_global().map_err(|e| {
        Fault::Environment(context.messages.fill("fault.threads", &[("reason", &e.to_string())]))
    })
}
