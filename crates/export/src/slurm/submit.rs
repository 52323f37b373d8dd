//! A workload as a script of `sbatch`: each job sleeps as long as it would run.

use std::collections::BTreeMap;

use gigatwin_operations::{Job, Layout, Links, Need, Seconds, When};

use super::names::ascii;
use crate::ExportFile;

/// What is submitted.
#[derive(Debug, Clone, Copy)]
pub struct Workload<'a> {
    /// The machine it was drawn for.
    pub layout: Layout,
    /// Jobs with the moments at which they enter the queue; positions are those of the links.
    pub jobs: &'a [Job],
    /// Dependencies, arrays and jobs that fail.
    pub links: &'a Links,
    /// Names of the accounts, by tenant of a job; empty where the submitter's own is to be taken.
    pub accounts: &'a [&'a str],
    /// Names of the qualities of service, by quality of a job, likewise.
    pub qos: &'a [&'a str],
    /// First lines of the file, without comment signs.
    pub header: &'a str,
}

/// One call of `sbatch`: a job, or an array whose tasks are alike.
struct Call {
    /// Positions of its jobs.
    tasks: Vec<u32>,
    /// Tasks that run at once, of an array.
    most: Option<u32>,
}

/// The script `jobs.sh`.
pub fn submission(w: &Workload<'_>) -> ExportFile {
    let mut needs: BTreeMap<u32, Vec<Need>> = BTreeMap::new();
    w.links.needs().iter().for_each(|n| needs.entry(n.job).or_default().push(*n));
    let (calls, apart) = calls(w, &needs);
    let mut text = head(w, apart);
    let zero = w.jobs.iter().map(|j| j.submit).min().unwrap_or(0);
    // How those are named that others wait for, once they are submitted.
    let mut names: BTreeMap<u32, String> = BTreeMap::new();
    for (call, (task, job)) in calls
        .iter()
        .filter(|c| c.most.is_some())
        .flat_map(|c| c.tasks.iter().enumerate().map(move |t| (c, t)))
    {
        names.insert(*job, format!("${{id[{}]}}_{task}", call.tasks[0]));
    }
    let named = |job: u32| names.get(&job).cloned().unwrap_or_else(|| format!("${{id[{job}]}}"));
    for i in order(&calls, &needs, w.jobs.len()) {
        text.push_str(&line(w, &calls[i], zero, needs.get(&calls[i].tasks[0]), &named));
    }
    text.push_str("\n[ \"$refused\" = 0 ] || { echo \"$refused were refused\" >&2; exit 1; }\n");
    ExportFile { name: "jobs.sh".to_owned(), text }
}

fn head(w: &Workload<'_>, apart: usize) -> String {
    let mut out = String::from("#!/bin/bash\n");
    w.header.lines().for_each(|l| out.push_str(&format!("# {l}\n")));
    out.push_str(&format!(
        "# {} jobs for sbatch: each becomes eligible as long after the start as the simulation let it into the queue, and sleeps as long as it would run undisturbed. A job
# that is stopped begins anew: nothing here writes checkpoints. Limits are whole minutes. You have to be a user of the accounts (accounts.sh of `gigatwin export slurm`).
# twin-N is row N of the simulation's jobs.csv, the first being row 0.
#   START=TIME when the first is submitted (as date -d reads it; now), PARTITION=NAME (the default one), ACCOUNTS=no (neither account nor quality of service), SBATCH=PROGRAM
",
        w.jobs.len()
    ));
    if apart > 0 {
        out.push_str(&format!(
            "# {apart} arrays have tasks of several kinds: they are jobs of their own here, and how many of them run at once is not limited.\n"
        ));
    }
    out.push_str(
        r#"set -euo pipefail
: "${START:=now}" "${PARTITION:=}" "${ACCOUNTS:=yes}" "${SBATCH:=sbatch}"
start=$(date -d "$START" +%s)
id=() refused=0
# job NUMBER SECONDS NODES ACCELERATORS-OF-A-NODE MINUTES ACCOUNT QOS "SECONDS-OF-EACH-TASK" [OPTION…]; a task with ! ends with 1
job() {
  local at more=() said
  printf -v at '%(%Y-%m-%dT%H:%M:%S)T' "$((start + $2))"
  [ -z "$PARTITION" ] || more+=(--partition="$PARTITION")
  [ "$ACCOUNTS" = no ] || [ "$6" = - ] || more+=(--account="$6")
  [ "$ACCOUNTS" = no ] || [ "$7" = - ] || more+=(--qos="$7")
  if ! said=$("$SBATCH" --parsable --job-name="twin-$1" --begin="$at" --nodes="$3" --gpus-per-node="$4" --time="$5" --output=/dev/null "${more[@]}" "${@:9}" \
    --wrap "set -- $8; shift \"\${SLURM_ARRAY_TASK_ID:-0}\"; sleep \"\${1%!}\"; case \$1 in *!) exit 1 ;; esac"); then
    # Those that wait for it are refused too: there is no number to wait for.
    refused=$((refused + 1)) said=refused
    echo "twin-$1 was refused" >&2
  fi
  id[$1]=${said%%;*}
}

"#,
    );
    out
}

/// The calls in the order of their first jobs, and how many arrays fell apart.
fn calls(w: &Workload<'_>, needs: &BTreeMap<u32, Vec<Need>>) -> (Vec<Call>, usize) {
    let mut within = vec![false; w.jobs.len()];
    let (mut calls, mut apart) = (Vec::new(), 0);
    let kind = |t: u32| {
        let j = &w.jobs[t as usize];
        let waits: Option<Vec<_>> = needs.get(&t).map(|l| l.iter().map(|n| (n.on, n.when)).collect());
        (w.layout.units(j.size), j.limit, j.submit, j.tenant, j.qos, waits)
    };
    for throttle in w.links.throttles().into_iter().filter(|t| !t.members.is_empty()) {
        if throttle.members.iter().any(|t| kind(*t) != kind(throttle.members[0])) {
            apart += 1;
            continue;
        }
        throttle.members.iter().for_each(|t| within[*t as usize] = true);
        calls.push(Call { tasks: throttle.members, most: Some(throttle.most) });
    }
    calls.extend(
        (0..w.jobs.len() as u32)
            .filter(|t| !within[*t as usize])
            .map(|t| Call { tasks: vec![t], most: None }),
    );
    calls.sort_by_key(|c| c.tasks[0]);
    (calls, apart)
}

/// Positions of the calls so that each comes after those it waits for; links make no circles.
fn order(calls: &[Call], needs: &BTreeMap<u32, Vec<Need>>, jobs: usize) -> Vec<usize> {
    let mut call_of = vec![0; jobs];
    for (i, call) in calls.iter().enumerate() {
        call.tasks.iter().for_each(|t| call_of[*t as usize] = i);
    }
    let (mut done, mut out) = (vec![false; calls.len()], Vec::with_capacity(calls.len()));
    for first in 0..calls.len() {
        // A chain may be as long as the workload: a list, not the stack.
        let mut open = vec![first];
        while let Some(&at) = open.last() {
            let waits = calls[at].tasks.first().and_then(|t| needs.get(t));
            let ahead = waits.into_iter().flatten().map(|n| call_of[n.on as usize]).find(|c| !done[*c]);
            match ahead {
                _ if done[at] => _ = open.pop(),
                Some(c) if c != at => open.push(c),
                _ => {
                    done[at] = true;
                    out.push(at);
                    open.pop();
                }
            }
        }
    }
    out
}

fn line(
    w: &Workload<'_>,
    call: &Call,
    zero: Seconds,
    needs: Option<&Vec<Need>>,
    named: &dyn Fn(u32) -> String,
) -> String {
    let first = call.tasks[0];
    let job = &w.jobs[first as usize];
    let (units, per_node) = (w.layout.units(job.size), i64::from(w.layout.gpus_per_node));
    let whole = units >= per_node;
    let runs: Vec<String> = call
        .tasks
        .iter()
        .map(|t| format!("{}{}", w.jobs[*t as usize].runtime, if w.links.fails(*t) { "!" } else { "" }))
        .collect();
    let mut out = format!(
        "job {first} {} {} {} {} {} {} \"{}\"",
        job.submit - zero,
        if whole { units / per_node } else { 1 },
        if whole { per_node } else { units },
        minutes(job.limit),
        called(w.accounts, job.tenant as usize),
        called(w.qos, job.qos as usize),
        runs.join(" ")
    );
    if whole {
        out.push_str(" --exclusive");
    }
    if let Some(most) = call.most {
        out.push_str(&format!(" --array=0-{}%{most}", call.tasks.len() - 1));
    }
    let waits: Vec<String> = needs
        .into_iter()
        .flatten()
        .map(|n| {
            let word = match n.when {
                When::Ok => "afterok",
                When::Any => "afterany",
                When::NotOk => "afternotok",
            };
            format!("{word}:{}", named(n.on))
        })
        .collect();
    if !waits.is_empty() {
        out.push_str(&format!(" --dependency=\"{}\"", waits.join(",")));
    }
    out.push('\n');
    out
}

/// A name as the export of the machine writes it.
fn called(names: &[&str], at: usize) -> String {
    names.get(at).filter(|n| !n.is_empty()).map_or_else(|| "-".to_owned(), |n| ascii(n))
}

fn minutes(limit: Seconds) -> Seconds {
    limit.max(1).div_euclid(60) + i64::from(limit.max(1).rem_euclid(60) > 0)
}

#[cfg(test)]
mod tests {
    use gigatwin_operations::{Size, Throttle};

    use super::*;

    /// Two stages and an array between them, a job of a part of a node, and one that is submitted before the job it waits for.
    fn sample() -> (Vec<Job>, Links) {
        let job = |id, submit, size| Job { size, ..Job::nodes(id, submit, 90 + id as i64, 601, 1) };
        let jobs = vec![
            job(1, 50, Size::Nodes(4)),
            job(2, 60, Size::Gpus(2)),
            job(3, 60, Size::Gpus(2)),
            job(4, 60, Size::Gpus(2)),
            job(5, 70, Size::Gpus(9)),
            job(6, 80, Size::Gpus(1)),
        ];
        let needs = vec![
            Need { job: 1, on: 0, when: When::Ok },
            Need { job: 2, on: 0, when: When::Ok },
            Need { job: 3, on: 0, when: When::Ok },
            Need { job: 4, on: 2, when: When::Any },
            Need { job: 4, on: 5, when: When::NotOk },
        ];
        let array = Throttle { members: vec![1, 2, 3], most: 2 };
        (jobs, Links::new(6, needs, &[array], &[5]).expect("links"))
    }

    fn script(jobs: &[Job], links: &Links) -> String {
        let layout = Layout::flat(8, 8);
        let w = Workload { layout, jobs, links, accounts: &["states/de"], qos: &["fastlane"], header: "h" };
        submission(&w).text
    }

    #[test]
    fn links_and_sizes_are_carried_over() {
        let (jobs, links) = sample();
        let text = script(&jobs, &links);
        let lines: Vec<&str> = text.lines().filter(|l| l.starts_with("job ")).collect();
        assert_eq!(
            lines,
            [
                "job 0 0 4 8 11 states-de fastlane \"91\" --exclusive",
                "job 1 10 1 2 11 states-de fastlane \"92 93 94\" --array=0-2%2 --dependency=\"afterok:${id[0]}\"",
                "job 5 30 1 1 11 states-de fastlane \"96!\"",
                "job 4 20 2 8 11 states-de fastlane \"95\" --exclusive --dependency=\"afterany:${id[1]}_1,afternotok:${id[5]}\"",
            ]
        );
    }

    #[test]
    fn an_array_of_several_kinds_falls_apart_and_says_so() {
        let (mut jobs, links) = sample();
        jobs[2].limit = 60;
        let text = script(&jobs, &links);
        assert_eq!(text.lines().filter(|l| l.starts_with("job ")).count(), 6);
        assert!(text.contains("# 1 arrays have tasks of several kinds") && !text.contains("--array"));
    }

    /// Run by bash with a stand-in that answers with the next number and notes how it was called.
    #[test]
    fn bash_submits_each_with_the_numbers_of_those_it_waits_for() {
        let folder = std::env::temp_dir().join(format!("gigatwin-jobs-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let (jobs, links) = sample();
        std::fs::write(folder.join("jobs.sh"), script(&jobs, &links)).expect("a script");
        let stand_in = "#!/bin/bash\ncase $* in *refused*) exit 1 ;; esac\necho \"$*\" >> calls\necho $((100 + $(wc -l < calls)))';'cluster\n";
        std::fs::write(folder.join("sbatch.sh"), stand_in).expect("a script");
        let bash = |words: &[&str]| {
            std::process::Command::new("bash")
                .args(words)
                .env("TZ", "UTC")
                .envs([("START", "2026-01-01T00:00:00"), ("SBATCH", "./run"), ("PARTITION", "train")])
                .current_dir(&folder)
                .output()
        };
        let Ok(done) = bash(&["-c", "mv sbatch.sh run && chmod +x run && bash -n jobs.sh && bash jobs.sh"])
        else {
            println!("SKIPPED: there is no bash");
            return;
        };
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let calls = std::fs::read_to_string(folder.join("calls")).expect("calls");
        // One refusal stops neither the script nor goes unsaid; who waits for it is refused too.
        let stays =
            bash(&["-c", "sed -i '0,/--array/s/--array/--refused/' jobs.sh && bash jobs.sh"]).expect("bash");
        assert_eq!(
            String::from_utf8_lossy(&stays.stderr),
            "twin-1 was refused\ntwin-4 was refused\n2 were refused\n"
        );
        let _ = std::fs::remove_dir_all(&folder);
        let calls: Vec<&str> = calls.lines().collect();
        assert_eq!(calls.len(), 4);
        assert!(
            calls[0].contains("--begin=2026-01-01T00:00:00")
                && calls[1].contains("--begin=2026-01-01T00:00:10")
        );
        assert!(calls[1].contains("--dependency=afterok:101 ") && calls[1].contains("--array=0-2%2"));
        assert!(calls[3].contains("--dependency=afterany:102_1,afternotok:103 "));
        assert!(
            calls
                .iter()
                .all(|c| c.contains("--account=states-de --qos=fastlane") && c.contains("--partition=train"))
        );
    }
}
