//! What CI and the README run: formatting, lints, generated files and all tests.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::fault::Fault;
use crate::{generate, tree};

/// Runs all steps, cheapest first, and stops at the first that fails.
pub fn run(options: &[&str]) -> Result<(), Fault> {
    let (mut fmt, mut clippy) = (true, true);
    for option in options {
        match *option {
            "--without-fmt" => fmt = false,
            "--without-clippy" => clippy = false,
            other => return Err(Fault::new(format!("no such option: {other}"))),
        }
    }
    let root = tree::root()?;
    if fmt {
        have(&root, "fmt", "rustfmt")?;
        step(&root, &["fmt", "--all", "--check"])?;
    }
    if clippy {
        have(&root, "clippy", "clippy")?;
        step(&root, &["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"])?;
    }
    eprintln!("==> generated files");
    generate::check()?;
    tests(&root)
}

/// Says how to go on where the toolchain lacks a component, instead of leaving a step out in silence.
fn have(root: &Path, command: &str, component: &str) -> Result<(), Fault> {
    let found = Command::new("cargo")
        .args([command, "--version"])
        .current_dir(root)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|s| s.success());
    if found {
        return Ok(());
    }
    Err(Fault::new(format!(
        "the toolchain has no {component}: rustup component add {component}, or go on without it: cargo xtask test \
         --without-{command}"
    )))
}

fn step(root: &Path, arguments: &[&str]) -> Result<(), Fault> {
    eprintln!("==> cargo {}", arguments.join(" "));
    let status =
        cargo(root, arguments).status().map_err(|e| Fault::new(format!("cargo cannot be started: {e}")))?;
    if status.success() { Ok(()) } else { Err(Fault::new(format!("cargo {} failed", arguments.join(" ")))) }
}

/// `cargo` as the user has it; the chore's own package variables do not leak into what it builds.
fn cargo(root: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("cargo");
    command.args(arguments).current_dir(root);
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|n| n.starts_with("CARGO_PKG_") || n.starts_with("CARGO_MANIFEST_")) {
            command.env_remove(name);
        }
    }
    command
}

/// Runs all tests, passes their talk on and adds up the counts of all test binaries.
fn tests(root: &Path) -> Result<(), Fault> {
    let arguments = ["test", "--workspace", "--locked", "--no-fail-fast"];
    eprintln!("==> cargo {}", arguments.join(" "));
    let mut child = cargo(root, &arguments)
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|e| Fault::new(format!("cargo cannot be started: {e}")))?;
    let mut counts = Counts::default();
    if let Some(out) = child.stdout.take() {
        for line in BufReader::new(out).lines() {
            let line = line.map_err(|e| Fault::new(format!("the tests' output cannot be read: {e}")))?;
            counts.add(&line);
            println!("{line}");
        }
    }
    let status = child.wait().map_err(|e| Fault::new(format!("cargo test: {e}")))?;
    println!("{} tests passed, {} failed, {} ignored", counts.passed, counts.failed, counts.ignored);
    if status.success() { Ok(()) } else { Err(Fault::new("cargo test failed")) }
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    passed: u64,
    failed: u64,
    ignored: u64,
}

impl Counts {
    /// Reads a line such as `test result: ok. 12 passed; 0 failed; 1 ignored; …`.
    fn add(&mut self, line: &str) {
        let Some(rest) = line.strip_prefix("test result: ") else { return };
        for part in rest.split([';', '.']) {
            let mut words = part.split_whitespace();
            let (Some(number), Some(what)) = (words.next(), words.next()) else { continue };
            let Ok(number) = number.parse::<u64>() else { continue };
            match what {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.ignored += number,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Counts;

    #[test]
    fn adds_up_all_binaries() {
        let mut counts = Counts::default();
        counts.add("running 3 tests");
        counts.add(
            "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.02s",
        );
        counts.add("test result: FAILED. 4 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.20s");
        assert_eq!(counts, Counts { passed: 16, failed: 2, ignored: 1 });
    }
}
