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
    let bought = hours.column("contracted_mw").zip(hours.column("bought_mw")).map(|(a, b)| a + b);
    let drawn = bought.zip(hours.column("own_mw")).map(|(a, b)| a + b);
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

fn spoken(a: &super::Answer) -> String {
    let text = format!("exit {}\n--- stdout\n{}--- stderr\n{}", a.code, a.out, a.err);
    text.replace(env!("CARGO_PKG_VERSION"), "VERSION")
}

/// From the heading of the dispatch to the first gate.
fn section(text: &str) -> String {
    let from = text.find("\nDispatch").unwrap_or_else(|| panic!("no dispatch in\n{text}"));
    let until = text[from..].find("\npass ").map_or(text.len(), |i| from + i);
    text[from..until].to_owned()
}

#[test]
fn the_dispatch_on_a_page() {
    let a = gigatwin(repository(), &["energy", "examples/gigafactory.toml", "--dispatch", "lp"]).exits(0);
    insta::assert_snapshot!("energy-dispatch", section(&a.out));
    let a =
        gigatwin(repository(), &["energy", "examples/gigafactory.toml", "--dispatch", "rolling"]).exits(0);
    insta::assert_snapshot!("energy-rolling", section(&a.out));
}

#[test]
fn the_figures_of_the_dispatch_follow_from_its_hours() {
    let f = folder("energy-dispatch");
    let out = f.join("out");
    let text = std::fs::read_to_string(repository().join("examples/gigafactory.toml")).expect("example");
    let flexible = text
        .replace("flexible = \"20 MW\"", "flexible = \"20 MW\", export = \"40 MW\", curtailed = \"4 %\"")
        .replace(
            "battery = {",
            "flexibility = { cap = \"5 %\", deferrable = \"10 %\", within = \"12 h\" }\nbattery = { efficiency = \"85 %\",",
        )
        .replace("{ kind = \"spot\" },", "{ kind = \"ppa\", technology = \"solar\", delivery = \"on site\", capacity = \"60 MW\", price = \"EUR 50/MWh\" },\n  { kind = \"spot\" },");
    write(&f, "site.toml", &flexible);
    let args = ["energy", "site.toml", "--dispatch", "lp", "--json", "--out", out.to_str().expect("path")];
    let a = gigatwin(&f, &args).exits(0).json();
    let hours = Hours::read(&out.join("hours.parquet"));
    let said = |id: &str| a["dispatch"]["metrics"][id]["value"].as_f64().unwrap_or_else(|| panic!("{id}"));
    let near = |id: &str, from_hours: f64| {
        let printed = said(id);
        assert!(
            (printed - from_hours).abs() <= 1e-9 * from_hours.abs().max(1.0),
            "{id}: {printed} {from_hours}"
        );
    };
    for (id, column) in [
        ("dispatch.import_energy", "dispatch_import_mw"),
        ("dispatch.own_energy", "dispatch_own_mw"),
        ("dispatch.curtailed_energy", "dispatch_curtailed_mw"),
        ("dispatch.export_energy", "dispatch_export_mw"),
        ("dispatch.discharge_energy", "dispatch_discharge_mw"),
        ("dispatch.capped_energy", "dispatch_capped_mw"),
        ("dispatch.deferred_energy", "dispatch_deferred_mw"),
    ] {
        near(id, hours.sum(column) / 1e3);
    }
    near("dispatch.import_peak", hours.column("dispatch_import_mw").fold(0.0, f64::max));
    assert!(said("dispatch.own_energy") > 10.0 && said("dispatch.deferred_energy") > 1.0);
    let c = |name: &str| hours.column(name).collect::<Vec<f64>>();
    let (import, limit, export) =
        (c("dispatch_import_mw"), c("dispatch_import_limit_mw"), c("dispatch_export_mw"));
    let (own, charge, discharge) =
        (c("dispatch_own_mw"), c("dispatch_charge_mw"), c("dispatch_discharge_mw"));
    let (capped, deferred, caught) =
        (c("dispatch_capped_mw"), c("dispatch_deferred_mw"), c("dispatch_caught_up_mw"));
    let (site, pump, level) = (c("facility_mw"), c("heat_pump_mw"), c("dispatch_level_mwh"));
    // The non-firm part of the connection is away in the dearest 4 % of the hours.
    assert_eq!(limit.iter().filter(|l| **l < 200.0).count(), 350);
    let way = 0.85_f64.sqrt();
    for h in 0..8760 {
        let served =
            import[h] - export[h] + own[h] + discharge[h] - charge[h] + capped[h] + deferred[h] - caught[h];
        assert!((served / (site[h] + pump[h]) - 1.0).abs() < 1e-9, "{h}");
        assert!(import[h] <= limit[h] + 1e-6 && export[h] <= 40.0 + 1e-6);
        let before = level[(h + 8759) % 8760];
        assert!((before + way * charge[h] - discharge[h] / way - level[h]).abs() < 1e-6, "{h}");
    }
    assert!(a["dispatch"]["proof"]["gap"].as_f64().is_some_and(|g| g <= 1e-6));
}

#[test]
fn a_dispatch_that_cannot_be_names_hours_and_constraint() {
    let f = folder("energy-infeasible");
    let text = std::fs::read_to_string(repository().join("examples/gigafactory.toml")).expect("example");
    let text =
        text.replace("firm = \"185 MW\", flexible = \"20 MW\"", "firm = \"116 MW\", flexible = \"2 MW\"");
    write(&f, "site.toml", &text);
    for how in ["lp", "rolling"] {
        let a = gigatwin(&f, &["energy", "site.toml", "--dispatch", how]).exits(1);
        assert!(a.out.starts_with("G548: ") && a.out.contains("from 2001-"), "{}", a.out);
    }
    let a = gigatwin(&f, &["energy", "site.toml", "--dispatch", "lp"]);
    insta::assert_snapshot!("energy-infeasible", spoken(&a));
    let a = gigatwin(&f, &["energy", "site.toml", "--dispatch", "lp", "--json"]).exits(1).json();
    assert_eq!(a["code"], "G548");
    let first = &a["hours"][0];
    assert!(first["missing_mw"].as_f64().is_some_and(|m| m > 0.0) && first["limit"].is_string(), "{first}");
}

#[test]
fn sizes_are_found_here_and_elsewhere() {
    let args = [
        "energy",
        "examples/gigafactory.toml",
        "--size",
        "pv,wind,battery",
        "--at",
        "frankfurt,fi",
        "--json",
    ];
    let a = gigatwin(repository(), &args).exits(0).json();
    for site in [&a, &a["elsewhere"][0]["site"], &a["elsewhere"][1]["site"]] {
        let d = &site["dispatch"];
        assert!(d["proof"]["gap"].as_f64().is_some_and(|g| g <= 1e-6), "{d}");
        assert!(d["metrics"]["dispatch.saving_annual"]["value"].as_f64().is_some_and(|s| s > -1e-6), "{d}");
        // At a size between its bounds, one more unit is worth what it costs.
        let size = d["metrics"]["dispatch.solar"]["value"].as_f64().expect("size");
        let (worth, cost) = (&d["one_more"]["worth.solar"]["value"], &d["one_more"]["worth.solar"]["cost"]);
        let (worth, cost) = (worth.as_f64().expect("worth"), cost.as_f64().expect("cost"));
        if size > 1.0 {
            assert!((worth / cost - 1.0).abs() < 1e-2, "{size} {worth} {cost}");
        } else {
            assert!(worth <= cost * 1.01, "{size} {worth} {cost}");
        }
    }
}

#[test]
fn windows_that_contradict_themselves_are_not_understood() {
    let args =
        ["energy", "examples/gigafactory.toml", "--dispatch", "rolling", "--step", "48", "--horizon", "24"];
    let a = gigatwin(repository(), &args).exits(2);
    assert!(a.err.contains("G547"), "{}", a.err);
}

#[test]
fn impossible_figures_have_codes_and_lines() {
    let f = folder("energy-bad-figures");
    let text = std::fs::read_to_string(repository().join("examples/gigafactory.toml")).expect("example");
    let text = text
        .replace("battery = { power = \"50 MW\"", "battery = { efficiency = \"0 %\", power = \"50 MW\"")
        .replace("capacity = \"140 MW\"", "capacity = \"-140 MW\"");
    write(&f, "site.toml", &text);
    let a = gigatwin(&f, &["energy", "site.toml", "--json"]).exits(2).json();
    let line = |what: &str| text.lines().position(|l| l.contains(what)).map_or(0, |i| i as u64 + 1);
    let found: Vec<(&str, u64)> = a
        .as_array()
        .expect("list")
        .iter()
        .map(|d| (d["code"].as_str().unwrap_or(""), d["line"].as_u64().unwrap_or(0)))
        .collect();
    assert_eq!(found, [("G207", line("-140 MW")), ("G550", line("0 %\", power"))]);
}
