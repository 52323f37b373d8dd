//! The loop, step by step.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use gigatwin_export::BatchJob;

use crate::folder;
use crate::jobs::{JobFacts, JobId, now};
use crate::log::{TrainLog, median};
use crate::program::{finished, read};
use crate::score::Score;
use crate::served::serve;
use crate::tools::check_place;
use crate::{Cluster, Machine, Measured, PilotError, Predicted, Site, Tools, write_scripts};

/// Chips, each a node of its own.
const NODES: u32 = 2;
/// Written dates to learn from.
const EXAMPLES: u32 = 20_000;
/// Seconds after which an operator lets a job go that came back into the queue.
const RELEASE_S: u32 = 5;
/// Steps between checkpoints.
const EVERY: u32 = 20;

/// What the pilot is to do.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where everything is written.
    pub folder: PathBuf,
    /// Interpreter with the engines; looked for where not given.
    pub python: Option<PathBuf>,
    /// First of the ports.
    pub port: u16,
    /// Short runs that are timed before the long one.
    pub runs: u32,
    /// Steps of a timed run.
    pub run_steps: u32,
    /// Steps of the long run.
    pub steps: u32,
    /// Steps of the fine-tuning.
    pub tune_steps: u32,
    /// Day the pilot runs on, for the provenance of what it measures.
    pub date: String,
}

/// What became of a step.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(tag = "status", rename_all = "lowercase")]
pub enum StepStatus {
    /// Done, and what there is to say of it.
    Done {
        /// In words.
        said: String,
    },
    /// Left out, and how to have it.
    Skipped {
        /// What is missing and how to get it.
        why: String,
    },
}

/// What the pilot did and how well it was predicted.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Report {
    /// Slurm, trainer and server that were used.
    pub engines: Vec<String>,
    /// What was measured of the chip, where it could be.
    pub measured: Option<Measured>,
    /// The steps in order.
    pub steps: Vec<(String, StepStatus)>,
    /// Predictions and measurements.
    pub scores: Vec<Score>,
}

/// Runs the loop; `say` hears of each step as it begins.
///
/// # Errors
/// Faults of the environment. Nothing is left running.
pub fn pilot(options: &Options, say: &mut dyn FnMut(&str)) -> Result<Report, PilotError> {
    let tools = Tools::find(options.python.as_deref())?;
    std::fs::create_dir_all(&options.folder).map_err(|e| PilotError::on(&options.folder, e))?;
    check_place(&options.folder, options.port)?;
    // Last, because it empties the folder of an earlier run.
    let folder = folder::begin(&options.folder)?;
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(&stop)).map_err(|e| PilotError::on(&folder, e))?;
    }
    let (scripts, config) = write_scripts(&folder)?;
    let report = Report { engines: engines(&tools), measured: None, steps: Vec::new(), scores: Vec::new() };
    let mut pilot = Pilot { options, tools, folder, scripts, config, stop, report, say };
    pilot.all()?;
    Ok(pilot.report)
}

fn engines(tools: &Tools) -> Vec<String> {
    let mut list = vec![format!("Slurm {}", tools.slurm)];
    list.extend(tools.trainer.as_ref().ok().map(|(_, version)| format!("PyTorch {version}")));
    list.extend(tools.server.as_ref().ok().map(|version| format!("mistral.rs {version}")));
    list
}

struct Pilot<'a> {
    options: &'a Options,
    tools: Tools,
    folder: PathBuf,
    scripts: PathBuf,
    config: PathBuf,
    stop: Arc<AtomicBool>,
    report: Report,
    say: &'a mut dyn FnMut(&str),
}

/// Jobs of the queue, in the order in which they were submitted, and when.
struct Queue {
    submitted: f64,
    runs: Vec<JobId>,
    train: JobId,
}

impl Pilot<'_> {
    fn all(&mut self) -> Result<(), PilotError> {
        let measured = self.measure()?;
        let site = Site::describe(
            &self.folder,
            &measured.clone().unwrap_or_else(Measured::unknown),
            NODES,
            self.options.steps,
            &self.options.date,
        )?;
        let predicted = match &measured {
            Some(m) => Some(Predicted::of(&site.factory, m)?),
            None => None,
        };
        self.report.measured.clone_from(&measured);
        (self.say)("export: Slurm's configuration of the site, and its daemons on loopback");
        let machine = Machine::of("pilot", &site.factory)?;
        let accounting = self.tools.accounting;
        let mut cluster =
            Cluster::start_with(&machine, &self.folder.join("slurm"), self.options.port, false, accounting)?;
        let dispatch = self.dispatch(&cluster)?;
        let accounts = if accounting { ", accounts from the exported script" } else { "" };
        self.done(
            "export",
            format!("{NODES} nodes up{accounts}; {dispatch:.1} s from one job of nothing to the next"),
        );
        if !accounting {
            self.skip(
                "fair share",
                "no slurmdbd and MariaDB (Debian: apt-get install slurmdbd mariadb-server)",
            );
        }
        let outcome = self.on_cluster(&cluster, dispatch, predicted.as_ref());
        cluster.stop();
        outcome
    }

    fn on_cluster(
        &mut self,
        cluster: &Cluster,
        dispatch: f64,
        predicted: Option<&Predicted>,
    ) -> Result<(), PilotError> {
        self.develop(cluster)?;
        let Ok((python, _)) = self.tools.trainer.clone() else {
            let why = self.tools.trainer.clone().err().unwrap_or_default();
            for step in ["train", "tune", "integrate"] {
                self.skip(step, &why);
            }
            return Ok(());
        };
        self.train(cluster, &python, dispatch, predicted)?;
        self.tune(cluster, &python)?;
        match self.tools.server.clone() {
            Ok(_) => self.integrate(&python, predicted),
            Err(why) => {
                self.skip("integrate", &why);
                Ok(())
            }
        }
    }

    fn done(&mut self, step: &str, said: String) {
        (self.say)(&format!("  {said}"));
        self.report.steps.push((step.to_owned(), StepStatus::Done { said }));
    }

    fn skip(&mut self, step: &str, why: &str) {
        (self.say)(&format!("{step}: left out: {why}"));
        self.report.steps.push((step.to_owned(), StepStatus::Skipped { why: why.to_owned() }));
    }

    fn measure(&mut self) -> Result<Option<Measured>, PilotError> {
        let (python, _) = match self.tools.trainer.clone() {
            Ok(found) => found,
            Err(why) => {
                self.skip("describe", &why);
                return Ok(None);
            }
        };
        (self.say)("describe: the chip under micro-benchmarks");
        let measured = Measured::take(&python, &self.scripts, &self.config, NODES, 3)?;
        let (peak, copy) = (measured.figure("peak_flops")?, measured.figure("copy_bytes_per_s")?);
        self.done(
            "describe",
            format!(
                "{}: {:.1} GFLOP/s [{:.1}–{:.1}], {:.1} GB/s [{:.1}–{:.1}] a core",
                measured.chip,
                peak.value / 1e9,
                peak.low / 1e9,
                peak.high / 1e9,
                copy.value / 1e9,
                copy.low / 1e9,
                copy.high / 1e9
            ),
        );
        Ok(Some(measured))
    }

    fn job<'j>(
        &self,
        name: &'j str,
        account: &'j str,
        output: &'j str,
        command: &'j str,
        environment: &'j [(&'j str, String)],
    ) -> BatchJob<'j> {
        BatchJob {
            name,
            account: Some(account),
            nodes: NODES,
            per_node: 1,
            minutes: 15,
            output,
            environment,
            command,
            restarts: 2,
        }
    }

    /// Seconds that Slurm itself takes per job of the whole machine, from three jobs of nothing.
    fn dispatch(&self, cluster: &Cluster) -> Result<f64, PilotError> {
        let output = self.folder.display().to_string();
        let ids: Vec<JobId> = (1..=3)
            .map(|i| {
                cluster.submit(
                    &self.folder,
                    &self.job(&format!("nothing-{i}"), "research", &output, "true", &[]),
                    &[],
                )
            })
            .collect::<Result<_, _>>()?;
        let mut facts = Vec::new();
        for id in &ids {
            facts.push(self.wait(cluster, *id, |_| Ok(()))?);
        }
        let (first, last) = (facts.first().map_or(0.0, |f| f.start), facts.last().map_or(0.0, |f| f.end));
        Ok(((last - first) / ids.len() as f64).max(0.1))
    }

    fn wait(
        &self,
        cluster: &Cluster,
        job: JobId,
        mut look: impl FnMut(&JobFacts) -> Result<(), PilotError>,
    ) -> Result<JobFacts, PilotError> {
        cluster.wait(job, Duration::from_secs(600), |facts| {
            if self.stop.load(Ordering::Relaxed) {
                return Err(PilotError::Broken("interrupted".to_owned()));
            }
            look(facts)
        })
    }

    fn develop(&mut self, cluster: &Cluster) -> Result<(), PilotError> {
        (self.say)("develop: a data set prepared in an interactive allocation");
        let python =
            self.tools.trainer.as_ref().map_or_else(|_| PathBuf::from("python3"), |(p, _)| p.clone());
        for (folder, language, seed) in [("train", "en", 1), ("tune", "de", 1)] {
            let arguments = [
                "--account=research",
                "--nodes=1",
                "--ntasks=1",
                "--time=5",
                "srun",
                &python.display().to_string(),
                &self.scripts.join("prepare.py").display().to_string(),
                &self.folder.join(folder).display().to_string(),
                language,
                &EXAMPLES.to_string(),
                &seed.to_string(),
            ];
            let said = cluster.client("salloc", &arguments)?;
            self.done("develop", said.trim().to_owned());
        }
        Ok(())
    }

    fn command(&self, python: &Path, folder: &Path, steps: u32, more: &str) -> String {
        format!(
            "{} {} {} {} --steps {steps} --every {EVERY}{more}",
            python.display(),
            self.scripts.join("train.py").display(),
            self.config.display(),
            folder.display()
        )
    }

    fn rendezvous(&self, offset: u16) -> Vec<(&'static str, String)> {
        vec![
            ("MASTER_ADDR", "127.0.0.1".to_owned()),
            ("MASTER_PORT", (self.options.port + 14 + offset).to_string()),
        ]
    }

    /// Timed runs and the long run, in one queue.
    fn submit(&self, cluster: &Cluster, python: &Path) -> Result<Queue, PilotError> {
        let data = self.folder.join("train/data.jsonl");
        let mut runs = Vec::new();
        let submitted = now();
        for i in 1..=self.options.runs {
            let folder = self.folder.join(format!("run-{i}"));
            std::fs::create_dir_all(&folder).map_err(|e| PilotError::on(&folder, e))?;
            std::fs::copy(&data, folder.join("data.jsonl")).map_err(|e| PilotError::on(&folder, e))?;
            let (name, output) = (format!("run-{i}"), folder.display().to_string());
            let command = self.command(python, &folder, self.options.run_steps, "");
            let environment = self.rendezvous(0);
            runs.push(cluster.submit(
                &self.folder,
                &self.job(&name, "research", &output, &command, &environment),
                &[],
            )?);
        }
        let folder = self.folder.join("train");
        let (output, command) =
            (folder.display().to_string(), self.command(python, &folder, self.options.steps, ""));
        let environment = self.rendezvous(0);
        let train = cluster.submit(
            &self.folder,
            &self.job("train", "research", &output, &command, &environment),
            &[],
        )?;
        Ok(Queue { submitted, runs, train })
    }

    fn train(
        &mut self,
        cluster: &Cluster,
        python: &Path,
        dispatch: f64,
        predicted: Option<&Predicted>,
    ) -> Result<(), PilotError> {
        (self.say)("train: timed runs and a long one, two ranks; one rank of the long one is killed");
        let queue = self.submit(cluster, python)?;
        let folder = self.folder.join("train");
        let mut killed = None;
        let mut resumed_by_hand = false;
        // Between two checkpoints, so that work is lost and done again.
        let kill_at = self.options.steps * 2 / 5 / EVERY * EVERY + EVERY / 2;
        let facts = self.wait(cluster, queue.train, |facts| {
            if facts.restarts == 0 && killed.is_none() && facts.state == "RUNNING" {
                let log = TrainLog::of(&folder)?;
                if log.last >= kill_at {
                    kill(&folder.join("rank1.pid"))?;
                    killed = Some((log.last, now()));
                }
            }
            // Slurm holds a job that came back for two minutes; an operator lets it go sooner. Not at once: a node turns away a
            // credential made in the second in which the job's earlier ones were revoked.
            if killed.is_some() && !resumed_by_hand && facts.restarts > 0 && facts.state == "PENDING" {
                cluster.client(
                    "scontrol",
                    &["update", &format!("JobId={}", queue.train), &format!("StartTime=now+{RELEASE_S}")],
                )?;
                resumed_by_hand = true;
            }
            Ok(())
        })?;
        let log = TrainLog::of(&folder)?;
        if facts.state != "COMPLETED" || !log.whole(self.options.steps) {
            return Err(self.failed("train", &facts, &folder));
        }
        let Some((at, when)) = killed else {
            return Err(PilotError::Broken("the long run ended before a rank could be killed".to_owned()));
        };
        let restarted = log.starts.get(1).map_or(f64::NAN, |s| s.1);
        let loss = |first: bool| {
            let mut values = log.losses.values();
            if first { values.next() } else { values.next_back() }.copied().unwrap_or(f64::NAN)
        };
        self.done(
            "train",
            format!(
                "{} steps, loss {:.2} to {:.3}; rank 1 killed after step {at}, back {:.0} s later from step {}, {} steps done again, none lost",
                self.options.steps,
                loss(true),
                loss(false),
                restarted - when,
                log.starts.get(1).map_or(0, |s| s.0),
                log.repeated
            ),
        );
        if let Some(p) = predicted {
            self.score_training(cluster, &queue, p, dispatch, &log, restarted - when)?;
        }
        Ok(())
    }

    fn failed(&self, name: &str, facts: &JobFacts, folder: &Path) -> PilotError {
        let text = read(&folder.join(format!("{name}.out"))).unwrap_or_default();
        let lines: Vec<&str> = text.trim().lines().collect();
        let tail = lines[lines.len().saturating_sub(6)..].join(" | ");
        PilotError::Program { program: format!("job {name} is {}", facts.state), said: tail }
    }

    fn score_training(
        &mut self,
        cluster: &Cluster,
        queue: &Queue,
        p: &Predicted,
        dispatch: f64,
        long: &TrainLog,
        restart_s: f64,
    ) -> Result<(), PilotError> {
        let step = p.step.step_time.s();
        let rate = p.step.tokens_per_second;
        let tokens = rate * step;
        let mut medians = Vec::new();
        let mut starts = Vec::new();
        for (i, job) in queue.runs.iter().enumerate() {
            let folder = self.folder.join(format!("run-{}", i + 1));
            let facts = self.wait(cluster, *job, |_| Ok(()))?;
            let log = TrainLog::of(&folder)?;
            if facts.state != "COMPLETED" || !log.whole(self.options.run_steps) {
                return Err(self.failed(&format!("run-{}", i + 1), &facts, &folder));
            }
            starts.push((format!("run-{}", i + 1), facts.start - queue.submitted));
            // The first step allocates what all others use again.
            medians.extend(median(log.steps.get(1..).unwrap_or_default()));
        }
        let first_start = long.starts.first().map_or(f64::NAN, |s| s.1) - p.launch.s();
        starts.push(("train".to_owned(), first_start - queue.submitted));
        let rates: Vec<f64> = medians.iter().map(|s| tokens / s).collect();
        let mut scores = vec![
            Score::of("timed runs", "step_time_s", step, p.band, &medians),
            Score::of("timed runs", "tokens_per_s", rate, (1.0 / p.band.1, 1.0 / p.band.0), &rates),
            Score::of(
                "long run",
                "step_time_s",
                step,
                p.band,
                &median(&long.steps).map_or(vec![], |m| vec![m]),
            ),
            Score::of("long run", "checkpoint_s", p.checkpoint.s(), (0.5, 2.0), &long.writings),
        ];
        let run = dispatch + p.launch.s() + f64::from(self.options.run_steps) * step + p.checkpoint.s();
        for (i, (name, measured)) in starts.into_iter().enumerate().skip(1) {
            scores.push(Score::of(name, "start_s", i as f64 * run, p.band, &[measured]));
        }
        let again = f64::from(RELEASE_S) + dispatch + p.launch.s() + median(&long.readings).unwrap_or(0.0);
        scores.push(Score::of("long run", "restart_s", again, (0.5, 2.0), &[restart_s]));
        self.report.scores.extend(scores.into_iter().flatten());
        Ok(())
    }

    fn tune(&mut self, cluster: &Cluster, python: &Path) -> Result<(), PilotError> {
        (self.say)(
            "tune: low-rank adapters for German dates, from the checkpoint, on another tenant's account",
        );
        let folder = self.folder.join("tune");
        let base = self.folder.join("train/checkpoint.pt");
        let command =
            self.command(python, &folder, self.options.tune_steps, &format!(" --adapt {}", base.display()));
        let (output, environment) = (folder.display().to_string(), self.rendezvous(0));
        let id = cluster.submit(
            &self.folder,
            &self.job("tune", "industry", &output, &command, &environment),
            &[],
        )?;
        let facts = self.wait(cluster, id, |_| Ok(()))?;
        let log = TrainLog::of(&folder)?;
        if facts.state != "COMPLETED" || !log.whole(self.options.tune_steps) {
            return Err(self.failed("tune", &facts, &folder));
        }
        let (first, last) = (log.losses.values().next().copied(), log.losses.values().next_back().copied());
        self.done(
            "tune",
            format!(
                "{} steps on account industry, loss {:.2} to {:.3}",
                self.options.tune_steps,
                first.unwrap_or(f64::NAN),
                last.unwrap_or(f64::NAN)
            ),
        );
        if self.tools.accounting {
            // Usage is added up once a minute.
            let said = self.fair_share(cluster)?;
            self.done("fair share", said);
        }
        Ok(())
    }

    /// Waits until the accounting has seen both tenants, then what it says of them.
    fn fair_share(&self, cluster: &Cluster) -> Result<String, PilotError> {
        let deadline = std::time::Instant::now() + Duration::from_secs(150);
        loop {
            let shares = cluster.fair_shares()?;
            let all = shares.len() >= 2 && shares.iter().all(|s| s.used > 0.0);
            if all || std::time::Instant::now() > deadline || self.stop.load(Ordering::Relaxed) {
                let each: Vec<String> = shares
                    .iter()
                    .map(|s| {
                        let (promised, used) = (100.0 * s.promised, 100.0 * s.used);
                        format!(
                            "{} was promised {promised:.0} % and used {used:.0} %: factor {:.2}",
                            s.account, s.factor
                        )
                    })
                    .collect();
                if !all {
                    return Err(PilotError::Broken(format!(
                        "sshare shows no usage of both tenants: {}",
                        each.join("; ")
                    )));
                }
                return Ok(each.join("; "));
            }
            std::thread::sleep(Duration::from_secs(2));
        }
    }

    fn integrate(&mut self, python: &Path, predicted: Option<&Predicted>) -> Result<(), PilotError> {
        (self.say)(
            "integrate: the tuned model behind an OpenAI-compatible endpoint, and an application that asks it",
        );
        let served = serve(
            python,
            &self.scripts,
            &self.folder.join("tune/served"),
            self.options.port + 15,
            &self.stop,
        )?;
        let answers = finished(
            Command::new(python)
                .arg(self.scripts.join("ask.py"))
                .arg(&served.url)
                .args(["am 3. März 2026", "14. Juli 1989"]),
            "ask.py",
        )?;
        let rows = served.asked(python, &self.scripts, "de", 30)?;
        let right = rows.iter().filter(|r| r.right).count();
        self.done(
            "integrate",
            format!("{}; {right} of {} German dates right", answers.trim().replace('\n', "; "), rows.len()),
        );
        if let Some(p) = predicted {
            let ttft: Vec<f64> = rows.iter().map(|r| 1e3 * r.ttft_s).collect();
            let tpot: Vec<f64> = rows.iter().map(|r| 1e3 * r.tpot_s).collect();
            let scores = [
                Score::of("date reader", "ttft_ms", p.ttft.ms(), p.ttft_band, &ttft),
                Score::of("date reader", "tpot_ms", p.tpot.ms(), p.tpot_band, &tpot),
            ];
            self.report.scores.extend(scores.into_iter().flatten());
        }
        Ok(())
    }
}

/// Kills the process whose id a file holds, as a failing node would.
fn kill(path: &Path) -> Result<(), PilotError> {
    let text = read(path)?;
    let id = text.trim().parse().ok().and_then(rustix::process::Pid::from_raw);
    let id = id.ok_or_else(|| PilotError::Broken(format!("{} holds no process id", path.display())))?;
    rustix::process::kill_process(id, rustix::process::Signal::KILL)
        .map_err(|e| PilotError::on(path, std::io::Error::from(e)))
}
