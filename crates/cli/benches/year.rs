//! A year of the reference gigafactory, with failures and a power sample every 15 minutes: the whole command, from drawing the workload to
//! the page.
//!
//! `cargo bench -p gigatwin --bench year [-- DAYS [POLICY [OPTIONS]]]`: the line of `--stats`, with CPU seconds and peak memory of the process.

// A benchmark reports and may stop.
#![allow(missing_docs, clippy::expect_used)]

use std::path::Path;
use std::process::Command;

fn main() {
    let mut args = std::env::args().skip(1).filter(|a| a != "--bench");
    let days = args.next().unwrap_or_else(|| "365".to_owned());
    let policy = args.next().unwrap_or_else(|| "easy".to_owned());
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/gigafactory.toml");
    let options: Vec<String> = args.collect();
    // By classes of access, as the command draws them, and mixed plainly as the file's own work and published clusters.
    for demand in ["access", "plain"] {
        let output = Command::new(env!("CARGO_BIN_EXE_gigatwin"))
            .arg("operate")
            .arg(&file)
            .args(["--sample", "900", "--stats", "--days", &days, "--policy", &policy, "--demand", demand])
            .args(&options)
            .output()
            .expect("the command runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        let stats = said.lines().rfind(|l| l.starts_with("CPU")).unwrap_or("no statistics");
        println!("{days} days, {policy}, {demand}: {stats}");
    }
}
