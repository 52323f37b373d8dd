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

/// Rows of `sacct -P` with dependencies.
fn linked(rows: &[&str]) -> String {
    let head = "JobID|User|JobName|Submit|Start|End|NNodes|Timelimit|State|Dependency\n";
    let line = |(i, row): (usize, &&str)| {
        let (id, rest) = row.split_once(' ').unwrap();
        let (name, rest) = rest.split_once(' ').unwrap();
        let (state, depends) = rest.split_once(' ').unwrap_or((rest, ""));
        format!(
            "{id}|u|{name}|2026-01-01T10:00:{i:02}|2026-01-01T11:00:00|2026-01-01T11:10:00|1|01:00:00|{state}|{depends}\n"
        )
    };
    head.to_owned() + &rows.iter().enumerate().map(line).collect::<String>()
}

#[test]
fn arrays_and_dependencies_of_sacct() {
    let text = linked(&[
        "7 a COMPLETED",
        "8_1 b FAILED",
        "8_2 b COMPLETED",
        "9 c COMPLETED afterok:7:8_2(unfulfilled),afterany:8",
        "10_1 d COMPLETED aftercorr:8",
        "10_2 d COMPLETED aftercorr:8",
        "11 e COMPLETED afternotok:8_1",
        "12 a COMPLETED singleton",
        "13 f COMPLETED afterok:99,after:7",
    ]);
    let trace = read_trace(&text, Format::Sacct).unwrap();
    let site = crate::Site { shares: trace.flat_shares(), ..crate::Site::flat(20, 8) };
    let o =
        crate::simulate_linked(&site, &trace.jobs, &trace.links, &crate::Settings::new(crate::Policy::Easy))
            .unwrap();
    let starts: Vec<i64> = o.jobs.iter().map(|r| r.start).collect();
    // Each runs 600 s. Task 1 of job 8 fails: the one that corresponds to it never starts.
    assert_eq!(starts, [0, 1, 2, 602, -1, 602, 601, 600, 8]);
    assert_eq!(o.jobs[1].state, crate::JobState::Failed);
    assert_eq!(o.jobs[4].state, crate::JobState::Cancelled);
    assert_eq!(o.jobs[7].wait(&trace.jobs[7]), Some(0), "it was held by another, not by the queue");
    let listed: Vec<&str> = trace.left_out.iter().map(|l| l.code).collect();
    assert_eq!((trace.left_out[0].line, listed), (10, vec!["G668", "G668"]));
    // Who is left out holds nobody back.
    let keep: Vec<bool> = (0..9).map(|i| i != 0).collect();
    let (links, lost) = trace.links.kept(&keep);
    assert_eq!((lost, links.dependents()), (2, 4));
}

#[test]
fn a_circle_of_dependencies_is_refused_with_its_jobs() {
    let text = linked(&["7 a COMPLETED afterok:9", "8 b COMPLETED", "9 c COMPLETED afterany:7"]);
    let fault = read_trace(&text, Format::Sacct).unwrap_err();
    assert_eq!((fault.code, fault.line), ("G667", 2));
    assert!(fault.message.ends_with("7 → 9 → 7"), "{}", fault.message);
    // A singleton waits for all earlier jobs of its name, and one of those for it.
    let text = linked(&["7 a COMPLETED afterok:8", "8 a COMPLETED singleton"]);
    assert_eq!(read_trace(&text, Format::Sacct).unwrap_err().code, "G667");
}

#[test]
fn arrays_and_dependencies_of_json() {
    let job = |id: u64, array: u64, task: u64, depends: &str| {
        format!(
            r#"{{"job_id":{id},"name":"n","user":"u","account":"a","qos":"q","dependency":"{depends}",
            "array":{{"job_id":{array},"limits":{{"max":{{"running":{{"tasks":1}}}}}},"task_id":{{"set":true,"infinite":false,"number":{task}}}}},
            "allocation_nodes":1,"state":{{"current":["COMPLETED"]}},
            "time":{{"submission":{id},"start":{},"end":{},"limit":{{"set":true,"infinite":false,"number":10}}}}}}"#,
            id + 5,
            id + 105
        )
    };
    let jobs = [job(101, 100, 1, ""), job(102, 100, 2, ""), job(103, 0, 0, "afterok:100_1(unfulfilled)")];
    let trace = read_trace(&format!("{{\"jobs\":[{}]}}", jobs.join(",")), Format::SacctJson).unwrap();
    let site = crate::Site { shares: trace.flat_shares(), ..crate::Site::flat(20, 8) };
    let o =
        crate::simulate_linked(&site, &trace.jobs, &trace.links, &crate::Settings::new(crate::Policy::Easy))
            .unwrap();
    // One task at a time; the third waits for the first alone.
    let mut starts: Vec<i64> = o.jobs.iter().map(|r| r.start).collect();
    starts.sort_unstable();
    assert_eq!(starts, [0, 100, 100]);
}

#[test]
fn the_standard_format_names_the_job_before() {
    let row = |id: i32, before: i32| format!("{id} {id} 0 10 4 -1 -1 4 100 -1 1 1 1 1 1 1 {before} 3\n");
    let trace = read_trace(&[row(1, -1), row(2, 1), row(3, 77)].concat(), Format::Swf).unwrap();
    assert_eq!((trace.links.dependents(), trace.left_out.len(), trace.jobs.len()), (1, 1, 3));
}

#[test]
fn every_row_of_the_real_tables_is_a_job_or_listed() {
    for (path, format, rows) in [
        ("traces/sia/philly_sep_oct_2017.csv", Format::Philly, 52_849),
        ("traces/openb/openb_pod_list_default.csv", Format::Openb, 8_152),
    ] {
        let Some(text) = raw(path) else { continue };
        let trace = read_trace(&text, format).unwrap();
        assert_eq!(trace.jobs.len() + trace.left_out.len(), rows, "{path}");
        assert!(
            trace.left_out.iter().all(|l| l.line > 1 && !l.reason.is_empty() && l.code.starts_with("G58"))
        );
        // Broken rows in the middle are counted one by one, with their lines, and cost no other row.
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let columns = lines[0].split(',').count();
        let bad: Vec<String> = [
            "x".repeat(9),
            ",".repeat(columns - 1),
            vec!["-5"; columns].join(","),
            vec!["1e99"; columns].join(","),
        ]
        .into();
        for (i, row) in bad.iter().enumerate() {
            lines.insert(100 * (i + 1), row.clone());
        }
        let broken = read_trace(&(lines.join("\n") + "\n"), format).unwrap();
        // The numbers of Philly's jobs are those of their lines.
        let what = |t: &super::Trace| {
            t.jobs.iter().map(|j| (j.submit, j.runtime, j.limit, j.size)).collect::<Vec<_>>()
        };
        assert!(what(&broken) == what(&trace), "{path}: broken rows changed others");
        let fresh: Vec<usize> = broken.left_out.iter().map(|l| l.line).filter(|l| *l % 100 == 1).collect();
        for i in 1..=bad.len() {
            assert!(fresh.contains(&(100 * i + 1)), "{path}: line {} is not listed", 100 * i + 1);
        }
        // A file that is cut in the middle of its last row is refused.
        let cut = text.trim_end();
        let cut = &cut[..cut.rfind(',').unwrap()];
        assert_eq!(read_trace(cut, format).unwrap_err().code, "G585", "{path}");
    }
}

proptest! {
    #[test]
    fn no_dependency_panics(text in "[a-z:_,?()0-9 ]{0,40}") {
        let _ = read_trace(&linked(&[&format!("7 a COMPLETED {text}"), "8 a FAILED singleton"]), Format::Sacct);
    }

    #[test]
    fn no_reader_panics(text in "[ -~\n|,;]{0,300}") {
        for (_, format) in Format::ALL {
            let _ = read_trace(&text, format);
        }
        let _ = Format::guess(&text);
    }
}

#[test]
fn the_command_that_submitted_a_job_names_its_array_and_dependencies_and_eligible_what_else_held_it() {
    let text = "JobID|User|Account|Submit|Eligible|Start|End|Timelimit|State|NNodes|SubmitLine\n\
        7_1|eve|a|2026-03-02T08:00:00|2026-03-02T08:00:00|2026-03-02T08:00:01|2026-03-02T08:10:00|00:20:00|COMPLETED|1|sbatch --array=1-3%1 -p main job.sh\n\
        7_2|eve|a|2026-03-02T08:00:00|2026-03-02T08:10:00|2026-03-02T08:10:00|2026-03-02T08:20:00|00:20:00|COMPLETED|1|sbatch --array=1-3%1 -p main job.sh\n\
        7_[3%1]|eve|a|2026-03-02T08:00:00|2026-03-02T08:00:00|Unknown|Unknown|00:20:00|PENDING|1|\n\
        8|eve|a|2026-03-02T08:01:00|2026-03-02T08:20:00|2026-03-02T08:20:05|2026-03-02T08:21:00|00:20:00|COMPLETED|1|sbatch -d afterany:7 next.sh --array=1-9%9\n\
        9|bob|a|2026-03-02T08:02:00|2026-03-02T09:00:00|2026-03-02T09:00:05|2026-03-02T09:01:00|00:20:00|COMPLETED|1|sbatch --wrap=-d,afterok:8\n\
        10|bob|a|2026-03-02T08:03:00|2026-03-02T08:04:00|2026-03-02T08:04:05|2026-03-02T09:01:00|00:20:00|COMPLETED|1|sbatch --dependency=afterok:3 x.sh\n";
    let trace = read_trace(text, Format::Sacct).unwrap();
    // In the order in which they enter the queue: the first whose dependency is not known waits until it could be looked at, likewise one for a begin time.
    let by: Vec<_> = trace.jobs.iter().map(|j| (j.id, j.submit)).collect();
    assert_eq!(by, [(7, 0), (7, 0), (8, 60), (10, 240), (9, 3_600)]);
    assert_eq!(trace.recorded[2].wait(&trace.jobs[2]), Some(5), "from the end of what it needed");
    assert_eq!(trace.recorded[4].wait(&trace.jobs[4]), Some(5));
    assert_eq!(trace.links.dependents(), 1);
    assert_eq!(trace.users, ["eve", "bob"]);
    // One task at a time: the second starts when the first ends, though there are nodes enough.
    let settings = crate::Settings::new(crate::Policy::Easy);
    let site = crate::Site::flat(8, 1);
    let run = crate::simulate_linked(&site, &trace.jobs, &trace.links, &settings).unwrap();
    assert_eq!(run.jobs.iter().map(|r| r.start).collect::<Vec<_>>(), [0, 599, 1_199, 240, 3_600]);
    let said = trace.notes.join("; ");
    assert!(said.contains("2 jobs could not be looked at") && !said.contains("lacks"), "{said}");
    assert_eq!(trace.left_out.iter().map(|l| l.code).collect::<Vec<_>>(), ["G582", "G668"]);
    // A pending row alone names the throttle too; without the columns that is said.
    let bare = text.replace("|SubmitLine\n", "\n").replace("|sbatch --array=1-3%1 -p main job.sh", "");
    let bare: String = bare
        .lines()
        .map(|l| l.rsplit_once("|sbatch").map_or(l, |(a, _)| a).trim_end_matches('|').to_owned() + "\n")
        .collect();
    let trace = read_trace(&bare, Format::Sacct).unwrap();
    let run = crate::simulate_linked(&site, &trace.jobs, &trace.links, &settings).unwrap();
    assert_eq!(run.jobs[1].start, 599);
    assert!(trace.notes.iter().any(|n| n.contains("lacks SubmitLine")), "{:?}", trace.notes);
}
