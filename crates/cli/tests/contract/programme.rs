//! `programme`: the publicly known bids, a synthetic set, and what is wrong with a folder.

use std::path::Path;

use crate::{folder, gigatwin, write};

const REPOSITORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

const BID: &str =
    "format = 1\n[bid]\nname = \"A\"\nstate = \"PL\"\nsource = \"s\"\nconfidence = \"assumed\"\n";

#[test]
fn what_is_public_is_mostly_unknown() {
    let page = gigatwin(Path::new(REPOSITORY), &["programme", "examples/programme-2026"]).exits(0);
    let text = page.out.replace(env!("CARGO_PKG_VERSION"), "VERSION");
    insta::assert_snapshot!("programme-public", text);
}

#[test]
fn synthetic_bids_give_an_answer_to_every_claim() {
    let here = folder("programme-synthetic");
    let call = [
        "programme",
        "bids",
        "--synthetic",
        "24",
        "--realise",
        "--draws",
        "100",
        "--rank-draws",
        "200",
        "--json",
    ];
    let answer = gigatwin(&here, &call).exits(0).json();
    assert_eq!(answer["bids"].as_array().expect("bids").len(), 24);
    let claims = answer["realise"]["claims"].as_array().expect("claims");
    assert!(claims.len() >= 15);
    for claim in claims {
        let verdict = claim["verdict"].as_str().expect("verdict");
        assert!(["met", "missed", "superseded", "unknown"].contains(&verdict), "{claim}");
        let said = ["probability", "record"].iter().any(|k| !claim[*k].is_null())
            || !claim["why_not"].as_str().unwrap_or_default().is_empty();
        assert!(said, "{claim}");
    }
    // The ledger adds up: what States get is what the chosen sites give them.
    let sum = |list: &str, key: &str| -> f64 {
        answer[list].as_array().expect("list").iter().filter_map(|x| x[key].as_f64()).sum()
    };
    let chosen: f64 = answer["bids"]
        .as_array()
        .expect("bids")
        .iter()
        .filter(|b| b["chosen"] == true)
        .filter_map(|b| b["states_eur"].as_f64())
        .sum();
    assert!((sum("states", "pays_eur") - chosen).abs() <= 1e-6 * chosen.max(1.0));
    // What a State pays is spread over years without loss, and no class gets more than all.
    for state in answer["states"].as_array().expect("states") {
        let total = |key: &str| -> f64 {
            state[key].as_object().expect("a table").values().filter_map(serde_json::Value::as_f64).sum()
        };
        let of = |key: &str| state[key].as_f64().expect("a number");
        assert!((total("calendar_eur") - of("pays_eur")).abs() <= 1e-6 * of("pays_eur").max(1.0), "{state}");
        assert!(total("hours_by_class") <= of("hours_per_year") * (1.0 + 1e-9), "{state}");
        assert!(of("contingent_eur") <= of("pays_eur") + 1e-6, "{state}");
    }
    let outlook = &answer["outlook"];
    for view in outlook["opening"].as_array().expect("views") {
        let by = view["open_by"].as_object().expect("shares");
        assert!(by.values().all(|p| (0.0..=1.0).contains(&p.as_f64().expect("a share"))), "{view}");
    }
    assert!(outlook["europe"]["scenarios"].as_array().expect("scenarios").len() >= 6);
    // The same seed gives the same bytes; another number of threads too.
    let again = [
        "programme",
        "bids",
        "--realise",
        "--draws",
        "100",
        "--rank-draws",
        "200",
        "--json",
        "--threads",
        "1",
    ];
    assert_eq!(gigatwin(&here, &again).exits(0).json(), answer);
}

#[test]
fn a_synthetic_set_never_mixes_with_real_files() {
    let here = folder("programme-taken");
    write(&here, "mine.toml", BID);
    let said = gigatwin(&here, &["programme", ".", "--synthetic", "3"]).exits(2);
    assert!(said.err.contains("G628"), "{}", said.err);
    assert_eq!(std::fs::read_dir(&here).expect("folder").count(), 1, "nothing was written");
}

#[test]
fn faults_of_all_bids_come_at_once() {
    let here = folder("programme-faults");
    let commitment = |amount: &str| {
        format!(
            "[[commitment]]\nstate = \"PL\"\namount = \"{amount}\"\nsource = \"s\"\nconfidence = \"assumed\"\n"
        )
    };
    write(&here, "dollars.toml", format!("{BID}{}", commitment("USD 5 m")));
    write(&here, "old.toml", format!("{}{}", BID.replace("\"A\"", "\"B\""), commitment("EUR 5 m (2019)")));
    write(&here, "lot.toml", BID.replace("state", "lot = 3\nstate").replace("\"A\"", "\"C\""));
    write(
        &here,
        "site.toml",
        BID.replace("state", "site = \"nowhere.toml\"\nstate").replace("\"A\"", "\"D\""),
    );
    write(&here, "state.toml", BID.replace("PL", "XX").replace("\"A\"", "\"E\""));
    write(&here, "crowns.toml", format!("{}{}", BID.replace("\"A\"", "\"F\""), commitment("DKK 750 m")));
    write(&here, "minus.toml", format!("{}{}", BID.replace("\"A\"", "\"G\""), commitment("EUR -5 m")));
    write(
        &here,
        "likely.toml",
        BID.replace("state", "submitted = \"120 %\"\nstate").replace("\"A\"", "\"H\""),
    );
    let said = gigatwin(&here, &["programme", "."]).exits(2);
    for code in ["G620", "G621", "G622", "G623", "G301", "G630", "G207", "G208"] {
        assert!(said.err.contains(code), "{code} in\n{}", said.err);
    }
    assert!(said.out.is_empty());
    insta::assert_snapshot!("programme-faults", said.err);
}

#[test]
fn money_of_a_state_that_did_not_sign_is_warned_of_and_matches_nothing() {
    let here = folder("programme-unsigned");
    let commitment =
        "[[commitment]]\nstate = \"AT\"\namount = \"EUR 50 m\"\nsource = \"s\"\nconfidence = \"assumed\"\n";
    write(&here, "a.toml", format!("{BID}{commitment}"));
    let said = gigatwin(&here, &["programme", "."]).exits(1);
    insta::assert_snapshot!("programme-unsigned-warning", said.err);
    let answer = gigatwin(&here, &["programme", ".", "--json"]).exits(1).json();
    let states = answer["states"].as_array().expect("states");
    let austria = states.iter().find(|s| s["state"] == "AT").expect("Austria");
    assert_eq!((austria["pays_eur"].as_f64(), austria["hours_per_year"].as_f64()), (Some(0.0), Some(0.0)));
    // The way in is there all the same.
    assert!(!austria["network"].as_array().expect("network").is_empty());
}

#[test]
fn shares_over_the_whole_refuse_a_bid() {
    let here = folder("programme-shares");
    // Exit code 0 or 1, as bids are chosen or not: what counts are the files.
    gigatwin(&here, &["programme", "bids", "--synthetic", "3", "--rank-draws", "100"]);
    let folder = here.join("bids");
    for entry in std::fs::read_dir(&folder).expect("folder") {
        let path = entry.expect("entry").path();
        if path.to_string_lossy().ends_with(".site.toml") {
            let text = std::fs::read_to_string(&path).expect("text");
            std::fs::write(&path, format!("{text}\n[[tenant]]\nname = \"anchor\"\nhours = \"90 %\"\n"))
                .expect("write");
        }
    }
    let answer = gigatwin(&here, &["programme", "bids", "--rank-draws", "100", "--json"]).exits(1).json();
    for bid in answer["bids"].as_array().expect("bids") {
        assert_eq!(bid["standing"], "refused");
        let said = bid["reasons"].to_string();
        assert!(said.contains("more than 100 %"), "{said}");
    }
}

#[test]
fn a_score_is_traced_to_its_figures() {
    let here = folder("programme-explain");
    let call = ["programme", "bids", "--synthetic", "12", "--rank-draws", "100", "--json"];
    let answer = gigatwin(&here, &call).exits(0).json();
    let bids = answer["bids"].as_array().expect("bids");
    let eligible = bids.iter().find(|b| b["standing"] == "eligible").expect("an eligible bid of twelve");
    let id = eligible["id"].as_str().expect("id");
    let traced = gigatwin(&here, &["programme", "bids", "--rank-draws", "100", "--explain", id, "--json"])
        .exits(0)
        .json();
    let lines = traced["score"].as_array().expect("score");
    let sum: f64 = lines.iter().filter_map(|l| l["gives"].as_f64()).sum();
    assert!((sum - eligible["score"].as_f64().expect("score")).abs() < 1e-9, "the parts make the score");
    let weights: f64 = lines.iter().filter_map(|l| l["weight"].as_f64()).sum();
    assert!((weights - 1.0).abs() < 1e-9);
    for line in lines {
        let figures = line["figures"].as_object().expect("figures");
        assert!(!figures.is_empty() || !line["drawn"].is_null(), "{line}");
    }
    let refused = bids.iter().find(|b| b["standing"] == "refused").expect("a refused bid");
    let page =
        gigatwin(&here, &["programme", "bids", "--explain", refused["id"].as_str().expect("id")]).exits(1);
    assert!(page.out.contains("No score"));
    let said = gigatwin(&here, &["programme", "bids", "--explain", "atlantis"]).exits(2);
    assert!(said.err.contains("G629"), "{}", said.err);
}

#[test]
fn a_state_without_a_bid_cannot_be_named() {
    let here = folder("programme-named");
    write(&here, "a.toml", BID);
    assert!(gigatwin(&here, &["programme", ".", "--named", "FR"]).exits(1).out.contains("fr"));
    assert!(gigatwin(&here, &["programme", ".", "--named", "ZZ"]).exits(2).err.contains("G625"));
    let empty = folder("programme-empty");
    assert!(gigatwin(&empty, &["programme", "."]).exits(2).err.contains("G627"));
    assert!(gigatwin(&empty, &["programme", "nowhere"]).exits(3).out.is_empty());
}

#[test]
fn a_state_that_did_not_sign_is_refused_and_unknown_stays_unknown() {
    let here = folder("programme-states");
    write(&here, "a.toml", BID);
    write(&here, "b.toml", BID.replace("PL", "AT").replace("\"A\"", "\"B\""));
    let answer = gigatwin(&here, &["programme", ".", "--json"]).exits(1).json();
    let standing = |i: usize| answer["bids"][i]["standing"].as_str().map(str::to_owned).expect("standing");
    assert_eq!((standing(0), standing(1)), ("unknown".to_owned(), "refused".to_owned()));
}
