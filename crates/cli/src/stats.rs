//! What the process itself took: talk, never part of a result.

use std::fmt::Write as _;

use serde_json::json;

use crate::context::Context;

/// CPU seconds and peak memory of this process; absent where the system does not say.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Usage {
    /// User and system time of all threads.
    pub cpu_seconds: Option<f64>,
    /// Largest resident set.
    pub peak_bytes: Option<u64>,
}

/// Ticks of `/proc/self/stat` in a second: USER_HZ, which Linux holds at 100 on every architecture that Rust runs on.
const TICKS: f64 = 100.0;

impl Usage {
    /// Of this process until now.
    pub fn now() -> Usage {
        let read = |path| std::fs::read_to_string(path).ok();
        Usage {
            cpu_seconds: read("/proc/self/stat").and_then(|t| cpu_seconds(&t)),
            peak_bytes: read("/proc/self/status").and_then(|t| peak_bytes(&t)),
        }
    }
}

/// Fields 14 and 15 of proc_pid_stat(5), counted behind the name in brackets, which may hold blanks.
fn cpu_seconds(stat: &str) -> Option<f64> {
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |i: usize| fields.get(i)?.parse::<f64>().ok();
    Some((ticks(11)? + ticks(12)?) / TICKS)
}

fn peak_bytes(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kb| kb * 1024)
}

/// Says what was used and done, where `--stats` asks for it.
pub fn say(context: &Context, counts: &[(&str, usize)]) {
    if !context.stats {
        return;
    }
    let usage = Usage::now();
    let threads = rayon::current_num_threads();
    if context.json {
        let counts: serde_json::Map<String, serde_json::Value> =
            counts.iter().map(|(k, n)| ((*k).to_owned(), json!(n))).collect();
        let line = json!({"stats": {
            "cpu_seconds": usage.cpu_seconds,
            "peak_bytes": usage.peak_bytes,
            "threads": threads,
            "counts": counts,
        }});
        context.console.must_say(&format!("{line}\n"));
        return;
    }
    let missing = context.figures().missing();
    let cpu = usage.cpu_seconds.map_or_else(|| missing.to_owned(), |s| format!("{s:.2} s"));
    let peak = usage.peak_bytes.map_or_else(|| missing.to_owned(), |b| format!("{:.1} MB", b as f64 / 1e6));
    let mut text = context
        .messages
        .fill("talk.stats", &[("cpu", &cpu), ("peak", &peak), ("threads", &threads.to_string())]);
    for (name, n) in counts {
        let _ = write!(text, " · {name} {n}");
    }
    text.push('\n');
    context.console.must_say(&text);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_linux_writes() {
        let stat = "42 (a ) b) R 1 1 1 0 -1 4194304 100 0 0 0 12 3 0 0 20 0 1 0 100 1000 10";
        assert_eq!(cpu_seconds(stat), Some(0.15));
        assert_eq!(peak_bytes("Name:\tx\nVmHWM:\t  2048 kB\n"), Some(2 << 20));
        assert_eq!(cpu_seconds(""), None);
        assert_eq!(peak_bytes("VmHWM: many"), None);
    }
}
