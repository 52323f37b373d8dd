//! What the benchmarks share: CPU time and memory of this process, and what the tests serve.

#![allow(dead_code)] // each benchmark uses a part

#[path = "../../tests/common/mod.rs"]
pub mod served;

/// Seconds that the scheduler has given this process; field 14 and 15 of proc_pid_stat(5) in ticks of 10 ms are too coarse, so its own
/// nanoseconds are read.
pub fn cpu() -> f64 {
    let text = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    text.split_whitespace().next().and_then(|n| n.parse::<f64>().ok()).map_or(0.0, |n| n / 1e9)
}

/// Most memory that this process has held, MB.
pub fn peak_mb() -> f64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|l| l.strip_prefix("VmHWM:")).unwrap_or("");
    line.trim().trim_end_matches("kB").trim().parse::<f64>().map_or(0.0, |kb| kb / 1024.0)
}
