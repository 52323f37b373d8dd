//! Replays of one workload on a real Slurm, several times at once on clusters of their own.

use std::collections::HashMap;
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use gigatwin_pilot::Cluster;

use super::kind::Kind;
use super::loops::Loops;
use super::records::{records, told_apart};
use super::workload::{Chain, Job};
use crate::fault::Fault;

/// Columns of the table.
pub(super) const HEAD: &str = "workload,machine_nodes,nodes_per_leaf,load,seed,job,submit_s,nodes,limit_min,sleep_s,run,clock_s,cycle_s,tick_s,sweep_s,turn_s,start_s,end_s";

/// Runs of a workload begin so far apart, to meet the clock on the wall at other places.
const APART: Duration = Duration::from_secs(17);

/// What is replayed.
#[derive(Debug)]
pub(super) struct Options {
    nodes: u32,
    jobs: u32,
    runs: u16,
    port: u16,
    cases: Vec<(u64, f64)>,
    out: PathBuf,
}

impl Options {
    /// `NODES JOBS RUNS PORT OUT SEED:LOAD…`
    pub(super) fn read(words: &[&str]) -> Result<Options, Fault> {
        let usage = || Fault::new("slurm replay NODES JOBS RUNS PORT OUT.csv SEED:LOAD…");
        let [nodes, jobs, runs, port, out, cases @ ..] = words else { return Err(usage()) };
        let cases = cases
            .iter()
            .map(|c| {
                let (seed, load) = c.split_once(':')?;
                Some((seed.parse().ok()?, load.parse().ok()?))
            })
            .collect::<Option<Vec<_>>>()
            .filter(|c| !c.is_empty())
            .ok_or_else(usage)?;
        Ok(Options {
            nodes: nodes.parse().map_err(|_| usage())?,
            jobs: jobs.parse().map_err(|_| usage())?,
            runs: runs.parse().map_err(|_| usage())?,
            port: port.parse().map_err(|_| usage())?,
            cases,
            out: PathBuf::from(out),
        })
    }
}

/// A replay of a workload.
struct Replay {
    /// Second of the minute in which it began.
    clock: i64,
    /// Where the loops of the controller stood.
    loops: Loops,
    /// Seconds from its start until priorities are worked out next: every minute since the controller was started.
    reckon: i64,
    /// Starts and ends of each job in seconds since the start of the replay: the last is the one in which it ended by itself.
    ran: HashMap<u32, Vec<(i64, i64)>>,
    /// How late a job was submitted at most.
    late: f64,
}

/// Replays each workload several times at once.
pub(super) fn run(options: &Options, kind: Kind) -> Result<(), Fault> {
    let (machine, accounts) = (kind.machine(options.nodes)?, kind.has_accounts());
    let leaf = machine.cluster.partitions.first().map_or(1, |p| p.nodes_per_leaf);
    let folder = std::env::temp_dir().join(format!("gigatwin-slurm-{}", std::process::id()));
    let mut clusters: Vec<Cluster> = Vec::new();
    for (seed, load) in &options.cases {
        if clusters.is_empty() || kind.starts_afresh() {
            clusters.clear();
            let _ = fs::remove_dir_all(&folder);
            for k in 0..options.runs {
                let port = options.port + k * (options.nodes as u16 + 20);
                eprintln!("starting cluster {} of {} nodes on port {port}", k + 1, options.nodes);
                let root = folder.join(k.to_string());
                let cluster =
                    Cluster::start_changed(&machine, &root, port, false, accounts, &|c| kind.conf(c))?;
                // The log then says when each loop of the controller turns.
                cluster.client("scontrol", &["setdebug", "debug"])?;
                cluster.client("scontrol", &["setdebugflags", "+Backfill"])?;
                clusters.push(cluster);
            }
        }
        let version =
            clusters.first().map(|c| c.client("sinfo", &["--version"])).transpose()?.unwrap_or_default();
        let jobs = kind.jobs(options.jobs, options.nodes, *load, *seed);
        let name = format!("{}{}-s{seed}-l{}", kind.letter(), options.nodes, (load * 100.0).round());
        let results: Vec<Result<Replay, Fault>> = std::thread::scope(|scope| {
            let jobs = &jobs;
            let threads: Vec<_> = (0..)
                .zip(&clusters)
                .map(|(k, c)| {
                    let name = name.as_str();
                    scope.spawn(move || {
                        sleep(APART * k);
                        replay(c, jobs, name)
                    })
                })
                .collect();
            threads
                .into_iter()
                .map(|t| t.join().unwrap_or_else(|_| Err(Fault::new("a replay broke off"))))
                .collect()
        });
        let mut text = String::new();
        for (k, result) in results.into_iter().enumerate() {
            let replay = match result {
                Ok(found) => found,
                Err(e) => {
                    eprintln!("{name} run {}: {e}", k + 1);
                    continue;
                }
            };
            eprintln!(
                "{name} run {}: {} of {} jobs, submitted at most {:.2} s late",
                k + 1,
                replay.ran.len(),
                jobs.len(),
                replay.late
            );
            let loops = replay.loops.columns();
            for j in &jobs {
                if let Some(((start, end), stopped)) = replay.ran.get(&j.number).and_then(|r| r.split_last())
                {
                    let who = kind.columns(j, options.nodes, replay.reckon, stopped);
                    text.push_str(&format!(
                        "{name},{},{leaf},{load},{seed},{},{:.2},{},{},{},{},{},{loops},{start},{end}{who}\n",
                        options.nodes,
                        j.number,
                        j.submit,
                        j.nodes,
                        j.limit_minutes,
                        j.sleep,
                        k + 1,
                        replay.clock,
                    ));
                }
            }
        }
        let head = format!("{HEAD}{}", kind.head());
        append(&options.out, &text, version.trim(), &head)?;
    }
    drop(clusters);
    let _ = fs::remove_dir_all(&folder);
    Ok(())
}

fn append(path: &PathBuf, text: &str, version: &str, columns: &str) -> Result<(), Fault> {
    let fresh = !path.exists();
    let mut file =
        fs::OpenOptions::new().create(true).append(true).open(path).map_err(|e| Fault::on(path, e))?;
    let head = if fresh { format!("# {version}\n{columns}\n") } else { String::new() };
    file.write_all((head + text).as_bytes()).map_err(|e| Fault::on(path, e))
}

/// Submits every job at its time, waits until the queue is empty and reads what the controller wrote.
fn replay(cluster: &Cluster, jobs: &[Job], name: &str) -> Result<Replay, Fault> {
    // On a whole second, as the controller counts.
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    sleep(Duration::from_nanos(1_000_000_000 - u64::from(now.subsec_nanos())));
    let zero = Instant::now();
    let epoch = now.as_secs() as i64 + 1;
    let reckon = booted(&cluster.client("scontrol", &["show", "config"])?)
        .map_or(0, |at| (at - epoch).rem_euclid(RECKONED));
    let mut late: f64 = 0.0;
    // What Slurm calls each job.
    let mut ids: HashMap<u32, String> = HashMap::new();
    for j in jobs {
        if matches!(j.chain, Some(Chain::Task(first, _)) if first != j.number) {
            // Submitted with the first of its array.
            continue;
        }
        let due = Duration::from_secs_f64(j.submit);
        match due.checked_sub(zero.elapsed()) {
            Some(wait) => sleep(wait),
            None => late = late.max((zero.elapsed() - due).as_secs_f64()),
        }
        let (nodes, limit) = (j.nodes.to_string(), j.limit_minutes.to_string());
        let (title, work) = (format!("{name}.{}", j.title()), format!("sleep {}", j.sleep));
        let mut words = vec![
            "--parsable",
            "-N",
            &nodes,
            "--exclusive",
            "--gres=gpu:8",
            "-t",
            &limit,
            "-o",
            "/dev/null",
            "-J",
            &title,
            "--wrap",
            &work,
        ];
        if let Some((tenant, quality)) = j.who {
            words.extend(["-A", tenant.account, "--qos", quality.name]);
        }
        if let Some(partition) = j.partition {
            words.extend(["-p", partition]);
        }
        let chain = match j.chain {
            Some(Chain::After(other, ok)) => {
                let kind = if ok { "afterok" } else { "afterany" };
                ids.get(&other).map(|id| format!("--dependency={kind}:{id}"))
            }
            Some(Chain::Alone(..)) => Some("--dependency=singleton".to_owned()),
            Some(Chain::Task(first, most)) => {
                let tasks = jobs.iter().filter(|o| o.chain == j.chain).count();
                (first == j.number).then(|| format!("--array=1-{tasks}%{most}"))
            }
            None => None,
        };
        words.extend(chain.as_deref());
        let id = cluster.client("sbatch", &words)?.trim().to_owned();
        for task in jobs.iter().filter(|o| o.title() == j.title() && o.chain == j.chain) {
            ids.insert(task.number, id.clone());
        }
    }
    let most = Duration::from_secs(3600);
    cluster.wait_for("the queue to be empty", most, |c| {
        sleep(Duration::from_millis(1500));
        c.client("squeue", &["-h", "-o", "%i"]).is_ok_and(|o| o.trim().is_empty())
    })?;
    // The controller writes a job's record when it is done with it.
    sleep(Duration::from_secs(3));
    let ran = told_apart(jobs, records(cluster, name, epoch)?);
    let log = cluster.root.join("log/slurmctld.log");
    let text = fs::read_to_string(&log).map_err(|e| Fault::on(&log, e))?;
    let first = jobs.first().map_or(0.0, |j| j.submit);
    let last = ran.values().flatten().map(|(_, end)| *end).max().unwrap_or(0);
    let loops = Loops::read(&text, epoch, first, last as f64);
    Ok(Replay { clock: epoch.rem_euclid(60), loops, reckon, ran, late })
}

/// Seconds between two times at which a cluster with accounts works out its priorities.
const RECKONED: i64 = 60;

/// When the controller was started, in seconds since 1970, out of its configuration.
fn booted(configuration: &str) -> Option<i64> {
    let line = configuration.lines().find(|l| l.starts_with("BOOT_TIME"))?;
    seconds(line.split_once('=')?.1.trim())
}

/// Seconds since 1970 of a time as Slurm writes it. The daemons run with an environment without a time zone: their times are UTC unless the
/// machine says otherwise, which `date` knows.
pub(super) fn seconds(text: &str) -> Option<i64> {
    let (date, time) = text.split_once('T')?;
    let mut d = date.splitn(3, '-').map(str::parse::<i64>);
    let (y, m, day) = (d.next()?.ok()?, d.next()?.ok()?, d.next()?.ok()?);
    let mut t = time.splitn(3, ':').map(str::parse::<i64>);
    let (h, min, s) = (t.next()?.ok()?, t.next()?.ok()?, t.next()?.ok()?);
    // Days from civil (Hinnant, chrono-compatible low-level date algorithms).
    let y = if m <= 2 { y - 1 } else { y };
    let era = y.div_euclid(400);
    let yoe = y - era * 400;
    let doy = (153 * (if m > 2 { m - 3 } else { m + 9 }) + 2) / 5 + day - 1;
    let doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    let days = era * 146_097 + doe - 719_468;
    Some(days * 86_400 + h * 3600 + min * 60 + s)
}

#[cfg(test)]
mod tests {
    use super::booted;

    #[test]
    fn the_start_of_the_controller_is_read() {
        let text =
            "Configuration data as of 2026-11-26T19:47:55\nBOOT_TIME               = 2026-11-26T19:47:49\n";
        assert_eq!(booted(text), Some(1_795_722_469));
    }
}
