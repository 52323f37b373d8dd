//! Does slurmctld accept every export, up to 12,500 nodes and 100,000 accelerators?

use std::path::Path;
use std::time::Instant;

use gigatwin_export::slurm::{ENFORCED, Workload, preemption, submission};
use gigatwin_operations::{Job, Layout, Links, Need, Size, Throttle, When};
use gigatwin_pilot::{Cluster, Machine};

use super::machine;
use crate::fault::Fault;
use crate::tree;

/// Port of the controller of this step: another one for each process, so that two may run side by side.
fn port() -> u16 {
    21_000 + (std::process::id() % 5_000) as u16
}

pub(super) fn run() -> Result<(), Fault> {
    let root = tree::root()?;
    let mut machines = Vec::new();
    let mut examples: Vec<_> = tree::files(&root.join("examples"), &["toml"])?;
    examples.retain(|p| p.parent() == Some(root.join("examples").as_path()));
    for path in examples {
        machines.push(machine::of_file(&path)?);
    }
    machines.push(machine::of_nodes(64)?);
    machines.push(machine::of_nodes(12_500)?);
    let mut faults = 0;
    println!("machine,nodes,accelerators,load_s,half_s,leaf_s,complaints,answer");
    for machine in &machines {
        match one(machine) {
            Ok(line) => println!("{line}"),
            Err(e) => {
                faults += 1;
                println!(
                    "{},{},{},,,,,{e}",
                    machine.name,
                    machine.cluster.nodes(),
                    machine.cluster.accelerators()
                );
            }
        }
    }
    match super::missing_of(&super::ACCOUNTING) {
        Some(missing) => println!("SKIPPED: {missing}. No accounts were tried."),
        None => println!("{}", accounted()?),
    }
    if faults == 0 { Ok(()) } else { Err(Fault::new(format!("{faults} exports were not accepted"))) }
}

/// Whether a controller with a database of accounts takes what the export enforces and who may stop whom.
fn accounted() -> Result<String, Fault> {
    let machine = machine::of_tenants(64)?;
    let folder = std::env::temp_dir().join(format!("gigatwin-slurm-{}-accounts", std::process::id()));
    let mut cluster = Cluster::start_with(&machine, &folder, port(), true, true)?;
    let config = cluster.client("scontrol", &["show", "config"])?;
    let qualities =
        cluster.client("sacctmgr", &["-n", "-P", "show", "qos", "format=Name,Preempt,PreemptMode"])?;
    // A job that names no class of access.
    let words = ["--test-only", "-A", "research", "-N", "1", "-t", "5", "--wrap", "sleep 1"];
    let said = cluster.output("sbatch", &words)?;
    let said = String::from_utf8_lossy(&said.stderr).trim().to_owned();
    cluster.stop();
    let _ = std::fs::remove_dir_all(&folder);
    if !said.contains("to start at") {
        return Err(Fault::new(format!("a job without a class, on the controller: {said}")));
    }
    let value = |key: &str| -> Option<&str> {
        let (name, value) =
            config.lines().filter_map(|l| l.split_once('=')).find(|(k, _)| k.trim() == key)?;
        (!name.is_empty()).then_some(value.trim())
    };
    let mut wanted: Vec<(&str, &str)> = vec![("AccountingStorageEnforce", ENFORCED)];
    let lines = preemption();
    // The time of exemption is shorter where jobs last for a minute.
    wanted.extend(lines.lines().filter_map(|l| l.split_once('=')).filter(|(k, _)| *k != "PreemptExemptTime"));
    for (key, expected) in wanted {
        let found = value(key).unwrap_or("nothing");
        if found != expected {
            return Err(Fault::new(format!("{key} is {found} on the controller, not {expected}")));
        }
    }
    if !qualities.lines().any(|l| l.starts_with("regular|scavenger|")) {
        return Err(Fault::new(format!("regular may not stop scavenger: {qualities}")));
    }
    Ok(format!("accounts: {ENFORCED} and preemption by quality of service accepted"))
}

fn one(machine: &Machine) -> Result<String, Fault> {
    let folder = std::env::temp_dir().join(format!("gigatwin-slurm-{}-{}", std::process::id(), machine.name));
    let start = Instant::now();
    let mut cluster = Cluster::start(machine, &folder, port(), true)?;
    let loaded = start.elapsed().as_secs_f64();
    let (partition, nodes, per_node) = machine::largest_partition(machine);
    let gres = format!("--gres=gpu:{per_node}");
    let ask = |count: u32, more: &[&str]| -> Result<f64, Fault> {
        let start = Instant::now();
        let number = count.to_string();
        let mut words =
            vec!["--test-only", "-p", &partition, "-N", &number, &gres, "--exclusive", "-t", "60"];
        words.extend(more);
        words.extend(["--wrap", "sleep 1"]);
        let output = cluster.output("sbatch", &words)?;
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        if output.status.success() && said.contains("to start at") {
            Ok(start.elapsed().as_secs_f64())
        } else {
            Err(Fault::new(format!("sbatch --test-only of {count} nodes: {said}")))
        }
    };
    let half = ask((nodes / 2).max(1), &[])?;
    let size =
        machine.cluster.partitions.iter().find(|p| p.nodes == nodes).map_or(1, |p| p.nodes_per_domain.max(1));
    let leaf = ask(size.min(nodes), &["--switches=1"])?;
    submit(&cluster, &folder, &partition, nodes, per_node)?;
    let complaints = cluster.complaints();
    for line in complaints.iter().take(3) {
        eprintln!("{}: {line}", machine.name);
    }
    cluster.stop();
    let _ = std::fs::remove_dir_all(&folder);
    Ok(format!(
        "{},{},{},{loaded:.1},{half:.2},{leaf:.2},{},accepted",
        machine.name,
        machine.cluster.nodes(),
        machine.cluster.accelerators(),
        complaints.len()
    ))
}

/// A script of jobs as `operate --out` writes it: two that depend on another, an array between them.
fn submit(cluster: &Cluster, folder: &Path, partition: &str, nodes: u32, per_node: u32) -> Result<(), Fault> {
    let job = |id, nodes| Job::nodes(id, 600, 90, 601, nodes);
    let part = |id| Job { size: Size::Gpus(1), ..job(id, 1) };
    let jobs = [job(1, (nodes / 2).max(1)), part(2), part(3), job(4, nodes)];
    let needs =
        [(1, 0, When::Ok), (2, 0, When::Ok), (3, 2, When::Any)].map(|(job, on, when)| Need { job, on, when });
    let array = Throttle { members: vec![1, 2], most: 1 };
    let links =
        Links::new(jobs.len(), needs.to_vec(), &[array], &[]).map_err(|f| Fault::new(format!("{f:?}")))?;
    let layout = Layout::flat(nodes, per_node);
    let workload =
        Workload { layout, jobs: &jobs, links: &links, accounts: &["site"], qos: &["regular"], header: "" };
    let path = folder.join("jobs.sh");
    std::fs::write(&path, submission(&workload).text).map_err(|e| Fault::new(e.to_string()))?;
    let mut bash = cluster.command("bash").map_err(|e| Fault::new(e.to_string()))?;
    // Nothing is accounted on this host.
    bash.envs([("PARTITION", partition), ("ACCOUNTS", "no")]).arg(&path);
    let output = bash.output().map_err(|e| Fault::new(e.to_string()))?;
    if !output.status.success() {
        return Err(Fault::new(format!("jobs.sh: {}", String::from_utf8_lossy(&output.stderr).trim())));
    }
    let queue = cluster.output("squeue", &["-h", "-r", "-o", "%j %E"])?;
    let text = String::from_utf8_lossy(&queue.stdout).into_owned();
    let of = |name: &str| text.lines().filter(|l| l.starts_with(name)).count();
    let waits = text.lines().filter(|l| l.contains("afterok:") || l.contains("afterany:")).count();
    if (of("twin-0 "), of("twin-1 "), of("twin-3 "), waits) == (1, 2, 1, 3) {
        Ok(())
    } else {
        Err(Fault::new(format!("jobs.sh left another queue than it says: {text}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the export enforces, on a real controller with accounts, where one is installed.
    #[test]
    fn a_real_controller_enforces_what_the_export_says() {
        if let Some(missing) =
            super::super::missing().or_else(|| super::super::missing_of(&super::super::ACCOUNTING))
        {
            println!("SKIPPED: {missing}. No accounts were tried on a real Slurm.");
            return;
        }
        match accounted() {
            Ok(line) => println!("{line}"),
            Err(e) => {
                let words = e.to_string();
                assert!(!words.contains("on the controller") && !words.contains("may not stop"), "{words}");
                println!("SKIPPED: {words}");
            }
        }
    }

    /// A small and a very large export on a real controller, where one is installed.
    #[test]
    fn a_real_controller_accepts_the_exports() {
        if let Some(missing) = super::super::missing() {
            println!("SKIPPED: {missing}. No export was tried on a real Slurm.");
            return;
        }
        for nodes in [64, 12_500] {
            let machine = crate::slurm::machine::of_nodes(nodes).expect("a machine");
            match one(&machine) {
                Ok(line) => println!("{line}"),
                // What the controller says of the configuration counts; that this host cannot start it does not.
                Err(e) => {
                    let words = e.to_string();
                    assert!(
                        !words.contains("fatal") && !words.contains("--test-only"),
                        "{nodes} nodes: {words}"
                    );
                    println!("SKIPPED: {words}");
                }
            }
        }
    }
}
