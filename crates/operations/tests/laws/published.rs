//! On the traces of the comparison, against the plain list-based reference, whose mean wait stands in its table.

use std::path::{Path, PathBuf};

use gigatwin_operations::{Format, OverLimit, Policy, Settings, Site, read_trace, simulate};

/// Raw files lie beside the repository where they are at hand.
pub fn raw(path: &str) -> Option<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2)?.parent()?;
    let roots: [PathBuf; 2] = [root.join("shared"), root.join("../shared")];
    let text = roots.iter().find_map(|r| std::fs::read_to_string(r.join("data").join(path)).ok());
    if text.is_none() {
        eprintln!("skipped: {path} is not at hand");
    }
    text
}

#[test]
fn the_lublin_trace_gives_the_mean_wait_of_the_reference() {
    let (Some(swf), Some(table)) =
        (raw("operations/bench/lublin10k.swf"), raw("operations/bench/results.csv"))
    else {
        return;
    };
    let row = table.lines().find(|l| l.starts_with("easy_ref.py,lublin10k")).expect("its row");
    let published: f64 = row
        .split("mean wait ")
        .nth(1)
        .and_then(|t| t.split(' ').next())
        .and_then(|t| t.parse().ok())
        .expect("a mean wait");
    let trace = read_trace(&swf, Format::Swf).unwrap();
    assert_eq!((trace.jobs.len(), trace.left_out.len(), trace.machine), (10_000, 0, Some(256)));
    let settings = Settings { over_limit: OverLimit::Extend, ..Settings::new(Policy::Easy) };
    let o = simulate(&Site::flat(256, 1), &trace.jobs, &settings).unwrap();
    let sum: i64 = o.jobs.iter().zip(&trace.jobs).filter_map(|(r, j)| r.wait(j)).sum();
    assert_eq!((sum as f64 / 10_000.0).round(), published);
}

/// Conservative backfill against the starts that the comparison's own predictor wrote beside those of a real Slurm. (Its EASY column was
/// written before the reference's rule for ties was mended: the mended reference differs from it in the same 175 rows as this engine.)
#[test]
fn conservative_starts_of_the_512_node_replay() {
    let Some(table) = raw("operations/slurm/replay512_compare.csv") else { return };
    let rows: Vec<Vec<i64>> = table
        .lines()
        .skip(1)
        .map(|l| l.split(',').take(8).filter_map(|c| c.parse().ok()).collect())
        .collect();
    let jobs: Vec<_> = rows
        .iter()
        .map(|r| gigatwin_operations::Job::nodes(r[0] as u64, r[1], r[2], r[4], r[3] as u32))
        .collect();
    let settings = Settings { over_limit: OverLimit::Extend, ..Settings::new(Policy::Conservative) };
    let o = simulate(&Site::flat(512, 8), &jobs, &settings).unwrap();
    let equal = o.jobs.iter().zip(&rows).filter(|(s, r)| s.start == r[7]).count();
    assert_eq!((equal, rows.len()), (300, 300));
}
