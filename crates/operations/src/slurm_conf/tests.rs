use proptest::prelude::*;

use super::*;

const CONF: &str = "ClusterName=twin # a comment\n\
    SchedulerType=sched/backfill\n\
    schedulerparameters=bf_interval=5,bf_window=10080,bf_resolution=60,bf_max_job_test=5000,bf_continue,defer,sched_min_interval=3000000\n\
    PriorityType=priority/multifactor\n\
    PriorityDecayHalfLife=1-0\n\
    PriorityCalcPeriod=1\n\
    PriorityMaxAge=14-0\n\
    PriorityWeightAge=1000\n\
    PriorityWeightFairshare=100000\n\
    NodeName=DEFAULT CPUs=64 RealMemory=500000\n\
    NodeName=n[001-062,080] \\\n  Gres=gpu:h100:8(S:0,1) State=UNKNOWN\n\
    NodeName=r[1-2]c[01-03] Gres=gpu:4 CPUs=32\n\
    NodeName=n081 Gres=gpu:h100:8 State=DOWN Reason=\"fan = broken\"\n\
    NodeName=login[1-2] Sockets=2 CoresPerSocket=8\n\
    PartitionName=DEFAULT MaxTime=7-0\n\
    PartitionName=main Nodes=n[001-062,080-081] Default=YES\n\
    PartitionName=all Nodes=ALL MaxTime=UNLIMITED PriorityTier=5\n";

#[test]
fn nodes_partitions_and_scheduler() {
    let c = read_slurm_conf(CONF).unwrap();
    assert_eq!(c.left_out, [], "nothing is broken");
    assert_eq!(c.cluster.as_deref(), Some("twin"));
    let kinds: Vec<_> = c.kinds.iter().map(|k| (k.nodes, k.cpus, k.gpus, k.gpu_type.as_str())).collect();
    assert_eq!(kinds, [(63, 64, 8, "h100"), (6, 32, 4, ""), (2, 64, 0, "")]);
    assert_eq!(c.absent, 1);
    assert_eq!(c.gpus(), 63 * 8 + 6 * 4);
    // 528 accelerators are 66 nodes of eight.
    assert_eq!(c.layout().0, Layout::flat(66, 8));
    let parts: Vec<_> =
        c.partitions.iter().map(|p| (p.name.as_str(), p.nodes, p.max_time, p.tier, p.default)).collect();
    assert_eq!(parts, [("main", 63, Some(604_800), 1, true), ("all", 71, None, 5, false)]);
    let s = c.scheduler;
    assert_eq!(
        (s.bf_interval, s.bf_window, s.bf_max_job_test, s.sched_min_interval, s.default_queue_depth),
        (5, 604_800, 5_000, 3, 100)
    );
    let p = c.priority.unwrap();
    assert_eq!((p.age, p.fair_share, p.qos, p.size), (1_000.0, 100_000.0, 0.0, 0.0));
    assert_eq!((p.half_life, p.calc_period, p.max_age), (86_400, 60, 1_209_600));
    assert!(matches!(c.policy(), Policy::Slurm(_)));
}

#[test]
fn broken_lines_are_listed_with_their_number() {
    let text = "NodeName=n[1-4 Gres=gpu:8\nnonsense\nNodeName=n[1-4] Gres=gpu:8\nNodeName=n[3-5] Gres=gpu:8\n\
        NodeName=m[4-1]\nNodeName=k Gres=gpu:x:y\nSchedulerParameters=bf_interval=soon,bf_window=0\nInclude other.conf\n\
        PartitionName=p Nodes=n[1-4] MaxTime=later\nPriorityWeightAge=-3\nNodeName=z[1-999999999]\nReason=\"open\n";
    let c = read_slurm_conf(text).unwrap();
    assert_eq!(c.nodes(), 4);
    assert!(c.left_out.iter().all(|l| l.code == "G588"));
    let lines: Vec<usize> = c.left_out.iter().map(|l| l.line).collect();
    assert_eq!(lines, [1, 2, 4, 5, 6, 7, 7, 8, 9, 10, 11, 12]);
}

#[test]
fn without_nodes_there_is_no_machine() {
    assert!(read_slurm_conf("ClusterName=x\n").unwrap_err().message.contains("NodeName"));
    assert!(read_slurm_conf("NodeName=a State=FUTURE\n").unwrap_err().message.contains("future"));
}

#[test]
fn what_slurm_ships_where_the_file_is_silent() {
    let c = read_slurm_conf("NodeName=a[0-3]\n").unwrap();
    assert_eq!(c.order(), Order::Submit);
    assert_eq!(
        (c.scheduler.bf_max_job_test, c.scheduler.bf_window, c.scheduler.bf_interval),
        (500, 86_400, 30)
    );
    assert_eq!(c.layout().0, Layout::flat(4, 1));
    let c = read_slurm_conf(
        "NodeName=a\nSchedulerType=sched/builtin\nPriorityFlags=NO_FAIR_TREE\nPriorityWeightQOS=1\n",
    )
    .unwrap();
    assert_eq!(c.policy(), Policy::Fcfs);
    assert_eq!(c.priority.unwrap().rule, crate::policy::FairShareRule::Classic);
}

proptest! {
    #[test]
    fn never_panics(text in "\\PC*") {
        let _ = read_slurm_conf(&text);
    }

    #[test]
    fn never_panics_near_the_grammar(
        lines in proptest::collection::vec(
            "(NodeName|PartitionName|SchedulerParameters|Gres|Nodes|MaxTime|bf_window|Include|Reason)=?[a-z0-9,=:()\\[\\]\\-\"\\\\# é]{0,40}",
            0..12,
        ),
    ) {
        let text = lines.join("\n");
        let known = |l: usize| l >= 1 && l <= lines.len();
        let left_out = match read_slurm_conf(&text) {
            Ok(c) => {
                prop_assert!(c.nodes() > 0);
                c.left_out
            }
            Err(e) => e.left_out,
        };
        prop_assert!(left_out.iter().all(|l| known(l.line) && l.code == "G588"));
    }

    #[test]
    fn a_range_names_as_many_hosts_as_it_says(from in 0u32..500, more in 0u32..500, zeros in 0usize..4) {
        let list = format!("n[{from:0zeros$}-{}]", from + more);
        prop_assert_eq!(hosts::expand(&list).map(|h| h.len()), Ok(more as usize + 1));
        let c = read_slurm_conf(&format!("NodeName={list} Gres=gpu:4\n"));
        prop_assert_eq!(c.map(|c| c.gpus()), Ok(4 * (u64::from(more) + 1)));
    }
}
