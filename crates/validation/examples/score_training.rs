//! Prints the scores of the training domain, cell by cell, and the worst rows.

use gigatwin_validation::training;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let report = training::validate(None)?;
    for h in &report.headline {
        println!(
            "{:12} {:12} {:?} cells {} rows {} mean {:.1} median {:.1} p90 {:.1} max {:.1} bias {:+.1} coverage {:.0} width {:.0}",
            h.metric,
            h.class,
            h.fold,
            h.cells,
            h.rows,
            h.mean_abs_pct,
            h.median_abs_pct,
            h.p90_abs_pct,
            h.max_abs_pct,
            h.bias_pct,
            h.coverage_pct,
            h.band_width_pct
        );
    }
    for c in &report.cells {
        println!(
            "{:40} {:12} rows {:3} median {:5.1} bias {:+5.1}",
            c.cell, c.metric, c.rows, c.median_abs_pct, c.bias_pct
        );
    }
    let n = std::env::args().nth(1).and_then(|a| a.parse().ok()).unwrap_or(20);
    for p in report.predictions.iter().take(n) {
        println!(
            "{:50} {} {:8.3} measured {:8.3} {:+.1} %",
            p.id,
            p.metric,
            p.predicted,
            p.measured,
            100.0 * p.error()
        );
    }
    println!("refused {} of {}", report.refused.len(), report.rows);
    Ok(())
}
