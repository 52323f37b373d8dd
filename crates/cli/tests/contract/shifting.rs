//! `operate --shift`: jobs that can wait go to cheap hours, at one site and at several.

use std::path::Path;

use super::operate::{JUPITER, federated, figures};
use super::{folder, gigatwin, write};

/// Prices of a year in which every night is nearly free: `prices.csv`.
fn nights(f: &Path) {
    let mut prices = String::from("utc,EUR/MWh\n");
    for h in 0..8_760_i64 {
        let (day, hour) = (h / 24, h % 24);
        let date = gigatwin_series::hour_stamp(
            gigatwin_series::first_hour_of(2023).expect("a year") + day * 24 + hour,
        );
        prices.push_str(&format!("{date},{}\n", if hour < 6 { 5 } else { 150 }));
    }
    write(f, "prices.csv", &prices);
}

/// How many jobs of `out/jobs.csv` were put off, each by no more than its slack in seconds.
fn put_off(f: &Path, slack: i64) -> u64 {
    let jobs = std::fs::read_to_string(f.join("out/jobs.csv")).expect("jobs");
    let mut lines = jobs.lines().filter(|l| !l.starts_with('#'));
    let head: Vec<&str> = lines.next().expect("a header").split(',').collect();
    let column = |name: &str| head.iter().position(|h| h.starts_with(name)).expect("a column");
    let (submit, release) = (column("submit_s"), column("release_s"));
    let mut put_off = 0;
    for l in lines {
        let cells: Vec<&str> = l.split(',').collect();
        let wait = cells[release].parse::<i64>().expect("s") - cells[submit].parse::<i64>().expect("s");
        assert!((0..=slack).contains(&wait), "{l}");
        put_off += u64::from(wait > 0);
    }
    put_off
}

/// With and without in one run; a tenant pays for the hours in which its jobs ran.
#[test]
fn what_can_wait_goes_to_cheap_hours() {
    let f = folder("operate-shift");
    nights(&f);
    write(&f, "carbon.csv", "utc,g_per_kwh\n2023-01-01T00:00Z,500\n2023-01-03T00:00Z,100\n");
    let args = [
        "operate",
        JUPITER,
        "--days",
        "4",
        "--prices",
        "prices.csv",
        "--carbon",
        "carbon.csv",
        "--shift",
        "18",
        "--json",
        "--quiet",
        "--out",
        "out",
    ];
    let a = gigatwin(&f, &args).exits(0).json();
    let rows = a["shifting"]["rows"].as_array().expect("rows");
    let row = |name: &str, key: &str| {
        rows.iter().find(|r| r["what"] == name).and_then(|r| r[key].as_f64()).expect("a figure")
    };
    assert!(row("paid", "with") < row("paid", "without"), "{rows:?}");
    assert!(row("wait, mean", "with") > row("wait, mean", "without"));
    assert!(row("wait, p90", "with") < 18.0 * 3_600.0 + 86_400.0);
    assert_eq!(row("cost", "with"), figures(&a, "operate.cost"));
    let tenants = a["tenants"].as_array().expect("tenants");
    let top = |key: &str| -> f64 {
        tenants.iter().filter(|t| t["parent"].is_null()).map(|t| t[key].as_f64().expect("a figure")).sum()
    };
    assert!((top("cost_eur") / figures(&a, "operate.cost") - 1.0).abs() < 1e-9);
    assert!((top("carbon_t") / figures(&a, "operate.carbon") - 1.0).abs() < 1e-9);
    // Two days at 500 g and two at 100 g.
    let mean = figures(&a, "operate.carbon") / figures(&a, "operate.energy") * 1e3;
    assert!((250.0..350.0).contains(&mean), "{mean}");
    // No job enters the queue later than its slack.
    let put_off = put_off(&f, 18 * 3_600);
    assert_eq!(a["shifting"]["put_off"].as_u64(), Some(put_off));
    for text in ["-1", "soon", "file"] {
        let arg = format!("--shift={text}");
        let a = gigatwin(&f, &["operate", JUPITER, &arg, "--json"]).exits(2);
        assert!(a.out.contains("G660") || a.err.contains("G660"), "{text}");
    }
}

#[test]
fn jobs_wait_for_cheap_hours_before_they_are_sent_on() {
    let f = federated("operate-shift-federation");
    nights(&f);
    let with = |more: &[&str]| {
        let mut args = vec!["operate", "site.toml", "--days", "2", "--load", "0.3", "--network-load", "0.3"];
        args.extend(["--prices", "prices.csv", "--json", "--quiet"]);
        args.extend(["--shift", "12", "--out", "out"]);
        args.extend(more);
        gigatwin(&f, &args).exits(0).json()
    };
    let federated = ["--federate", "jupiter", "--routing", "wait"];
    let a = with(&federated);
    let count = put_off(&f, 12 * 3_600);
    assert!(count > 0, "jobs that stay here are put off");
    // Those that went away were put off too.
    assert!(a["shifting"]["put_off"].as_u64() >= Some(count), "{}", a["shifting"]);
    let row = |name: &str, key: &str| {
        let rows = a["shifting"]["rows"].as_array().expect("rows");
        rows.iter().find(|r| r["what"] == name).and_then(|r| r[key].as_f64()).expect("a figure")
    };
    assert!(row("paid", "with") < row("paid", "without"));
    assert_eq!(row("cost", "with"), figures(&a, "operate.cost"));
    assert_eq!(a, with(&federated), "same seed, same answer");
    // A site that stands still for a day shifts as well.
    assert!(with(&["--outage", "1:1"])["shifting"]["put_off"].as_u64() > Some(0));
}
