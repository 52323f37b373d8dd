//! CPU seconds of the programme: 76 synthetic bids gated, scored and chosen (bar: 1 s); their ranks over 10,000 draws (bar: 2 s);
//! the whole chain with 2,000 draws and all levers (bar: 20 s). `cargo bench -p gigatwin-study`
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeMap;

use gigatwin_catalog::Catalog;
use gigatwin_study::bid::{Bid, is_bid, load_bid};
use gigatwin_study::programme::{Assumptions, Judged, Options, judge, select};
use gigatwin_study::realise::{Chain, LEVERS, Setting};
use gigatwin_study::synthetic::generate;

/// User and system time of this process so far (proc_pid_stat(5)).
fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<f64> =
        stat.rsplit(')').next().unwrap_or("").split_whitespace().filter_map(|f| f.parse().ok()).collect();
    // The state, a letter, is not a number: user and system time are fields 14 and 15 of the file.
    fields.get(10).zip(fields.get(11)).map_or(f64::NAN, |(u, s)| (u + s) / 100.0)
}

fn main() {
    let files: BTreeMap<String, String> = generate(76, 1).into_iter().collect();
    let catalog = Catalog::embedded();
    let loader = |_: &str, name: &str| {
        files.get(name).map(|t| (name.to_owned(), t.clone().into_bytes())).ok_or("not there".to_owned())
    };
    let bids: Vec<Bid> = files
        .iter()
        .filter(|(_, t)| is_bid(t))
        .map(|(n, t)| load_bid(n, t.clone().into_bytes(), &loader, &catalog, 2026).bid.expect("a bid"))
        .collect();
    let assumptions = Assumptions::read(&catalog).expect("catalog");
    let mut from = cpu();
    let mut step = |what: &str, bar: f64| {
        let now = cpu();
        println!("{what:<60} {:>7.2} CPU s (bar {bar} s)", now - from);
        from = cpu();
    };
    let judged: Vec<Judged> = bids.iter().map(|b| judge(b, &assumptions, &catalog, 1)).collect();
    let few = Options { draws: 0, ..Options::default() };
    let chosen = select(&bids, &judged, &assumptions, &few).expect("a choice");
    step("76 bids gated, scored and chosen, prices of constraints", 1.0);
    let options = Options::default();
    select(&bids, &judged, &assumptions, &options).expect("a choice");
    step("ranks over 10,000 draws", 2.0);
    let setting = Setting { draws: 2000, seed: 1 };
    let chain = Chain::new(&bids, &judged, &assumptions, &options, setting, &catalog).expect("catalog");
    let worlds = chain.worlds(2000, None);
    let moved: usize = LEVERS.iter().map(|l| chain.worlds(300, Some(l)).len()).sum();
    step("chain with 2,000 draws and all levers", 20.0);
    println!(
        "{} sites chosen, {} draws, {moved} draws with levers",
        chosen.portfolio.chosen.len(),
        worlds.len()
    );
}
