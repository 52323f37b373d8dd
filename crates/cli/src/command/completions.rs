//! `completions`: for the shell.

use clap::CommandFactory;
use clap_complete::{Shell as Target, generate};

use crate::args::{Cli, Shell};
use crate::context::Context;
use crate::exit::{Exit, Fault};

pub(super) fn run(context: &Context, shell: Shell) -> Result<Exit, Fault> {
    let target = match shell {
        Shell::Bash => Target::Bash,
        Shell::Zsh => Target::Zsh,
        Shell::Fish => Target::Fish,
        Shell::Powershell => Target::PowerShell,
    };
    // Written to memory first: a reader that goes away early must not end in a panic.
    let mut script = Vec::new();
    generate(target, &mut Cli::command(), "gigatwin", &mut script);
    context.data(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Done)
}
