//! `finance`: pages, files, and what is wrong with money.

use std::path::Path;

use super::{Answer, folder, gigatwin, write};

fn repository() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

fn shown(a: &Answer) -> String {
    format!("exit {}\n--- stdout\n{}--- stderr\n{}", a.code, a.out, a.err)
        .replace(env!("CARGO_PKG_VERSION"), "VERSION")
}

const EXAMPLE: &str = "examples/gigafactory.toml";

/// A file of its own folder that lays `text` on a small site.
fn site(name: &str, text: &str) -> std::path::PathBuf {
    let f = folder(name);
    let head = "format = 1\n[factory]\nname = \"Small site\"\ncountry = \"DE\"\nrules = [\"regulation-2026-150\"]\n\
                [site]\nplace = \"stuttgart\"\ngrid = { firm = \"20 MW\", energised = \"2027-01\" }\n\
                [[partition]]\nname = \"main\"\nsystem = \"gb300-nvl72\"\nracks = 80\nfabric = \"rail\"\n\
                [fabric.rail]\nswitch = \"quantum-x800\"\n";
    write(&f, "site.toml", format!("{head}{text}"));
    f
}

#[test]
fn the_money_on_a_page() {
    let a = gigatwin(repository(), &["finance", EXAMPLE, "--draws", "64"]);
    insta::assert_snapshot!("finance-gigafactory", shown(&a));
    let wide: Vec<&str> = a.out.lines().filter(|l| l.chars().count() > 80).collect();
    assert!(wide.is_empty(), "{wide:#?}");
}

#[test]
fn three_pages_for_each_reader() {
    for reader in ["cfo", "evaluator", "ministry"] {
        let a = gigatwin(repository(), &["finance", EXAMPLE, "--draws", "64", "--for", reader]);
        insta::assert_snapshot!(format!("finance-for-{reader}"), shown(&a));
    }
}

#[test]
fn files_hold_what_the_page_says() {
    let f = folder("finance-out");
    let out = f.join("out");
    let args = ["finance", EXAMPLE, "--draws", "16", "--json", "--out", out.to_str().expect("path")];
    let a = gigatwin(repository(), &args).exits(0).json();
    for name in [
        "months.parquet",
        "months.csv",
        "capex.csv",
        "forms.csv",
        "finance.json",
        "cash-flow.xlsx",
        "report-cfo.html",
        "report-evaluator.html",
        "report-ministry.html",
    ] {
        assert!(out.join(name).exists(), "{name}");
    }
    // Sources are uses; items are the investment; months are the years.
    let sum = |v: &serde_json::Value| {
        v.as_object().expect("sides").values().filter_map(|x| x.as_f64()).sum::<f64>()
    };
    let (uses, sources) = (sum(&a["uses"]), sum(&a["sources"]));
    assert!((uses / sources - 1.0).abs() < 1e-12, "{uses} {sources}");
    let items: f64 = a["capex"].as_array().expect("items").iter().filter_map(|x| x["eur"].as_f64()).sum();
    let said = |id: &str| a["metrics"][id]["value"].as_f64().unwrap_or(f64::NAN);
    assert!((items / said("cost.capex_total") - 1.0).abs() < 1e-12);
    let text = std::fs::read_to_string(out.join("months.csv")).expect("months");
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().expect("names").split(',').collect();
    let rows: Vec<Vec<&str>> = lines.map(|l| l.split(',').collect()).collect();
    let column = |name: &str| -> Vec<f64> {
        let i = names.iter().position(|n| *n == name).unwrap_or_else(|| panic!("no column {name}"));
        rows.iter().map(|r| r[i].parse().unwrap_or(0.0)).collect()
    };
    let yearly: f64 =
        a["years"].as_array().expect("years").iter().filter_map(|y| y["equity_flow_eur"].as_f64()).sum();
    let monthly: f64 = column("equity_flow_eur").iter().sum();
    assert!((yearly - monthly).abs() < 1.0, "{yearly} {monthly}");
    // The books of every month balance in the file too.
    let (fixed, reserve, debt) =
        (column("fixed_assets_eur"), column("reserve_eur"), column("debt_closing_eur"));
    let (loan, capital, retained) =
        (column("public_loan_closing_eur"), column("paid_in_capital_eur"), column("retained_eur"));
    for i in 0..rows.len() {
        let gap = fixed[i] + reserve[i] - debt[i] - loan[i] - capital[i] - retained[i];
        assert!(gap.abs() < 1.0, "row {i}: {gap}");
    }
    // A year-on-year path that falls and rises.
    let prices: Vec<f64> =
        a["prices"].as_array().expect("prices").iter().filter_map(|p| p["eur_per_h"].as_f64()).collect();
    assert!(prices.windows(2).any(|w| w[1] > w[0]) && prices.windows(2).any(|w| w[1] < w[0]), "{prices:?}");
    let forms: Vec<&str> =
        a["forms"].as_array().expect("forms").iter().filter_map(|x| x["form"].as_str()).collect();
    assert_eq!(
        forms,
        ["none", "grant", "hour share", "hour purchase", "share purchase", "loan", "guarantee"]
    );
}

#[test]
fn the_same_file_gives_the_same_bytes_on_any_number_of_threads() {
    let of = |threads: &str| {
        gigatwin(repository(), &["finance", EXAMPLE, "--draws", "16", "--json", "--threads", threads])
            .exits(0)
            .out
    };
    assert_eq!(of("1"), of("3"));
}

#[test]
fn debt_that_cannot_be_served_names_the_month() {
    let f = site(
        "finance-default",
        "[finance]\npublic_money = \"none\"\nprice = \"EUR 1.2/h\"\n\
         debt = { share = \"90 %\", rate = \"9 %\", tenor = \"5 years\", dscr = 0, profile = \"level\" }\n",
    );
    let a = gigatwin(&f, &["finance", "site.toml", "--draws", "0"]);
    assert!(a.code == 1 && a.out.contains("G600: debt cannot be served"), "{}", a.out);
    insta::assert_snapshot!("finance-default", shown(&a));
    let j = gigatwin(&f, &["finance", "site.toml", "--draws", "0", "--json"]).exits(1).json();
    assert_eq!(j["answer"], "no");
    assert!(j["shortfall"]["month"].as_str().is_some_and(|m| m.len() == 7));
}

#[test]
fn faults_of_money_are_coded() {
    let cases = [
        ("currency", "[[state]]\ncountry = \"DE\"\nshare = \"100 %\"\ncommitment = \"USD 100 m\"\n"),
        ("year", "[[state]]\ncountry = \"DE\"\nshare = \"100 %\"\ncommitment = \"EUR 100 m (2024)\"\n"),
        ("negative", "[finance]\nprice = \"EUR -2/h\"\n"),
        ("shares", "[[state]]\ncountry = \"DE\"\nshare = \"120 %\"\n"),
        (
            "oversold",
            "[[tenant]]\nname = \"industry\"\nhours = \"95 %\"\nprice = \"EUR 3/h\"\n[[tenant]]\nname = \"union\"\nhours = \"by contribution\"\n",
        ),
    ];
    for (name, text) in cases {
        let f = site(&format!("finance-{name}"), text);
        let a = gigatwin(&f, &["finance", "site.toml", "--draws", "0"]);
        assert_eq!(a.code, 2, "{name}: {}{}", a.out, a.err);
        insta::assert_snapshot!(format!("finance-fault-{name}"), shown(&a));
    }
}

#[test]
fn a_price_that_is_not_known_is_named() {
    let f = folder("finance-no-price");
    std::fs::create_dir_all(f.join("catalog/systems")).expect("folder");
    let system =
        std::fs::read_to_string(repository().join("catalog/systems/gb300-nvl72.toml")).expect("system");
    let without: String =
        system.lines().filter(|l| !l.trim_start().starts_with("price")).map(|l| format!("{l}\n")).collect();
    write(&f, "catalog/systems/own-rack.toml", without);
    let text = std::fs::read_to_string(repository().join(EXAMPLE))
        .expect("example")
        .replace("gb300-nvl72", "own-rack");
    write(&f, "site.toml", text);
    let a = gigatwin(&f, &["finance", "site.toml", "--draws", "0", "--catalog", "catalog"]);
    assert_eq!(a.code, 2, "{}{}", a.out, a.err);
    insta::assert_snapshot!("finance-no-price", shown(&a));
}
