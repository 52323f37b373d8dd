//! Prints the scores of the training domain, cell by cell, and the worst rows. `--refit` fits anew, `--dump FILE` writes every row
//! with the parts of its step.

use std::fmt::Write as _;

use gigatwin_catalog::Catalog;
use gigatwin_training::calibrate::parts;
use gigatwin_training::{PRIORS, Parts};
use gigatwin_validation::training::{self, FOLDS, TABLE, fit, fit_row, table};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let table = table::read(TABLE, &Catalog::embedded())?;
    let parameters = if arguments.iter().any(|a| a == "--refit") {
        fit::Parameters::refit(&table, Parts::ALL, &fit::options()).0
    } else {
        fit::Parameters::read(FOLDS)?
    };
    for p in PRIORS {
        let folds: Vec<&str> = parameters.folds().collect();
        let all = parameters.global("all", p.name).unwrap_or(p.centre);
        let over = folds.iter().filter_map(|f| parameters.global(f, p.name));
        let (low, high) = over.fold((f64::INFINITY, 0.0_f64), |(l, h), v| (l.min(v), h.max(v)));
        println!("{:24} {all:10.4} ({low:.4} to {high:.4}), prior {}", p.name, p.centre);
    }
    for (chip, f) in parameters.chips("all") {
        println!("{chip:24} bf16 {:.3} low {:.3} attention {:.3}", f.gemm_bf16, f.gemm_low, f.attention);
    }
    let report = training::score(&table, &parameters);
    for h in &report.headline {
        println!(
            "{:12} {:16} {:?} cells {} rows {} mean {:.1} median {:.1} p90 {:.1} max {:.1} bias {:+.1} coverage {:.0} width {:.0}",
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
    let n = arguments.iter().find_map(|a| a.parse().ok()).unwrap_or(20);
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
    if let Some(at) = arguments.iter().position(|a| a == "--dump") {
        let path = arguments.get(at + 1).map_or("rows.csv", String::as_str);
        std::fs::write(path, dump(&table, &parameters)?)?;
    }
    Ok(())
}

fn dump(table: &table::Table, parameters: &fit::Parameters) -> Result<String, std::fmt::Error> {
    let mut out = String::from("id,family,chip,moe,measured,out,in");
    let mut header = false;
    for row in &table.rows {
        let fit = fit_row(row, 0, 1.0);
        let of = |fold: &str| parts(&fit, &parameters.of(fold, &row.chip_id));
        let total = |p: &[(&str, f64)]| p.iter().map(|x| x.1).sum::<f64>();
        let (left_out, inside) = (of(&row.family), of("all"));
        if !header {
            header = true;
            for (name, _) in &inside {
                write!(out, ",{name}")?;
            }
            writeln!(out, ",mem_pred,mem")?;
        }
        write!(
            out,
            "{},{},{},{},{},{},{}",
            row.id,
            row.family,
            row.chip_id,
            row.model.moe.is_some(),
            fit.seconds,
            total(&left_out),
            total(&inside)
        )?;
        for (_, v) in &inside {
            write!(out, ",{v:.4}")?;
        }
        let m = gigatwin_training::memory(&row.model, &row.chip, &row.state, &row.layout);
        write!(out, ",{:.2},{}", m.total().gib(), row.memory_gib.map_or(String::new(), |v| v.to_string()))?;
        writeln!(out)?;
    }
    Ok(out)
}
