//! Fits the step model's parameters fold by fold and prints `validation/training_folds.csv`; with `--toml` prints the figures of
//! `catalog/defaults/training.toml` that follow from the shipped folds.
//!
//! `cargo run --release -p gigatwin-validation --example calibrate_training > validation/training_folds.csv`

use gigatwin_catalog::Catalog;
use gigatwin_training::{PRIORS, Parts, Prior};
use gigatwin_validation::training::{FOLDS, TABLE, fit, table};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    if std::env::args().any(|a| a == "--toml") {
        return print_defaults();
    }
    let table = table::read(TABLE, &Catalog::embedded())?;
    let (parameters, efforts) = fit::Parameters::refit(&table, Parts::ALL, &fit::options());
    println!("fold,chip,parameter,value");
    print!("{}", parameters.write());
    for e in efforts {
        eprintln!("{}: objective {:.4} after {} steps", e.fold, e.objective, e.evaluations);
    }
    Ok(())
}

/// Base value: all rows; range: smallest and largest over the folds.
fn print_defaults() -> Result<(), Box<dyn std::error::Error>> {
    let parameters = fit::Parameters::read(FOLDS)?;
    for Prior { name, time, .. } in PRIORS {
        let over: Vec<f64> = parameters.folds().filter_map(|f| parameters.global(f, name)).collect();
        let low = over.iter().copied().fold(f64::INFINITY, f64::min);
        let high = over.iter().copied().fold(0.0, f64::max);
        let mode = parameters.global("all", name).unwrap_or(low);
        let unit = if time { " us" } else { "" };
        if low == high {
            println!("{name} = {{ value = \"{mode:.4}{unit}\" }}");
        } else {
            println!(
                "{name} = {{ low = \"{low:.4}{unit}\", mode = \"{mode:.4}{unit}\", high = \"{high:.4}{unit}\" }}"
            );
        }
    }
    for (id, c) in parameters.chips("all") {
        let key = id.replace('-', "_");
        for (name, value) in
            [("gemm_bf16", c.gemm_bf16), ("gemm_low", c.gemm_low), ("attention", c.attention)]
        {
            if value != 1.0 {
                println!("chip_{key}_{name} = {{ value = \"{value:.4}\" }}");
            }
        }
    }
    Ok(())
}
