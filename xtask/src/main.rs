//! The project's own chores: `cargo xtask generate | test | lines | pilot | slurm`.

mod example;
mod fault;
mod generate;
mod lines;
mod page;
mod picture;
mod pilot;
mod slurm;
mod test;
mod tree;

use std::process::ExitCode;

use fault::Fault;

const USAGE: &str = "\
cargo xtask COMMAND

  generate            writes the JSON Schema, the reference pages of the book and the README's pictures
  generate --check    writes nothing; fails and names each of them that is stale
  test                formatting, lints, generated files and all tests: what CI runs
       --without-fmt      where the toolchain has no rustfmt
       --without-clippy   where the toolchain has no clippy
  lines               source files of more than 500 lines
  pilot               the whole pilot on a live Slurm, checked (skipped where an engine is missing)
       --python PATH      interpreter with PyTorch and mistral.rs
  slurm accept        every example's export on a real slurmctld (skipped where none is installed)
  slurm replay …      a workload on a real Slurm of emulated nodes; appends its starts to a table; shares, preempt, partitions, chains: with those
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["generate"] => generate::write(),
        ["generate", "--check"] => generate::check(),
        ["test", options @ ..] => test::run(options),
        ["lines"] => lines::run(),
        ["pilot", words @ ..] => pilot::run(words),
        ["slurm", words @ ..] => slurm::run(words),
        [] | ["help" | "--help" | "-h"] => {
            print!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        _ => Err(Fault::new(format!("no such chore: {}\n\n{USAGE}", words.join(" ")))),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("xtask: {fault}");
            ExitCode::FAILURE
        }
    }
}
