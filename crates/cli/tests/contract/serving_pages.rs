//! Pages of `serving` as a reader sees them, and what is refused.

use insta::assert_snapshot;

use super::{folder, gigatwin};

#[test]
fn predict_page() {
    let f = folder("serving-predict-page");
    let args = [
        "serving",
        "predict",
        "--model",
        "llama-3-1-70b",
        "--chip",
        "h200-sxm",
        "--tp",
        "2",
        "--rate",
        "3",
        "--prompt",
        "2000",
        "--answer",
        "300",
        "--prefix-hit",
        "0.4",
        "--draft-tokens",
        "2",
    ];
    assert_snapshot!("serving_predict", gigatwin(&f, &args).exits(0).out);
}

#[test]
fn plan_page() {
    let f = folder("serving-plan-page");
    let args = [
        "serving",
        "plan",
        "--model",
        "llama-3-1-70b",
        "--chip",
        "h200-sxm",
        "--gpus",
        "16",
        "--price",
        "3",
        "--confirm",
        "300",
    ];
    assert_snapshot!("serving_plan", gigatwin(&f, &args).exits(0).out);
}

#[test]
fn replay_page() {
    let f = folder("serving-replay-page");
    let args = [
        "serving",
        "replay",
        "--model",
        "llama-3-1-8b",
        "--chip",
        "h100-sxm",
        "--rate",
        "8",
        "--duration",
        "60",
    ];
    assert_snapshot!("serving_replay", gigatwin(&f, &args).exits(0).out);
}

#[test]
fn site_page() {
    let f = folder("serving-site-page");
    gigatwin(&f, &["new", "site.toml"]).exits(0);
    assert_snapshot!("serving_site", gigatwin(&f, &["serving", "site", "site.toml"]).exits(0).out);
}

#[test]
fn software_out_of_range_is_refused_at_once() {
    let f = folder("serving-software");
    let args = [
        "serving",
        "predict",
        "--model",
        "llama-3-1-8b",
        "--chip",
        "h100-sxm",
        "--prefix-hit",
        "2",
        "--draft-tokens",
        "0",
        "--chunk",
        "-4",
        "--prompt",
        "-5",
        "--answer",
        "0",
    ];
    assert_snapshot!("serving_software_faults", gigatwin(&f, &args).exits(2).err);
}

#[test]
fn fine_tuning_that_does_not_fit_says_by_how_much_and_what_would() {
    let f = folder("serving-tune");
    gigatwin(&f, &["new", "site.toml"]).exits(0);
    let mut text = std::fs::read_to_string(f.join("site.toml")).expect("the file");
    text.push_str(
        "\n[[tune]]\nname = \"large\"\nmodel = \"qwen3-235b-a22b\"\non = \"serve\"\nmethod = \"sft\"\njobs_per_day = 1\n\
         accelerators = 8\ntokens = \"200 M\"\n",
    );
    std::fs::write(f.join("site.toml"), text).expect("written");
    let out = gigatwin(&f, &["run", "site.toml", "--json"]).exits(1).json();
    let list = out["infeasible"].as_array().expect("a list");
    let reason =
        list.iter().find(|i| i["what"] == "tune.large").map(|i| i["reason"].to_string()).expect("the job");
    assert!(reason.contains("short by") && reason.contains("16 accelerators would hold it"), "{reason}");
}

#[test]
fn demand_in_tokens_is_that_in_requests() {
    let f = folder("serving-tokens");
    gigatwin(&f, &["new", "a.toml"]).exits(0);
    let text = std::fs::read_to_string(f.join("a.toml")).expect("the file");
    // 500,000 users × 24 requests × 400 tokens.
    let users = "users = \"500 k\", requests_per_user_day = 24";
    assert!(text.contains(users));
    std::fs::write(f.join("b.toml"), text.replace(users, "tokens_per_day = \"4.8 bn\"")).expect("written");
    let chips = |name: &str| {
        let out = gigatwin(&f, &["run", name, "--json"]).exits(0).json();
        out["metrics"]["serving.imaging-assistant.chips"]["value"].as_f64()
    };
    assert_eq!(chips("a.toml"), chips("b.toml"));
    let both = text.replace(users, &format!("{users}, tokens_per_day = \"1 bn\""));
    std::fs::write(f.join("c.toml"), both).expect("written");
    let err = gigatwin(&f, &["check", "c.toml"]).exits(2).err;
    assert!(err.contains("G105") && err.contains("tokens_per_day"), "{err}");
}

/// What cannot be served says by how much and what would be, whatever the command.
#[test]
fn refusals_of_services_say_what_would_do() {
    let f = folder("serving-refusals");
    let said = |args: &[&str], code: i32| {
        let answer = gigatwin(&f, args).exits(code);
        format!("$ {}\n{}{}", args[..2].join(" "), answer.out, answer.err)
    };
    let large = ["--model", "llama-3-1-405b", "--chip", "h100-sxm"];
    let of = |command: &'static str, more: &[&'static str]| -> Vec<&'static str> {
        let mut args = vec!["serving", command];
        args.extend(large);
        args.extend(more);
        args
    };
    let text = [
        said(&of("plan", &["--gpus", "4"]), 1),
        said(&of("predict", &["--tp", "2"]), 1),
        said(&of("replay", &["--tp", "2"]), 1),
        said(&of("plan", &["--gpus", "16", "--tpot", "0.5"]), 1),
        said(&of("plan", &["--gpus", "16", "--ttft", "5", "--tpot", "200", "--prompt", "8000"]), 1),
        said(
            &of(
                "plan",
                &["--precision", "int3", "--kv", "fp4", "--ttft=-1", "--tpot", "nan", "--answer", "0"],
            ),
            2,
        ),
        said(
            &of("predict", &["--shared-prefix", "5000", "--draft-tokens", "2", "--draft-scatter", "0.9"]),
            2,
        ),
    ];
    assert_snapshot!("serving_refusals", text.join("\n"));
}
