//! `cargo xtask pilot`: the long form of the pilot's test.

use std::path::Path;
use std::process::{Command, Stdio};

use gigatwin_pilot::Tools;
use serde_json::Value;

use crate::fault::Fault;
use crate::tree;

/// Rows that a whole pilot scores.
const ROWS: [(&str, &str); 7] = [
    ("timed runs", "step_time_s"),
    ("timed runs", "tokens_per_s"),
    ("long run", "checkpoint_s"),
    ("long run", "restart_s"),
    ("train", "start_s"),
    ("date reader", "ttft_ms"),
    ("date reader", "tpot_ms"),
];

/// Runs the whole pilot and checks that no step was left out, that every figure was scored, and that nothing is left running.
pub fn run(words: &[&str]) -> Result<(), Fault> {
    let python = match words {
        [] => None,
        ["--python", path] => Some(*path),
        _ => return Err(Fault::new("cargo xtask pilot [--python PATH]")),
    };
    let tools = match Tools::find(python.map(Path::new)) {
        Ok(tools) => tools,
        Err(e) => {
            println!("SKIPPED: {e}. {}", e.hint());
            return Ok(());
        }
    };
    if let Some(why) = tools.trainer.as_ref().err().or(tools.server.as_ref().err()) {
        println!("SKIPPED: {why}");
        return Ok(());
    }
    let root = tree::root()?;
    let folder = root.join("target/pilot");
    let _ = std::fs::remove_dir_all(&folder);
    let mut command = Command::new("cargo");
    command
        .args(["run", "--release", "--locked", "-p", "gigatwin", "--", "pilot"])
        .arg(&folder)
        .current_dir(&root);
    if let Some(path) = python {
        command.args(["--python", path]);
    }
    let status = command
        .stdin(Stdio::null())
        .status()
        .map_err(|e| Fault::new(format!("cargo cannot be started: {e}")))?;
    if !status.success() {
        return Err(Fault::new("the pilot failed"));
    }
    check(&tree::read(&folder.join("report.json"))?)?;
    let left = processes(&folder);
    if left > 0 {
        return Err(Fault::new(format!("{left} processes of the pilot are left running")));
    }
    println!("the pilot ran whole; {} rows scored at least, nothing left running", ROWS.len());
    Ok(())
}

fn check(report: &str) -> Result<(), Fault> {
    let report: Value = serde_json::from_str(report).map_err(|e| Fault::new(format!("report.json: {e}")))?;
    // Accounting needs a database, which the loop can do without.
    let refused =
        report["refused"].as_array().into_iter().flatten().filter(|r| r["id"] != "fair share").count();
    if refused > 0 {
        return Err(Fault::new(format!("{refused} steps were left out: {}", report["refused"])));
    }
    let predictions = report["predictions"].as_array().cloned().unwrap_or_default();
    for (id, metric) in ROWS {
        let row = predictions.iter().find(|p| p["id"] == id && p["metric"] == metric);
        let good = row.is_some_and(|p| {
            ["predicted", "measured"].iter().all(|k| p[*k].as_f64().is_some_and(|v| v.is_finite() && v > 0.0))
        });
        if !good {
            return Err(Fault::new(format!("no usable {metric} of {id}")));
        }
    }
    Ok(())
}

/// Processes whose command line or environment names the folder.
fn processes(folder: &Path) -> usize {
    let mark = folder.display().to_string();
    let Ok(list) = std::fs::read_dir("/proc") else { return 0 };
    list.filter_map(Result::ok)
        .filter(|e| {
            e.file_name().to_str().is_some_and(|n| n.parse::<u32>().is_ok_and(|id| id != std::process::id()))
        })
        .filter(|e| {
            ["cmdline", "environ"].iter().any(|f| {
                std::fs::read(e.path().join(f))
                    .is_ok_and(|b| b.windows(mark.len()).any(|w| w == mark.as_bytes()))
            })
        })
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_with_a_hole_is_no_whole_pilot() {
        let row = |(id, metric): (&str, &str)| {
            format!("{{\"id\":\"{id}\",\"metric\":\"{metric}\",\"predicted\":1.0,\"measured\":2.0}}")
        };
        let report = |rows: &[(&str, &str)], refused: &str| {
            let rows: Vec<String> = rows.iter().map(|r| row(*r)).collect();
            format!("{{\"refused\":[{refused}],\"predictions\":[{}]}}", rows.join(","))
        };
        assert!(check(&report(&ROWS, "")).is_ok());
        assert!(check(&report(&ROWS[1..], "")).is_err());
        assert!(check(&report(&ROWS, "{\"id\":\"integrate\"}")).is_err());
        assert!(check(&report(&ROWS, "").replace("2.0", "null")).is_err());
    }
}
