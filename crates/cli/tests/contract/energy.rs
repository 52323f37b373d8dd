//! `energy`: figures recomputed from the hours that were written, files that people bring, and what is wrong with them.

use std::fmt::Write as _;
use std::path::Path;

use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::RowAccessor;

use super::{folder, gigatwin, write};

fn repository() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// Columns of doubles of a Parquet file, by name; an absent value is not a number.
struct Hours {
    names: Vec<String>,
    rows: Vec<Vec<f64>>,
}

impl Hours {
    fn read(path: &Path) -> Hours {
        let reader =
            SerializedFileReader::new(std::fs::File::open(path).expect("hours.parquet")).expect("Parquet");
        let schema = reader.metadata().file_metadata().schema_descr();
        let names = schema.columns().iter().map(|c| c.name().to_owned()).collect();
        let rows = reader
            .get_row_iter(None)
            .expect("rows")
            .map(|r| {
                let r = r.expect("row");
                (0..r.len()).map(|i| r.get_double(i).unwrap_or(f64::NAN)).collect()
            })
            .collect();
        Hours { names, rows }
    }

    fn column(&self, name: &str) -> impl Iterator<Item = f64> {
        let i = self.names.iter().position(|n| n == name).unwrap_or_else(|| panic!("no column {name}"));
        self.rows.iter().map(move |r| r[i])
    }

    fn sum(&self, name: &str) -> f64 {
        self.column(name).sum()
    }
}

#[test]
fn the_figures_follow_from_the_hours_in_the_parquet_file() {
    let f = folder("energy-out");
    let out = f.join("out");
    let args = ["energy", "examples/gigafactory.toml", "--json", "--out", out.to_str().expect("path")];
    let a = gigatwin(repository(), &args).exits(0).json();
    let hours = Hours::read(&out.join("hours.parquet"));
    assert_eq!(hours.rows.len(), 8760);
    let said = |id: &str| a["metrics"][id]["value"].as_f64().unwrap_or_else(|| panic!("{id}"));
    let near = |id: &str, from_hours: f64| {
        let printed = said(id);
        assert!((printed / from_hours - 1.0).abs() < 1e-9, "{id}: {printed} {from_hours}");
    };
    let (it, site) = (hours.sum("it_mw"), hours.sum("facility_mw"));
    near("site.pue", site / it);
    near("energy.annual", site / 1e3);
    near("site.wue", hours.sum("water_m3") / it);
    near("energy.water_annual", hours.sum("water_m3"));
    near("site.erf", 100.0 * hours.sum("heat_reused_mw") / site);
    near("energy.cost_annual", hours.sum("cost_eur") / 1e6);
    let load = site + hours.sum("heat_pump_mw");
    near("energy.price", hours.sum("cost_eur") / load);
    near("energy.spot_mean", hours.sum("price_eur_per_mwh") / 8760.0);
    near("energy.contracted_hourly", 100.0 * hours.sum("renewable_mw") / load);
    near("site.it_power_mean", it / 8760.0);
    // Energy closes in each hour, in the plant and at the meter.
    let parts = ["it_mw", "losses_mw", "fans_mw", "pumps_mw", "air_movers_mw", "chillers_mw", "fixed_mw"];
    let mut sums = vec![0.0; 8760];
    for part in parts {
        sums.iter_mut().zip(hours.column(part)).for_each(|(s, v)| *s += v);
    }
    for (sum, total) in sums.iter().zip(hours.column("facility_mw")) {
        assert!((sum / total - 1.0).abs() < 1e-9);
    }
    let drawn = hours.column("contracted_mw").zip(hours.column("bought_mw")).map(|(a, b)| a + b);
    let wanted = hours.column("facility_mw").zip(hours.column("heat_pump_mw")).map(|(a, b)| a + b);
    for (drawn, wanted) in drawn.zip(wanted) {
        assert!((drawn / wanted - 1.0).abs() < 1e-9);
    }
    for name in ["hours.csv", "months.csv", "pue.svg", "price.svg", "cost.svg", "energy.json"] {
        assert!(out.join(name).exists(), "{name}");
    }
    let months = a["months"].as_array().expect("months");
    let sum: f64 = months.iter().filter_map(|m| m["facility_gwh"].as_f64()).sum();
    near("energy.annual", sum);
}

#[test]
fn the_year_on_a_page() {
    let a = gigatwin(repository(), &["energy", "examples/gigafactory.toml", "--at", "frankfurt,DE"]);
    let text = format!("exit {}\n--- stdout\n{}--- stderr\n{}", a.code, a.out, a.err);
    insta::assert_snapshot!("energy-gigafactory", text.replace(env!("CARGO_PKG_VERSION"), "VERSION"));
}

#[test]
fn a_country_has_no_water_and_says_so() {
    let a = gigatwin(repository(), &["energy", "examples/gigafactory.toml", "--json", "--at", "london,fi"])
        .exits(0)
        .json();
    let wue = |i: usize| a["elsewhere"][i]["site"]["metrics"]["site.wue"].clone();
    assert!(wue(0)["value"].as_f64().is_some_and(|w| w > 0.0));
    assert!(wue(1)["value"].is_null() && wue(1)["status"] == "n/a");
    assert!(a["elsewhere"][1]["site"]["weather"].as_str().is_some_and(|w| w.contains("country")));
    let a = gigatwin(repository(), &["energy", "examples/gigafactory.toml", "--at", "atlantis"]).exits(2);
    assert!(a.err.contains("G301") && a.err.contains("atlantis"), "{}", a.err);
}

/// Prices of 2023 that are 80 EUR/MWh by day and 40 by night, as a table in UTC.
fn prices(head: &str) -> String {
    let mut text = format!("{head}\n");
    for (m, days) in [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31].into_iter().enumerate() {
        for d in 1..=days {
            for h in 0..24 {
                let price = if (8..20).contains(&h) { 80 } else { 40 };
                let _ = writeln!(text, "2023-{:02}-{d:02}T{h:02}:00Z,{price}", m + 1);
            }
        }
    }
    text
}

#[test]
fn prices_of_a_file_are_taken_and_their_faults_named() {
    let f = folder("energy-prices");
    let site = repository().join("examples/gigafactory.toml");
    let site = site.to_str().expect("path");
    write(&f, "good.csv", prices("time (UTC),Price (EUR/MWh)"));
    let a = gigatwin(&f, &["energy", site, "--prices", "good.csv", "--json"]).exits(0).json();
    let mean = a["metrics"]["energy.spot_mean"]["value"].as_f64().expect("mean");
    assert!((mean - 60.0).abs() < 1e-9, "{mean}");
    assert_eq!(a["prices"], "from the file");
    let text = prices("time (UTC),Price (EUR/MWh)");
    let broken: String = text
        .lines()
        .enumerate()
        .map(|(i, l)| match i {
            99 => "2023-01-05T02:00Z,cheap\n".to_owned(),
            120 => "2023-01-05T22:00Z,40\n".to_owned(),
            _ => format!("{l}\n"),
        })
        .collect();
    write(&f, "bad.csv", broken);
    write(&f, "pounds.csv", prices("time (UTC),Price (GBP/MWh)"));
    write(&f, "france.csv", prices("time (UTC),Day-ahead Price BZN|FR [EUR/MWh]"));
    write(&f, "weather.epw", "LOCATION,a,b,c,d,e,50,8,1,100\n");
    let codes = |args: &[&str]| -> Vec<(String, u64)> {
        let mut all = vec!["energy", site, "--json"];
        all.extend(args);
        let list = gigatwin(&f, &all).exits(2).json();
        let list = list.as_array().expect("list");
        list.iter()
            .map(|d| (d["code"].as_str().unwrap_or("").to_owned(), d["line"].as_u64().unwrap_or(0)))
            .collect()
    };
    let is = |code: &str, line| (code.to_owned(), line);
    assert_eq!(codes(&["--prices", "bad.csv"]), [is("G541", 100), is("G543", 121)]);
    assert_eq!(codes(&["--prices", "pounds.csv"]), [is("G545", 1)]);
    assert_eq!(codes(&["--prices", "france.csv"]), [is("G546", 1)]);
    assert_eq!(codes(&["--weather", "weather.epw"])[0].0, "G540");
    gigatwin(&f, &["energy", site, "--weather", "nowhere.epw"]).exits(3);
}
