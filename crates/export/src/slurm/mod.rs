//! A whole machine for Slurm: configuration, topology, accelerators, accounts and classes of access.
//!
//! Options are those of Slurm 22.05 as Debian 12 ships it, which also later releases read; what only later releases know stands in
//! files of its own and says so.

mod accounts;
mod conf;
mod names;
mod rest;
mod submit;
mod topology;

pub use accounts::priority;
pub(crate) use conf::{CORES, MEMORY_MB};
pub use conf::{ENFORCED, preemption, weights};
pub use names::{ascii, range};
pub use submit::{Workload, submission};

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

#[cfg(test)]
pub(crate) use tests::sample;

#[cfg(test)]
mod tests {
    use super::*;
    use gigatwin_factory::ClusterTenant;
    use gigatwin_quantity::{HourPrice, Share};

    /// Forty nodes in racks of eighteen on one network, three older ones on another; three tenants.
    pub(crate) fn sample() -> SiteCluster {
        let partition =
            |name: &str, accelerator: &str, fabric: &str, nodes, per_node, domain, leaf| ClusterPartition {
                name: name.to_owned(),
                system: "a system".to_owned(),
                accelerator: accelerator.to_owned(),
                fabric: fabric.to_owned(),
                nodes,
                per_node,
                nodes_per_domain: domain,
                nodes_per_leaf: leaf,
            };
        let share = |percent: f64| Share::from_fraction(percent / 100.0);
        let tenant = |name: &str, percent: Option<f64>| ClusterTenant {
            name: name.to_owned(),
            kind: name.to_owned(),
            share: percent.map(share),
            classes: Vec::new(),
            states: Vec::new(),
            price: None,
        };
        let mut union = tenant("union", Some(20.0));
        union.classes = vec![("sme".to_owned(), share(40.0)), ("research".to_owned(), share(60.0))];
        let mut states = tenant("states", Some(30.0));
        states.states = vec![("de".to_owned(), share(75.0)), ("fr".to_owned(), share(25.0))];
        SiteCluster {
            partitions: vec![
                partition("train", "gb300", "rail", 40, 4, 18, 36),
                partition("old", "mi300x", "front", 3, 8, 1, 2),
            ],
            tenants: vec![union, states, tenant("industry", None)],
            classes: gigatwin_factory::access_classes(&gigatwin_catalog::Catalog::embedded())
                .expect("classes"),
            maintenance: share(2.0),
            rules: Vec::new(),
            available_hours: Some(1e6),
            utilisation: share(80.0),
            market_price: HourPrice::from_eur_per_h(3.0),
            cost: None,
        }
    }

    fn texts(placement: &Placement) -> Vec<ExportFile> {
        let cluster = sample();
        slurm(&ClusterExport { name: "Größe 1", cluster: &cluster, placement, header: "one\ntwo" })
    }

    fn text(placement: &Placement, name: &str) -> String {
        texts(placement).into_iter().find(|f| f.name == name).map(|f| f.text).expect("file")
    }

    #[test]
    fn every_node_stands_once_and_below_one_top() {
        let conf = text(&Placement::Site, "slurm.conf");
        assert!(conf.starts_with("# one\n# two\n") && conf.contains("ClusterName=groesse-1\n"));
        assert!(conf.contains("NodeName=train-[01-40] CPUs=48 ") && conf.contains("Gres=gpu:gb300:4"));
        assert!(
            conf.contains("NodeName=old-[1-3] CPUs=96 ")
                && conf.contains("PartitionName=old Nodes=old-[1-3]")
        );
        let tree = text(&Placement::Site, "topology.conf");
        let lines: Vec<&str> = tree.lines().filter(|l| !l.starts_with('#')).collect();
        assert_eq!(
            lines,
            [
                "SwitchName=train-nvl1 Nodes=train-[01-18]",
                "SwitchName=train-nvl2 Nodes=train-[19-36]",
                "SwitchName=train-nvl3 Nodes=train-[37-40]",
                "SwitchName=train-leaf1 Switches=train-nvl[1-2]",
                "SwitchName=train-leaf2 Switches=train-nvl3",
                "SwitchName=old-leaf1 Nodes=old-[1-2]",
                "SwitchName=old-leaf2 Nodes=old-3",
                "SwitchName=net-rail Switches=train-leaf1,train-leaf2",
                "SwitchName=net-front Switches=old-leaf1,old-leaf2",
            ]
        );
        let blocks = text(&Placement::Site, "topology-block.conf");
        assert!(blocks.contains("UNTESTED") && blocks.ends_with("BlockSizes=2\n"));
    }

    #[test]
    fn accounts_follow_the_tenants() {
        let script = text(&Placement::Site, "accounts.sh");
        for line in [
            "add account union cluster=groesse-1 fairshare=2000 ",
            "add account union-sme parent=union cluster=groesse-1 fairshare=4000 qos=playground,fastlane,",
            "add account states-fr parent=states cluster=groesse-1 fairshare=2500 ",
            "add account industry cluster=groesse-1 fairshare=1 ",
            "$SACCTMGR modify qos development set priority=700 maxwall=4:00:00 preemptmode=requeue ",
        ] {
            assert!(script.contains(line), "{line} in\n{script}");
        }
    }

    #[test]
    fn on_one_host_every_node_has_a_port_and_nothing_is_accounted() {
        let placement = Placement::Emulated { host: "h".to_owned(), root: "/r".to_owned(), port: 7000 };
        let conf = text(&placement, "slurm.conf");
        assert!(conf.contains("Port=[7010-7049]") && conf.contains("Port=[7050-7052]"));
        assert!(
            conf.contains("AccountingStorageType=accounting_storage/none")
                && conf.contains("StateSaveLocation=/r/state")
        );
        assert!(!texts(&placement).iter().any(|f| f.name == "accounts.sh"));
        let planned = Placement::Planned { host: "h".to_owned(), root: "/r".to_owned(), port: 7000 };
        assert_eq!(text(&planned, "slurm.conf").matches("State=CLOUD").count(), 2);
    }

    #[test]
    fn a_window_a_month_is_the_share_of_the_file() {
        // 2 % of 730.5 hours.
        assert!(text(&Placement::Site, "maintenance.sh").contains("duration=877 "));
    }
}
