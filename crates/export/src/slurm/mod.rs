//! A whole machine for Slurm: configuration, topology, accelerators, accounts and classes of access.
//!
//! Options are those of Slurm 22.05 as Debian 12 ships it, which also later releases read; what only later releases know stands in
//! files of its own and says so.

mod accounts;
mod classes;
mod conf;
mod names;
mod rest;
mod topology;

pub use classes::{ACCESS_CLASSES, AccessClass};
pub use conf::{SCHEDULER, WEIGHTS};
pub use names::{ascii, range};

use gigatwin_factory::{ClusterPartition, SiteCluster};

use crate::ExportFile;

/// Where the configuration is to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Placement {
    /// On the machine itself: host names are those of its nodes.
    Site,
    /// Every node is a daemon of its own on this host, on ports from `port`; files lie below `root`. Nothing is accounted: priority is
    /// the order of submission.
    Emulated {
        /// Short name of this host.
        host: String,
        /// Absolute path of the folder for state, logs and sockets.
        root: String,
        /// Port of the controller; nodes take the ports after the next nine.
        port: u16,
    },
    /// The controller alone on this host, with nodes that are never started: it accepts the configuration and plans.
    Planned {
        /// Short name of this host.
        host: String,
        /// Absolute path of the folder for state, logs and sockets.
        root: String,
        /// Port of the controller.
        port: u16,
    },
}

/// What an export of a machine is made of.
#[derive(Debug, Clone, Copy)]
pub struct ClusterExport<'a> {
    /// Name of the cluster.
    pub name: &'a str,
    /// The machine.
    pub cluster: &'a SiteCluster,
    /// Where it is to run.
    pub placement: &'a Placement,
    /// First lines of each file, without comment signs.
    pub header: &'a str,
}

impl ClusterExport<'_> {
    fn comment(&self) -> String {
        self.header.lines().map(|l| format!("# {l}\n")).collect()
    }

    /// Prefix of a partition's node names.
    fn prefix(&self, p: &ClusterPartition) -> String {
        format!("{}-", ascii(&p.name))
    }

    /// All nodes of a partition.
    fn all(&self, p: &ClusterPartition) -> String {
        range(&self.prefix(p), 1, p.nodes, p.nodes)
    }

    fn account_cluster(&self) -> String {
        ascii(self.name)
    }
}

/// The files of a machine for Slurm.
///
/// `slurm.conf`, `gres.conf`, `cgroup.conf`, `topology.conf` (a tree); on the machine itself also the same topology as blocks
/// for releases from 23.11 (`topology-block.conf`) and 25.05 (`topology.yaml`), `accounts.sh` with the tree of accounts and the classes of access,
/// `maintenance.sh` and `job_submit.lua`.
pub fn slurm(export: &ClusterExport<'_>) -> Vec<ExportFile> {
    let file = |name: &str, text: String| ExportFile { name: name.to_owned(), text };
    let mut files = vec![
        file("slurm.conf", conf::slurm_conf(export)),
        file("gres.conf", conf::gres_conf(export)),
        file("cgroup.conf", conf::cgroup_conf(export)),
        file("topology.conf", topology::tree(export)),
    ];
    if *export.placement == Placement::Site {
        files.push(file("topology-block.conf", topology::blocks(export)));
        files.push(file("topology.yaml", topology::yaml(export)));
        files.push(file("accounts.sh", accounts::script(export)));
        files.push(file("maintenance.sh", rest::maintenance(export)));
        files.push(file("job_submit.lua", rest::job_submit(export)));
    }
    files
}
