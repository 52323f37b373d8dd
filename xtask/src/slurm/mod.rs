//! `cargo xtask slurm`: the exports against a real Slurm on this machine, on loopback.
//!
//! Needs slurmctld, slurmd, sbatch and munged (Debian: `apt-get install slurm-wlm munge`) and root, because daemons of a cluster run as root. Whatever
//! is started is stopped by its process id, also when a step fails.

mod accept;
mod kind;
mod loops;
mod machine;
mod records;
mod replay;
mod workload;

use std::process::{Command, Stdio};

use gigatwin_pilot::find;

use kind::Kind;

use crate::fault::Fault;

/// What a cluster with accounts needs beside.
const ACCOUNTING: [&str; 3] = ["slurmdbd", "sacctmgr", "mariadbd"];

/// What one call of the chore is to do.
pub fn run(words: &[&str]) -> Result<(), Fault> {
    if let Some(missing) = missing() {
        println!("SKIPPED: {missing}. Nothing was compared with a real Slurm.");
        return Ok(());
    }
    match words {
        ["accept"] => accept::run(),
        ["replay", options @ ..] => replay::run(&replay::Options::read(options)?, Kind::Plain),
        ["partitions", options @ ..] => replay::run(&replay::Options::read(options)?, Kind::Partitions),
        ["chains", options @ ..] => replay::run(&replay::Options::read(options)?, Kind::Chains),
        [kind @ ("shares" | "preempt"), options @ ..] => match missing_of(&ACCOUNTING) {
            Some(missing) => {
                println!("SKIPPED: {missing}. No accounts were compared with a real Slurm.");
                Ok(())
            }
            None => {
                let kind = if *kind == "shares" { Kind::Shares } else { Kind::Preempt };
                replay::run(&replay::Options::read(options)?, kind)
            }
        },
        _ => Err(Fault::new(format!("no such step: slurm {}", words.join(" ")))),
    }
}

/// Why nothing can be run here.
fn missing() -> Option<String> {
    if let Some(missing) =
        missing_of(&["munged", "slurmctld", "slurmd", "sbatch", "squeue", "scontrol", "sinfo", "mknod"])
    {
        return Some(missing);
    }
    let user = Command::new("id").arg("-u").stderr(Stdio::null()).output().ok()?;
    let root = String::from_utf8_lossy(&user.stdout).trim() == "0";
    (!root).then(|| "the daemons of a cluster need root".to_owned())
}

/// The first of these programs that is not there.
fn missing_of(programs: &[&str]) -> Option<String> {
    let absent = programs.iter().find(|p| find(p).is_none())?;
    Some(format!(
        "{absent} is not installed (Debian: apt-get install slurm-wlm munge slurmdbd mariadb-server)"
    ))
}
