use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::{Format, read_trace};
use crate::job::Size;

/// Raw files lie beside the repository where they are at hand.
fn raw(path: &str) -> Option<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2)?.parent()?;
    let roots: [PathBuf; 2] = [root.join("shared"), root.join("../shared")];
    let text = roots.iter().find_map(|r| std::fs::read_to_string(r.join("data/operations").join(path)).ok());
    if text.is_none() {
        eprintln!("skipped: {path} is not at hand");
    }
    text
}

#[test]
fn swf_of_a_real_log() {
    let Some(text) = raw("traces/pwa/hpc2n_2002_part.swf") else { return };
    let trace = read_trace(&text, Format::Swf).unwrap();
    let rows = text.lines().filter(|l| !l.starts_with(';') && !l.trim().is_empty()).count();
    assert_eq!(trace.jobs.len() + trace.left_out.len(), rows);
    assert_eq!(trace.machine, Some(240));
    assert_eq!(trace.jobs[0].size, Size::Nodes(30));
    assert_eq!((trace.jobs[0].limit, trace.recorded[0].start), (37_980, Some(308_434)));
}

#[test]
fn sacct_and_its_json_say_the_same() {
    let (Some(table), Some(json)) = (raw("slurm/sacct_sample.txt"), raw("slurm/sacct.json")) else { return };
    let a = read_trace(&table, Format::Sacct).unwrap();
    let b = read_trace(&json, Format::SacctJson).unwrap();
    assert_eq!(a.jobs[0].size, Size::Gpus(96));
    assert_eq!((a.jobs[0].runtime, a.jobs[0].limit), (20, 60));
    assert_eq!(Format::guess(&table), Some(Format::Sacct));
    assert_eq!(Format::guess(&json), Some(Format::SacctJson));
    // The two dumps hold the same jobs where they overlap; the clock of the table is taken as UTC.
    for (job, recorded) in b.jobs.iter().zip(&b.recorded) {
        let Some(i) = a.jobs.iter().position(|j| j.id == job.id && j.submit == job.submit) else { continue };
        assert_eq!((a.jobs[i].size, a.jobs[i].limit), (job.size, job.limit), "job {}", job.id);
        assert_eq!(a.recorded[i].start, recorded.start);
    }
    assert_eq!(a.jobs.len(), 5);
}

#[test]
fn cluster_tables() {
    if let Some(text) = raw("traces/sia/philly_sep_oct_2017.csv") {
        assert_eq!(Format::guess(&text), Some(Format::Philly));
        let trace = read_trace(&text, Format::Philly).unwrap();
        assert_eq!(trace.jobs.len() + trace.left_out.len(), 52_849);
        assert!(trace.jobs.is_sorted_by_key(|j| j.submit));
    }
    if let Some(text) = raw("traces/openb/openb_pod_list_default.csv") {
        assert_eq!(Format::guess(&text), Some(Format::Openb));
        let trace = read_trace(&text, Format::Openb).unwrap();
        assert_eq!(trace.jobs.len() + trace.left_out.len(), 8_152);
    }
    let acme = "job_id,user,node_num,gpu_num,type,state,submit_time,start_time,end_time,duration\n\
        7,u1,2,16,Pretrain,COMPLETED,2023-03-01 08:00:00+08:00,2023-03-01 08:00:10+08:00,2023-03-01 09:00:10+08:00,3600\n\
        8,u2,1,0,Other,COMPLETED,2023-03-01 08:00:00+08:00,2023-03-01 08:00:10+08:00,2023-03-01 09:00:10+08:00,3600\n";
    assert_eq!(Format::guess(acme), Some(Format::Acme));
    let trace = read_trace(acme, Format::Acme).unwrap();
    assert_eq!((trace.jobs.len(), trace.left_out.len()), (1, 1));
    assert_eq!((trace.jobs[0].runtime, trace.recorded[0].start), (3_600, Some(10)));
}

#[test]
fn what_is_wrong_is_listed() {
    let row = |id: i32, submit: i32, wait: i32, run: i32, procs: &str| {
        format!("{id} {submit} {wait} {run} {procs} -1 -1 {procs} 100 -1 1 1 1 1 1 1 -1 -1\n")
    };
    let text = [
        row(1, 3, 0, 10, "4"),
        row(2, 5, 0, -1, "4"),
        row(3, 6, 0, -7, "4"),
        row(4, 7, 0, 10, "-3"),
        row(5, 8, 0, 10, "x"),
        "6 9 0 10\n".to_owned(),
        row(7, 2, 0, 10, "1"),
    ]
    .concat();
    let trace = read_trace(&text, Format::Swf).unwrap();
    assert_eq!(trace.jobs.iter().map(|j| j.id).collect::<Vec<_>>(), [7, 1]);
    let listed: Vec<String> =
        trace.left_out.iter().map(|l| format!("{} {} {}", l.line, l.code, l.reason)).collect();
    assert_eq!(
        listed,
        [
            "2 G582 job 2 has no run time",
            "3 G584 job 3 ends 7 s before it starts",
            "4 G582 job 4: size is -3",
            "5 G582 column 5 holds `x`, no number",
            "6 G582 4 columns instead of 18",
        ]
    );
    assert_eq!(trace.notes, ["1 rows stood before an earlier one and were sorted"]);
    let cut = format!("{}8 10 0", row(1, 0, 0, 10, "4"));
    assert_eq!(read_trace(&cut, Format::Swf).unwrap_err().code, "G585");
    assert_eq!(read_trace("{\"jobs\": [", Format::SacctJson).unwrap_err().code, "G585");
    assert_eq!(read_trace("", Format::Swf).unwrap_err().code, "G587");
    assert_eq!(read_trace("a|b\n", Format::Sacct).unwrap_err().code, "G581");
}

#[test]
fn a_clock_that_runs_backwards_is_named() {
    let text = "JobID|Submit|Start|End|NNodes|Timelimit\n\
        1|2026-01-01T10:00:00|2026-01-01T09:00:00|2026-01-01T11:00:00|1|02:00:00\n\
        2|2026-01-01T10:00:00|2026-01-01T10:00:00|2026-01-01T10:30:00|1|02:00:00\n\
        3|2026-01-01T10:00:00|Unknown|Unknown|1|02:00:00\n";
    let trace = read_trace(text, Format::Sacct).unwrap();
    assert_eq!(trace.jobs.len(), 1);
    assert_eq!(trace.left_out.iter().map(|l| l.code).collect::<Vec<_>>(), ["G584", "G582"]);
}

proptest! {
    #[test]
    fn no_reader_panics(text in "[ -~\n|,;]{0,300}") {
        for (_, format) in Format::ALL {
            let _ = read_trace(&text, format);
        }
        let _ = Format::guess(&text);
    }
}
