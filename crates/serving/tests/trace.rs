//! Reading traces: the formats, their faults, and what the public traces say.

#![allow(clippy::expect_used)] // helpers of tests

use std::path::Path;

use gigatwin_serving::event::trace::{Fault, FaultKind, Format, read};
use gigatwin_serving::event::unbounded_hits;

fn faults(text: &str) -> Vec<(usize, &'static str)> {
    read(text, usize::MAX).expect_err("faults").iter().map(|f| (f.line, f.kind.code())).collect()
}

#[test]
fn three_formats_give_the_same_requests() {
    let azure = "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 23:59:59.5000000,374,44\n2023-11-17 00:00:01.0000000,396,109\n";
    let plain = "time_s,prompt,answer\n10,374,44\n11.5,396,109\n";
    let mooncake = "{\"timestamp\": 0, \"input_length\": 374, \"output_length\": 44, \"hash_ids\": [0]}\n\
                    {\"timestamp\": 1500, \"input_length\": 396, \"output_length\": 109, \"hash_ids\": [0]}\n";
    let all: Vec<_> = [azure, plain, mooncake].map(|t| read(t, usize::MAX).expect("a trace")).into();
    assert_eq!(all.iter().map(|t| t.0).collect::<Vec<_>>(), [Format::Azure, Format::Plain, Format::Mooncake]);
    for (_, trace) in &all {
        let rows: Vec<_> = trace.requests.iter().map(|r| (r.arrival_ps, r.prompt, r.answer)).collect();
        assert_eq!(rows, [(0, 374, 44), (1_500_000_000_000, 396, 109)]);
    }
    assert_eq!(read(azure, 1).expect("a trace").1.requests.len(), 1);
}

#[test]
fn all_faults_are_found_at_once() {
    let text =
        "time_s,prompt,answer\n0,10,10\n,10,10\n2,0,10\n1,10,-5\n3,1.5,0\n4,10\nx,99999999999,1\n\n5,5,5\n";
    assert_eq!(
        faults(text),
        [
            (3, "G564"),
            (4, "G566"),
            (5, "G565"),
            (5, "G567"),
            (6, "G567"),
            (6, "G566"),
            (7, "G563"),
            (8, "G564"),
            (8, "G567")
        ]
    );
    assert_eq!(faults(""), [(1, "G568")]);
    assert_eq!(faults("time_s,prompt,answer\n"), [(1, "G568")]);
    assert_eq!(faults("a,b,c\n1,2,3\n"), [(1, "G563")]);
    assert_eq!(
        faults("{\"timestamp\": 5, \"input_length\": 10}\n{\"time\n{}\n"),
        [(1, "G567"), (2, "G563"), (3, "G564"), (3, "G567"), (3, "G567")]
    );
    assert_eq!(faults("time_s,prompt,answer\n0,1,1\n9e9,1,1\n"), [(3, "G565")]);
    let fault = Fault { line: 1, kind: FaultKind::Zero("answer") };
    assert_eq!(fault.kind.to_string(), "the answer has zero tokens");
    assert!(!fault.kind.hint().is_empty());
}

/// A public trace where it is at hand.
fn public(name: &str) -> Option<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/serving/traces").join(name);
    let text = std::fs::read_to_string(&path).ok();
    if text.is_none() {
        eprintln!("skipped: {name} is not at hand");
    }
    text
}

#[test]
fn the_azure_trace_has_its_published_moments() {
    let Some(text) = public("azure2023_conv.csv") else { return };
    let (format, trace) = read(&text, usize::MAX).expect("a trace");
    assert_eq!((format, trace.requests.len()), (Format::Azure, 19_366));
    let mean = trace.mean_lengths().expect("many");
    assert_eq!((mean.prompt.round(), mean.answer.round()), (1155.0, 211.0));
    assert!((trace.arrival_cv2().expect("many").sqrt() - 1.09).abs() < 0.01);
}

#[test]
fn an_endless_cache_hits_more_than_a_third_of_the_mooncake_trace() {
    let Some(text) = public("mooncake_conversation_trace.jsonl") else { return };
    let (_, trace) = read(&text, usize::MAX).expect("a trace");
    let mean = trace.mean_lengths().expect("many");
    assert_eq!((trace.requests.len(), mean.prompt.round(), mean.answer.round()), (12_031, 12_035.0, 343.0));
    let (hits, all) = unbounded_hits(&trace);
    let share = 100.0 * hits as f64 / all as f64;
    assert_eq!((share * 10.0).round(), 366.0, "{hits} of {all}");
}
