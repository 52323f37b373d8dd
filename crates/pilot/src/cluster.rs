//! The daemons of one emulated cluster: started in a folder of their own, stopped by process id.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use gigatwin_export::slurm::Placement;

use crate::tools::find;
use crate::{Machine, PilotError, accounts};

/// A running cluster; dropping it stops what it started.
pub struct Cluster {
    /// Its folder: configuration, state, logs, sockets.
    pub root: PathBuf,
    nodes: u32,
    started: bool,
}

impl Cluster {
    /// Writes the export below `root` and starts munged, slurmctld and, unless it is only planned, one slurmd per node.
    ///
    /// # Errors
    /// Where a file cannot be written or a daemon does not come up; what was started is stopped.
    pub fn start(machine: &Machine, root: &Path, port: u16, planned: bool) -> Result<Cluster, PilotError> {
        Cluster::start_with(machine, root, port, planned, false)
    }

    /// The same, with a database of accounts where `accounting` is wanted.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_with(
        machine: &Machine,
        root: &Path,
        port: u16,
        planned: bool,
        accounting: bool,
    ) -> Result<Cluster, PilotError> {
        Cluster::start_changed(machine, root, port, planned, accounting, &|conf| conf)
    }

    /// The same, with an own word on its `slurm.conf`.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_changed(
        machine: &Machine,
        root: &Path,
        port: u16,
        planned: bool,
        accounting: bool,
        change: &dyn Fn(String) -> String,
    ) -> Result<Cluster, PilotError> {
        for folder in ["run", "log", "state", "spool", "dev"] {
            let path = root.join(folder);
            fs::create_dir_all(&path).map_err(|e| PilotError::on(&path, e))?;
        }
        let root = fs::canonicalize(root).map_err(|e| PilotError::on(root, e))?;
        let text = root.display().to_string();
        let host = host()?;
        let placement = if planned {
            Placement::Planned { host, root: text, port }
        } else {
            Placement::Emulated { host, root: text, port }
        };
        for file in machine.files(&placement) {
            let path = root.join(&file.name);
            let text = if file.name == "slurm.conf" { change(file.text) } else { file.text };
            fs::write(&path, text).map_err(|e| PilotError::on(&path, e))?;
        }
        let mut cluster = Cluster { root, nodes: 0, started: true };
        cluster.key()?;
        cluster.daemon("munged", &munge(&cluster.root))?;
        if accounting {
            accounts::rewrite(&cluster.root, port + 1)?;
            cluster.start_accounting(machine, port + 1)?;
        }
        cluster.daemon("slurmctld", &["-c".to_owned()])?;
        cluster.wait_for("the controller", Duration::from_secs(120), |c| {
            c.client("scontrol", &["ping"]).is_ok_and(|o| o.contains("UP"))
        })?;
        if accounting {
            cluster.fill(machine)?;
        }
        if !planned {
            cluster.devices(machine)?;
            let names = cluster.client("sinfo", &["-h", "-N", "-o", "%N"])?;
            for name in names.lines().map(str::trim).filter(|n| !n.is_empty()) {
                let spool = cluster.root.join("spool").join(name);
                fs::create_dir_all(&spool).map_err(|e| PilotError::on(&spool, e))?;
                cluster.daemon("slurmd", &["-N".to_owned(), name.to_owned()])?;
                cluster.nodes += 1;
            }
            let nodes = cluster.nodes;
            cluster.wait_for("all nodes to be idle", Duration::from_secs(300), |c| {
                c.client("sinfo", &["-h", "-N", "-t", "idle", "-o", "%N"])
                    .is_ok_and(|o| o.lines().filter(|l| !l.trim().is_empty()).count() as u32 >= nodes)
            })?;
            // By now each has written down its process id.
            for name in names.lines().map(str::trim).filter(|n| !n.is_empty()) {
                few_files(&cluster.root, name);
            }
        }
        Ok(cluster)
    }

    /// A client of Slurm; its standard output.
    pub fn client(&self, program: &str, arguments: &[&str]) -> Result<String, PilotError> {
        let output = self.output(program, arguments)?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let words = String::from_utf8_lossy(&output.stderr);
        let program = format!("{program} {}", arguments.join(" "));
        Err(PilotError::Program { program, said: words.trim().to_owned() })
    }

    /// A client of Slurm with both streams.
    pub fn output(&self, program: &str, arguments: &[&str]) -> Result<Output, PilotError> {
        self.command(program)?.args(arguments).output().map_err(|e| PilotError::on(Path::new(program), e))
    }

    /// A program of Slurm with nothing of the caller's environment but the path.
    pub fn command(&self, program: &str) -> Result<Command, PilotError> {
        let path = find(program).ok_or_else(|| PilotError::Missing(vec![program.to_owned()]))?;
        let mut command = Command::new(path);
        command
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .env(
                "SLURM_CONF",
                self.root.join(if program == "slurmdbd" { "slurmdbd.conf" } else { "slurm.conf" }),
            )
            // Where the client of the database looks for it.
            .env("MYSQL_UNIX_PORT", self.root.join("run/mysql.sock"))
            .current_dir("/")
            .stdin(Stdio::null());
        Ok(command)
    }

    /// Errors of the controller's log that do not come from the emulation.
    pub fn complaints(&self) -> Vec<String> {
        // No MPI, no mail and no earlier state are there: the controller says so once.
        const USUAL: [&str; 8] = [
            "backup state save",
            "mpi",
            "pmix",
            "State file",
            "state file",
            "MailProg",
            "No such file",
            "Could not open",
        ];
        let text = fs::read_to_string(self.root.join("log/slurmctld.log")).unwrap_or_default();
        text.lines()
            .filter(|l| l.contains("error") || l.contains("fatal"))
            .filter(|l| !USUAL.iter().any(|u| l.contains(u)))
            .map(str::to_owned)
            .collect()
    }

    fn key(&self) -> Result<(), PilotError> {
        let path = self.root.join("munge.key");
        let mut bytes = vec![0u8; 1024];
        let from = Path::new("/dev/urandom");
        use std::io::Read as _;
        fs::File::open(from)
            .and_then(|mut f| f.read_exact(&mut bytes))
            .map_err(|e| PilotError::on(from, e))?;
        let _ = fs::remove_file(&path);
        fs::write(&path, &bytes).map_err(|e| PilotError::on(&path, e))?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).map_err(|e| PilotError::on(&path, e))
    }

    /// Character devices that stand in for accelerators: Slurm wants a file of its own for each.
    fn devices(&self, machine: &Machine) -> Result<(), PilotError> {
        let most = machine.cluster.partitions.iter().map(|p| p.per_node).max().unwrap_or(0);
        for i in 0..most {
            let path = self.root.join(format!("dev/gpu{i}"));
            if !path.exists() {
                // The null device under another name.
                self.client("mknod", &[&path.display().to_string(), "c", "1", "3"])?;
            }
        }
        Ok(())
    }

    /// Starts a daemon, which goes into the background by itself.
    ///
    /// # Errors
    /// Where it ends with an error.
    pub fn daemon(&self, program: &str, arguments: &[String]) -> Result<(), PilotError> {
        let status = self
            .command(program)?
            .args(arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .map_err(|e| PilotError::on(Path::new(program), e))?;
        if status.success() {
            Ok(())
        } else {
            let log = fs::read_to_string(self.root.join(format!("log/{program}.log"))).unwrap_or_default();
            let said = log.lines().rfind(|l| l.contains("fatal")).unwrap_or("no reason in its log");
            Err(PilotError::Daemon {
                what: format!("{program} ended at once: {said}"),
                logs: self.root.join("log"),
            })
        }
    }

    /// Waits until something is so.
    ///
    /// # Errors
    /// Where it is not after `most`.
    pub fn wait_for(
        &self,
        what: &str,
        most: Duration,
        done: impl Fn(&Cluster) -> bool,
    ) -> Result<(), PilotError> {
        let start = Instant::now();
        while start.elapsed() < most {
            if done(self) {
                return Ok(());
            }
            if let Some(line) = self.fatal() {
                let what = format!("waiting for {what}: {line}");
                return Err(PilotError::Daemon { what, logs: self.root.join("log") });
            }
            sleep(Duration::from_millis(500));
        }
        let what = format!("waited {} s for {what} in vain", most.as_secs());
        Err(PilotError::Daemon { what, logs: self.root.join("log") })
    }

    /// Why the controller gave up, if it did.
    fn fatal(&self) -> Option<String> {
        let text = fs::read_to_string(self.root.join("log/slurmctld.log")).ok()?;
        text.lines().find(|l| l.contains("fatal:")).map(str::to_owned)
    }

    /// Stops every daemon that left its process id here.
    pub fn stop(&mut self) {
        if !std::mem::take(&mut self.started) {
            return;
        }
        let Ok(list) = fs::read_dir(self.root.join("run")) else { return };
        let mut ids: Vec<(String, u32)> = list
            .filter_map(Result::ok)
            .filter_map(|e| {
                let name = e.file_name().to_string_lossy().into_owned();
                let id = fs::read_to_string(e.path()).ok().filter(|_| name.ends_with(".pid"))?;
                Some((name, id.trim().parse().ok()?))
            })
            .collect();
        // The controller first, the credentials last.
        ids.sort_by_key(|(name, _)| {
            (
                name.starts_with("munged"),
                name.starts_with("mariadbd"),
                !name.starts_with("slurmctld"),
                name.clone(),
            )
        });
        for (_, id) in &ids {
            let _ = self.command("kill").map(|mut c| c.arg(id.to_string()).stderr(Stdio::null()).status());
        }
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(20) && ids.iter().any(|(_, id)| alive(*id)) {
            sleep(Duration::from_millis(200));
        }
        for (_, id) in ids.iter().filter(|(_, id)| alive(*id)) {
            let _ = self.command("kill").map(|mut c| c.args(["-9", &id.to_string()]).status());
        }
        // Jobs outlive the daemons that started them.
        for id in leftover(&self.root) {
            let _ = rustix::process::kill_process(id, rustix::process::Signal::KILL);
        }
    }
}

/// Lets the daemon of a node and what it starts open few files. Each of its jobs closes, one by one, all that it might have open: with the
/// tens of thousands that hosts allow that is most of what a short job costs.
fn few_files(root: &Path, node: &str) {
    use rustix::process::{Pid, Resource, Rlimit, prlimit};
    let path = root.join(format!("run/slurmd.{node}.pid"));
    let id = fs::read_to_string(path).ok().and_then(|text| Pid::from_raw(text.trim().parse().ok()?));
    let limit = Rlimit { current: Some(512), maximum: Some(512) };
    // Where the host has it otherwise, jobs only start more slowly.
    let _ = id.map(|id| prlimit(Some(id), Resource::Nofile, limit));
}

/// Whether a process runs; one that ended and waits for its parent does not.
fn alive(id: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    // The state follows the name, which stands in brackets and may hold anything.
    stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with('Z'))
}

/// Processes that a cluster in this folder started: all have its configuration in their environment.
fn leftover(root: &Path) -> Vec<rustix::process::Pid> {
    let conf = root.join("slurm.conf");
    let mark = format!("SLURM_CONF={}", conf.display());
    let Ok(list) = fs::read_dir("/proc") else { return Vec::new() };
    list.filter_map(Result::ok)
        .filter_map(|e| {
            let id = e.file_name().to_str()?.parse().ok()?;
            let environment = fs::read(e.path().join("environ")).ok()?;
            let ours = environment.split(|b| *b == 0).any(|v| v == mark.as_bytes());
            ours.then(|| rustix::process::Pid::from_raw(id)).flatten()
        })
        .collect()
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.stop();
    }
}

fn munge(root: &Path) -> Vec<String> {
    let path = |name: &str| root.join(name).display().to_string();
    vec![
        "--force".to_owned(),
        format!("--key-file={}", path("munge.key")),
        format!("--socket={}", path("run/munge.socket")),
        format!("--pid-file={}", path("run/munged.pid")),
        format!("--log-file={}", path("log/munged.log")),
        format!("--seed-file={}", path("run/munge.seed")),
        "--num-threads=8".to_owned(),
    ]
}

/// Short name of this host, which Slurm compares with its own.
pub(crate) fn host() -> Result<String, PilotError> {
    let path = Path::new("/proc/sys/kernel/hostname");
    let name = fs::read_to_string(path).map_err(|e| PilotError::on(path, e))?;
    Ok(name.trim().split('.').next().unwrap_or("localhost").to_owned())
}
