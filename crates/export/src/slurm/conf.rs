//! `slurm.conf`, `gres.conf` and `cgroup.conf`.

use gigatwin_factory::ClusterPartition;
use gigatwin_operations::{Multifactor, SlurmSettings};

use super::names::ascii;
use super::topology::plugin;
use super::{ClusterExport, Placement};

/// How the scheduler looks ahead: the settings of the simulation of the running site.
fn scheduler() -> String {
    let s = SlurmSettings::default();
    format!(
        "bf_continue,bf_interval={},bf_max_job_test={},bf_resolution={},bf_window={},default_queue_depth={}",
        s.bf_interval,
        s.bf_max_job_test,
        s.bf_resolution,
        s.bf_window / 60,
        s.default_queue_depth
    )
}

/// Cores and memory (MB) per accelerator that a host is taken to have at least. The catalog does not hold hosts: the smallest of the systems in it
/// have 14 cores (DGX H100: 112 cores, 2 TB, 8 accelerators) and 120 GB (GH200). A host that has more keeps it unused until the line is corrected.
pub(crate) const CORES: u32 = 12;
/// Memory of a host per accelerator in megabytes; see [`CORES`].
pub(crate) const MEMORY_MB: u32 = 100_000;

/// Weights of the multifactor priority, those of the simulation of the running site: fair share leads, then the class of access, then age.
pub fn weights() -> String {
    let m = Multifactor::default();
    format!(
        "PriorityType=priority/multifactor
PriorityDecayHalfLife={}
PriorityCalcPeriod={}
PriorityMaxAge={}
PriorityFavorSmall=NO
PriorityWeightAge={:.0}
PriorityWeightFairshare={:.0}
PriorityWeightJobSize={:.0}
PriorityWeightPartition=0
PriorityWeightQOS={:.0}
",
        m.half_life / 60,
        m.calc_period / 60,
        m.max_age / 60,
        m.age,
        m.fair_share,
        m.size,
        m.qos
    )
}

/// What is checked before a job starts. `limits` is also what makes the controller charge an account when a job of its ends: without it fair share
/// would count running jobs alone.
pub const ENFORCED: &str = "associations,limits,qos,safe";

/// Who may stop whom: qualities of service say so, what they stop waits again, and nothing is stopped within its first half hour.
pub fn preemption() -> String {
    "PreemptType=preempt/qos\nPreemptMode=REQUEUE\nPreemptExemptTime=00:30:00\n".to_owned()
}

pub(super) fn slurm_conf(export: &ClusterExport<'_>) -> String {
    let mut out = export.comment();
    let accelerators = export.cluster.accelerators();
    out.push_str(&format!("# {} nodes, {accelerators} accelerators\n", export.cluster.nodes()));
    out.push_str(&format!("ClusterName={}\n", export.account_cluster()));
    out.push_str(&match export.placement {
        Placement::Site => site(),
        Placement::Emulated { host, root, port } => loopback(host, root, *port, false),
        Placement::Planned { host, root, port } => loopback(host, root, *port, true),
    });
    out.push_str(&format!(
        "\n# Scheduling
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerType=sched/backfill
SchedulerParameters={}
TopologyPlugin={}
GresTypes=gpu
EnforcePartLimits=ALL
MaxJobCount=200000
MaxArraySize=20001
DefMemPerCPU={}
",
        scheduler(),
        plugin(export.placement),
        MEMORY_MB / CORES
    ));
    out.push_str("\n# Nodes: cores and memory are a lower bound for hosts of such accelerators; correct them to yours.\n");
    let mut ports = match export.placement {
        Placement::Emulated { port, .. } => u32::from(*port) + 10,
        Placement::Planned { port, .. } => u32::from(*port) + 10,
        Placement::Site => 0,
    };
    for p in &export.cluster.partitions {
        out.push_str(&node_line(export, p, &mut ports));
    }
    out.push_str("\n# Partitions\n");
    let longest = export.cluster.classes.iter().map(super::accounts::longest_hours).max().unwrap_or(24);
    for (i, p) in export.cluster.partitions.iter().enumerate() {
        out.push_str(&format!(
            "PartitionName={} Nodes={} Default={} MaxTime={longest}:00:00 DefaultTime=01:00:00 OverSubscribe=NO State=UP\n",
            ascii(&p.name),
            export.all(p),
            if i == 0 { "YES" } else { "NO" }
        ));
    }
    out
}

fn node_line(export: &ClusterExport<'_>, p: &ClusterPartition, ports: &mut u32) -> String {
    let cores = CORES * p.per_node;
    let sockets = if cores.is_multiple_of(2) { 2 } else { 1 };
    let hardware = format!(
        "CPUs={cores} Boards=1 SocketsPerBoard={sockets} CoresPerSocket={} ThreadsPerCore=1 RealMemory={} Gres=gpu:{}:{} Feature={},{}",
        cores / sockets,
        MEMORY_MB * p.per_node,
        ascii(&p.accelerator),
        p.per_node,
        ascii(&p.accelerator),
        ascii(&p.system),
    );
    let nodes = export.all(p);
    match export.placement {
        Placement::Site => format!("NodeName={nodes} {hardware} State=UNKNOWN\n"),
        Placement::Emulated { host, .. } => {
            let first = *ports;
            *ports += p.nodes;
            let list =
                if p.nodes == 1 { first.to_string() } else { format!("[{first}-{}]", first + p.nodes - 1) };
            format!(
                "NodeName={nodes} NodeHostname={host} NodeAddr=127.0.0.1 Port={list} {hardware} State=UNKNOWN\n"
            )
        }
        Placement::Planned { host, .. } => {
            format!(
                "NodeName={nodes} NodeHostname={host} NodeAddr=127.0.0.1 Port={ports} {hardware} State=CLOUD\n"
            )
        }
    }
}

fn site() -> String {
    format!(
        "SlurmctldHost=head1
SlurmctldHost=head2
AuthType=auth/munge
CredType=cred/munge
SlurmUser=slurm
StateSaveLocation=/var/spool/slurmctld
SlurmdSpoolDir=/var/spool/slurmd
SlurmctldPidFile=/run/slurmctld.pid
SlurmdPidFile=/run/slurmd.pid
SlurmctldLogFile=/var/log/slurm/slurmctld.log
SlurmdLogFile=/var/log/slurm/slurmd.log
ProctrackType=proctrack/cgroup
TaskPlugin=task/cgroup,task/affinity
PropagateResourceLimits=NONE
ReturnToService=1
RebootProgram=/usr/sbin/reboot
SlurmctldTimeout=300
SlurmdTimeout=300
HealthCheckInterval=300
HealthCheckNodeState=ANY
#HealthCheckProgram=/usr/local/sbin/node-health
#JobSubmitPlugins=lua
TreeWidth=128

# Who pays: accounts.sh fills the database
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=head1
AccountingStorageEnforce={ENFORCED}
AccountingStorageTRES=gres/gpu
JobAcctGatherType=jobacct_gather/cgroup

# Priority
{weights}{preemption}",
        weights = weights(),
        preemption = preemption()
    )
}

/// One host plays the whole machine: files below `root`, nothing accounted. Accounting needs a database, and without it fair share and age
/// count for nothing: priority is the order of submission.
fn loopback(host: &str, root: &str, port: u16, planned: bool) -> String {
    let cloud = if planned {
        "SuspendTime=-1
SuspendProgram=/bin/true
ResumeProgram=/bin/true
ResumeTimeout=600
SuspendTimeout=30
"
    } else {
        ""
    };
    format!(
        "SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={port}
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket={root}/run/munge.socket
SlurmUser=root
SlurmdUser=root
StateSaveLocation={root}/state
SlurmdSpoolDir={root}/spool/%n
SlurmctldPidFile={root}/run/slurmctld.pid
SlurmdPidFile={root}/run/slurmd.%n.pid
SlurmctldLogFile={root}/log/slurmctld.log
SlurmdLogFile={root}/log/slurmd.%n.log
SlurmctldDebug=info
SlurmdDebug=error
ProctrackType=proctrack/pgid
TaskPlugin=task/none
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/filetxt
JobCompLoc={root}/log/jobcomp.txt
PropagateResourceLimits=NONE
ReturnToService=2
SlurmdParameters=config_overrides
SlurmdTimeout=0
InactiveLimit=0
MessageTimeout=60
BatchStartTimeout=120
MinJobAge=3600
TreeWidth=65533
PriorityType=priority/basic
{cloud}"
    )
}

pub(super) fn gres_conf(export: &ClusterExport<'_>) -> String {
    let mut out = export.comment();
    for p in &export.cluster.partitions {
        let chip = ascii(&p.accelerator);
        match export.placement {
            Placement::Site => {
                let find = if chip.starts_with("mi") { "rsmi" } else { "nvml" };
                out.push_str(&format!("NodeName={} AutoDetect={find}\n", export.all(p)));
            }
            Placement::Emulated { root, .. } => {
                let last = p.per_node.saturating_sub(1);
                let files = if last == 0 { "0".to_owned() } else { format!("[0-{last}]") };
                out.push_str(&format!(
                    "NodeName={} Name=gpu Type={chip} File={root}/dev/gpu{files}\n",
                    export.all(p)
                ));
            }
            Placement::Planned { .. } => {}
        }
    }
    out
}

pub(super) fn cgroup_conf(export: &ClusterExport<'_>) -> String {
    let site = "ConstrainCores=yes\nConstrainDevices=yes\nConstrainRAMSpace=yes\n";
    let other = "CgroupPlugin=cgroup/v1\nCgroupAutomount=no\nConstrainCores=no\n";
    export.comment() + if *export.placement == Placement::Site { site } else { other }
}
