//! The training table is scored out of fold, its figures do not slip, and malformed tables are refused with line and column.

// A helper outside a test function is still part of a test.
#![allow(clippy::unwrap_used)]

use gigatwin_catalog::{Catalog, Kind};
use gigatwin_quantity::Dim;
use gigatwin_training::{PRIORS, Prior};
use gigatwin_validation::report::Fold;
use gigatwin_validation::training::{FOLDS, TABLE, TrainingTableError, fit, table, validate};

#[test]
fn headline_figures_hold_their_gates() {
    let report = validate(None).unwrap();
    let of = |metric: &str, class: &str, fold: Fold| {
        report
            .headline
            .iter()
            .find(|h| h.metric == metric && h.class == class && h.fold == fold)
            .unwrap()
            .clone()
    };
    let out = of("step_time_s", "all", Fold::Out);
    assert!(out.cells >= 20 && out.rows > 600);
    assert!(out.mean_abs_pct < 14.0 && out.median_abs_pct < 12.0 && out.p90_abs_pct < 30.0, "{out:?}");
    assert!(out.bias_pct.abs() < 6.0 && (75.0..=88.0).contains(&out.coverage_pct), "{out:?}");
    let inside = of("step_time_s", "all", Fold::In);
    assert!(inside.mean_abs_pct < out.mean_abs_pct && inside.mean_abs_pct < 10.0, "{inside:?}");
    assert!(of("memory_gib", "all", Fold::None).mean_abs_pct < 16.0);
}

#[test]
fn few_specified_rows_are_refused_and_each_says_why() {
    let report = validate(None).unwrap();
    let specified = report.refused.iter().filter(|r| r.fully_specified).count();
    assert!((specified as f64) < 0.05 * report.answered as f64);
    assert!(report.refused.iter().all(|r| !r.reason.is_empty()));
    assert_eq!(report.rows, report.answered + report.refused.len() + unverified());
}

fn unverified() -> usize {
    table::read(TABLE, &Catalog::embedded()).unwrap().rows.iter().filter(|r| !r.headline).count()
}

#[test]
fn the_shipped_parameters_are_those_of_the_command() {
    // One small fold refitted; the example prints all of them.
    let table = table::read(TABLE, &Catalog::embedded()).unwrap();
    let text = fit::Parameters::refit_one(&table, "korthikanti");
    for line in text.lines() {
        assert!(FOLDS.lines().any(|l| l == line), "{line}");
    }
}

#[test]
fn the_catalog_carries_the_fit_of_all_rows() {
    let entry = Catalog::embedded().entry(Kind::Defaults, "training").unwrap();
    let parameters = fit::Parameters::read(FOLDS).unwrap();
    for Prior { name, time, .. } in PRIORS {
        let fitted = parameters.global("all", name).unwrap();
        let (dim, scale) = if time { (Dim::Time, 1e-6) } else { (Dim::Ratio, 1.0) };
        let shipped = entry.figure(name, dim).unwrap().unwrap().distribution.base();
        assert!((shipped / (fitted * scale) - 1.0).abs() < 0.01, "{name}: {shipped} against {fitted}");
    }
    for (chip, factors) in parameters.chips("all") {
        let figure = |name: &str| {
            let key = format!("chip_{}_{name}", chip.replace('-', "_"));
            entry.figure(&key, Dim::Ratio).unwrap().map(|v| v.distribution.base())
        };
        assert_eq!(figure("compute_units"), factors.compute_units, "{chip}");
        for (name, value) in [
            ("gemm_bf16", factors.gemm_bf16),
            ("gemm_low", factors.gemm_low),
            ("attention", factors.attention),
        ] {
            assert!((figure(name).unwrap_or(1.0) - value).abs() < 1e-3, "{chip} {name}");
        }
    }
}

#[test]
fn a_users_table_is_predicted_without_fitting() {
    let csv = "id,source_family,chip,chips,layers,hidden,heads,kv_heads,ffn,vocab,tp,pp,cp,ep,dp,micro_batch,global_batch,\
               sequence,precision,recompute,zero,step_time_s\n\
               mine,mine,H100,64,80,8192,64,8,28672,128256,4,8,1,1,2,1,256,8192,fp8,none,1,20.0\n";
    let report = validate(Some(csv)).unwrap();
    assert_eq!((report.answered, report.headline[0].fold), (1, Fold::None));
}

const HEAD: &str =
    "id,source_family,chip,chips,layers,hidden,heads,ffn,vocab,global_batch,sequence,step_time_s\n";

#[test]
fn a_table_without_its_columns_is_refused() {
    assert_eq!(validate(Some("id,chip\n")).unwrap_err(), TrainingTableError::MissingColumn("chips"));
}

#[test]
fn a_cell_that_says_nothing_is_unstated_and_a_row_that_lacks_too_much_says_so() {
    let report = validate(Some(&format!(
        "{HEAD}a,b,H100,many,2,64,4,256,100,8,128,1.0\n\
         b,b,H999,8,2,64,4,256,100,8,128,1.0\n\
         c,b,NVIDIA H100-SXM5-80GB,8,2,64,4,see recipe,100,8,128,1.0\n"
    )))
    .unwrap();
    assert_eq!(report.answered, 1);
    let why = |id: &str| report.refused.iter().find(|r| r.id == id).map(|r| r.reason.clone()).unwrap();
    assert!(why("a").contains("chips"), "{}", why("a"));
    assert!(why("b").contains("H999"), "{}", why("b"));
}

#[test]
fn raw_column_names_read_as_the_shipped_ones() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/training/measured.csv");
    let Ok(text) = std::fs::read_to_string(path) else {
        eprintln!("skipped: {path} is not there");
        return;
    };
    let raw = table::read(&text, &Catalog::embedded()).unwrap();
    let shipped = table::read(TABLE, &Catalog::embedded()).unwrap();
    let of = |t: &table::Table, id: &str| t.rows.iter().find(|r| r.id == id).cloned();
    let mut differ = Vec::new();
    for row in &shipped.rows {
        let mut other = of(&raw, &row.id);
        // The shipped table states a head width for hybrids, the raw one leaves it to the catalog.
        if let Some(o) = other.as_mut().filter(|o| o.model.state_space.is_some()) {
            o.model.head_dim = row.model.head_dim;
        }
        if other.as_ref().is_none_or(|o| o.chip_id != row.chip_id || o.model != row.model) {
            differ.push(row.id.clone());
        }
    }
    assert!(differ.is_empty(), "{differ:?}");
}
