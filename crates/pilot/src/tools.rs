//! What the loop finds on this machine: Slurm, an interpreter with a training engine, a serving engine, room, ports.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::PilotError;

/// Room the pilot asks for: checkpoints, data and logs stay far below it.
pub(crate) const ROOM_MB: u64 = 500;

/// Ports taken from the first one: the controller, ten for Slurm's own, two nodes, the rendezvous of ranks, the endpoint.
pub(crate) const PORTS: u16 = 16;

const SLURM: [&str; 10] =
    ["munged", "slurmctld", "slurmd", "sbatch", "salloc", "srun", "squeue", "scontrol", "sinfo", "mknod"];

/// What was found.
#[derive(Debug, Clone)]
pub struct Tools {
    /// Version of Slurm, such as `22.05.8`.
    pub slurm: String,
    /// An interpreter, and its version of PyTorch; or why there is none.
    pub trainer: Result<(PathBuf, String), String>,
    /// Its version of mistral.rs, or why there is none.
    pub server: Result<String, String>,
    /// Whether accounting can be tried (slurmdbd and MariaDB).
    pub accounting: bool,
}

impl Tools {
    /// Looks for all of it; every missing program is named at once.
    ///
    /// # Errors
    /// Without Slurm, with one that is too old, or without root.
    pub fn find(python: Option<&Path>) -> Result<Tools, PilotError> {
        let missing: Vec<String> =
            SLURM.iter().filter(|p| find(p).is_none()).map(|p| (*p).to_owned()).collect();
        if !missing.is_empty() {
            return Err(PilotError::Missing(missing));
        }
        let said = answer(&find("slurmctld").unwrap_or_default(), &["-V"]).unwrap_or_default();
        let slurm = version(&said).unwrap_or_default();
        if release(&slurm) < Some((22, 5)) {
            return Err(PilotError::Version { found: if slurm.is_empty() { said } else { slurm } });
        }
        if !rustix::process::geteuid().is_root() {
            return Err(PilotError::NotRoot);
        }
        let trainer = trainer(python);
        let server = match &trainer {
            Ok((python, _)) => module(python, "mistralrs").map_err(|_| {
                format!("{} has no mistralrs: pip install mistralrs==0.9.5 for it", python.display())
            }),
            Err(why) => Err(why.clone()),
        };
        let accounting = ["slurmdbd", "mariadbd", "mariadb-install-db", "sacctmgr", "sshare"];
        Ok(Tools { slurm, trainer, server, accounting: accounting.iter().all(|p| find(p).is_some()) })
    }
}

impl Tools {
    /// An interpreter with PyTorch.
    ///
    /// # Errors
    /// Where there is none.
    pub fn trainer(python: Option<&Path>) -> Result<PathBuf, PilotError> {
        trainer(python).map(|(path, _)| path).map_err(PilotError::NoEngine)
    }
}

fn trainer(given: Option<&Path>) -> Result<(PathBuf, String), String> {
    let candidates = match given {
        Some(path) => vec![path.to_owned()],
        None => [find("python3"), Some(PathBuf::from("/usr/bin/python3"))].into_iter().flatten().collect(),
    };
    for python in &candidates {
        if let Ok(torch) = module(python, "torch") {
            return Ok((python.clone(), torch));
        }
    }
    let names: Vec<String> = candidates.iter().map(|p| p.display().to_string()).collect();
    Err(format!(
        "no PyTorch for {} (Debian: apt-get install python3-torch libopenblas0-pthread; or --python)",
        names.join(", ")
    ))
}

/// Version of a module of an interpreter, from its metadata where it has any: an import would take seconds.
fn module(python: &Path, name: &str) -> Result<String, String> {
    let script = format!(
        "import importlib.util, importlib.metadata as m, sys
if importlib.util.find_spec('{name}') is None: sys.exit(1)
try: print(m.version('{name}'))
except m.PackageNotFoundError: print('installed')"
    );
    answer(python, &["-c", &script]).map(|v| v.trim().to_owned()).ok_or_else(|| format!("no {name}"))
}

fn answer(program: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// `22.05.8` of `slurm-wlm 22.05.8`.
fn version(said: &str) -> Option<String> {
    said.split_whitespace().find(|w| w.starts_with(|c: char| c.is_ascii_digit())).map(str::to_owned)
}

fn release(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.split(['.', '-']);
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// A program of the path; daemons lie in sbin, which not every path has.
pub fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let more = ["/usr/sbin", "/sbin", "/usr/bin", "/bin", "/usr/local/sbin"].map(PathBuf::from);
    std::env::split_paths(&path).chain(more).map(|d| d.join(program)).find(|p| p.is_file())
}

/// Whether the ports are free and the folder has room.
///
/// # Errors
/// Where not.
pub(crate) fn check_place(folder: &Path, port: u16) -> Result<(), PilotError> {
    for p in port..port.saturating_add(PORTS) {
        TcpListener::bind(("127.0.0.1", p)).map_err(|_| PilotError::Port(p))?;
    }
    let space = rustix::fs::statvfs(folder).map_err(|e| PilotError::on(folder, std::io::Error::from(e)))?;
    let free = space.f_bavail * space.f_frsize / 1_000_000;
    if free < ROOM_MB {
        return Err(PilotError::Full { folder: folder.to_owned(), free, needed: ROOM_MB });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_are_compared_as_numbers() {
        let of = |said: &str| release(&version(said).unwrap_or_default());
        assert_eq!(of("slurm-wlm 22.05.8"), Some((22, 5)));
        assert!(of("slurm 9.11.2") < Some((22, 5)));
        assert!(of("slurm 23.11.4-1.2ubuntu5") > Some((22, 5)));
        assert_eq!(of("no version"), None);
        assert!(None < Some((22, 5)));
    }

    #[test]
    fn a_port_that_is_taken_is_named() {
        let taken = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = taken.local_addr().unwrap().port();
        assert!(matches!(check_place(Path::new("/"), port), Err(PilotError::Port(p)) if p == port));
    }
}
