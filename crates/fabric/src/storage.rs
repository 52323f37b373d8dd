//! Checkpoints in two tiers (node NVMe, shared file system) and the capacity they need.

use gigatwin_quantity::{Bandwidth, Data, Time};

/// Shared storage as the job sees it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SharedStorage {
    /// Read rate of the whole system.
    pub read: Bandwidth,
    /// Write rate of the whole system.
    pub write: Bandwidth,
    /// Usable capacity.
    pub capacity: Data,
}

/// Flash in each node.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NodeTier {
    /// Read rate of one node's drives.
    pub read: Bandwidth,
    /// Write rate of one node's drives.
    pub write: Bandwidth,
    /// Capacity of one node's drives.
    pub capacity: Data,
}

/// Memory of the hosts as a tier: each node keeps a copy of another node's part (Gemini, SOSP 2023).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PeerMemory {
    /// Rate between two nodes over the scale-out network.
    pub rate: Bandwidth,
    /// Memory of one node that copies may take.
    pub capacity: Data,
}

/// How a job writes its checkpoints.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CheckpointInputs {
    /// Size of one checkpoint, all ranks together.
    pub size: Data,
    /// Nodes of the job.
    pub nodes: u32,
    /// Accelerators in one node.
    pub chips_per_node: u32,
    /// Rate from one accelerator to its host's memory.
    pub device_to_host: Bandwidth,
    /// Part of the stall that does not depend on size: planning, synchronisation, kernel boundaries.
    pub fixed_stall: Time,
    /// Share of the shared storage's rate that this job may use, zero to one.
    pub share: f64,
    /// Share of its nominal rate that shared storage keeps up under checkpoint traffic, zero to one.
    pub efficiency: f64,
    /// Copies of one checkpoint's bytes that loading reads (data-parallel replicas that each read from
    /// storage).
    pub load_replicas: f64,
    /// Whether training waits for the upload to shared storage (false: it goes on in the background).
    pub synchronous: bool,
}

/// What one checkpoint costs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CheckpointTimes {
    /// Training stands still.
    pub stall: Time,
    /// From host memory to node flash; `None` without a node tier.
    pub node_write: Option<Time>,
    /// From the start of the checkpoint until it is complete on shared storage.
    pub save: Time,
    /// Loading from shared storage.
    pub load: Time,
    /// Loading from node flash (the failed node's part comes from a peer); `None` without a node tier.
    pub node_load: Option<Time>,
    /// Shortest interval at which uploads do not pile up.
    pub least_interval: Time,
}

/// Why checkpoints cannot be written.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum StorageError {
    /// A rate or a count that leaves nothing to write with.
    #[error("checkpoints need {0} above zero")]
    Nothing(&'static str),
    /// A share outside zero to one.
    #[error("{0} must lie between zero and one")]
    Share(&'static str),
    /// Node flash too small for the copies kept.
    #[error(
        "node storage is short by {short} per node: a checkpoint's part is {part}, {capacity} are there; \
             fewer copies or more nodes would do"
    )]
    NodeTierFull {
        /// What is missing.
        short: Data,
        /// Two parts (the one complete and the one being written) of one node.
        part: Data,
        /// Capacity of a node.
        capacity: Data,
    },
    /// Host memory too small for the copies kept.
    #[error(
        "node memory is short by {short}: two copies of a node's part and two of its peer's are {part}, {capacity} are there"
    )]
    MemoryTierFull {
        /// What is missing.
        short: Data,
        /// Four parts of one node.
        part: Data,
        /// Memory of a node.
        capacity: Data,
    },
}

/// Times of one checkpoint: a stall while accelerators copy to their hosts, then an upload bound by the
/// storage.
///
/// Structure after ByteCheckpoint (NSDI 2025): device-to-host stall, background upload, loading apart and
/// longer.
///
/// # Errors
/// [`StorageError`] where a needed rate is zero, a share is out of range, or node flash holds less
/// than two copies.
pub fn checkpoint(
    inputs: &CheckpointInputs,
    shared: &SharedStorage,
    node_tier: Option<&NodeTier>,
) -> Result<CheckpointTimes, StorageError> {
    let positive = [
        (inputs.nodes > 0, "a number of nodes"),
        (inputs.chips_per_node > 0, "a number of accelerators per node"),
        (inputs.device_to_host > Bandwidth::ZERO, "a device-to-host rate"),
        (shared.write > Bandwidth::ZERO, "a write rate of the storage"),
        (shared.read > Bandwidth::ZERO, "a read rate of the storage"),
        (inputs.share > 0.0, "a share of the storage"),
        (inputs.efficiency > 0.0, "a storage efficiency"),
    ];
    if let Some((_, what)) = positive.into_iter().find(|(ok, _)| !ok) {
        return Err(StorageError::Nothing(what));
    }
    if inputs.share > 1.0 {
        return Err(StorageError::Share("the job's share of the storage"));
    }
    if inputs.efficiency > 1.0 {
        return Err(StorageError::Share("the storage efficiency"));
    }
    let nodes = f64::from(inputs.nodes);
    let per_node = inputs.size / nodes;
    let copy = per_node / f64::from(inputs.chips_per_node) / inputs.device_to_host;
    let usable = inputs.share * inputs.efficiency;
    let upload = inputs.size / (shared.write * usable);
    let (node_write, node_load) = match node_tier {
        Some(tier) => {
            if tier.read <= Bandwidth::ZERO || tier.write <= Bandwidth::ZERO {
                return Err(StorageError::Nothing("a rate of the node storage"));
            }
            let part = 2.0 * per_node;
            if part > tier.capacity {
                return Err(StorageError::NodeTierFull {
                    short: part - tier.capacity,
                    part,
                    capacity: tier.capacity,
                });
            }
            (Some(per_node / tier.write), Some(per_node / tier.read))
        }
        None => (None, None),
    };
    // With node flash the upload reads behind the local write; the slower of the two bounds both.
    let save_after_copy = upload.max(node_write.unwrap_or(Time::ZERO));
    let stall = inputs.fixed_stall + copy + if inputs.synchronous { save_after_copy } else { Time::ZERO };
    let save = inputs.fixed_stall + copy + save_after_copy;
    Ok(CheckpointTimes {
        stall,
        node_write,
        save,
        load: inputs.size * inputs.load_replicas.max(1.0) / (shared.read * usable),
        node_load,
        least_interval: save_after_copy,
    })
}

/// What a checkpoint in the memory of peers costs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MemoryTimes {
    /// Training stands still: the copy to the host's own memory.
    pub stall: Time,
    /// From the start until the peer holds it.
    pub save: Time,
    /// A replacement node fetches its part from the peer; all others have theirs.
    pub load: Time,
}

/// Times of one checkpoint that goes to the own host's memory and to a peer's.
///
/// # Errors
/// [`StorageError`] where a rate or a count is zero, or a node's memory holds less than two copies of its own part
/// (one complete, one being written) and as many of its peer's.
pub fn peer_checkpoint(inputs: &CheckpointInputs, peer: &PeerMemory) -> Result<MemoryTimes, StorageError> {
    let positive = [
        (inputs.nodes > 0, "a number of nodes"),
        (inputs.chips_per_node > 0, "a number of accelerators per node"),
        (inputs.device_to_host > Bandwidth::ZERO, "a device-to-host rate"),
        (peer.rate > Bandwidth::ZERO, "a rate between nodes"),
    ];
    if let Some((_, what)) = positive.into_iter().find(|(ok, _)| !ok) {
        return Err(StorageError::Nothing(what));
    }
    let per_node = inputs.size / f64::from(inputs.nodes);
    let part = 4.0 * per_node;
    if part > peer.capacity {
        return Err(StorageError::MemoryTierFull {
            short: part - peer.capacity,
            part,
            capacity: peer.capacity,
        });
    }
    let stall = inputs.fixed_stall + per_node / f64::from(inputs.chips_per_node) / inputs.device_to_host;
    let over = per_node / peer.rate;
    Ok(MemoryTimes { stall, save: stall + over, load: over })
}

/// A vendor's storage per scalable unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StorageUnit {
    /// Accelerators of a unit.
    pub accelerators: u32,
    /// Read rate that the storage of one unit gives.
    pub read: Bandwidth,
    /// Write rate of one unit.
    pub write: Bandwidth,
}

impl StorageUnit {
    /// Whole units for so many accelerators, and their read and write rates together.
    pub fn of(&self, accelerators: u32) -> (u32, Bandwidth, Bandwidth) {
        let units = accelerators.div_ceil(self.accelerators.max(1));
        (units, self.read * f64::from(units), self.write * f64::from(units))
    }
}

/// What shared storage has to hold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CapacityInputs {
    /// Training and user data sets.
    pub datasets: Data,
    /// Checkpoints kept at once, by all jobs.
    pub checkpoints_kept: f64,
    /// Mean size of one checkpoint.
    pub checkpoint_size: Data,
    /// Model weights, logs, home directories.
    pub other: Data,
    /// Share of the capacity kept free, zero to below one.
    pub free_share: f64,
}

impl CapacityInputs {
    /// Usable capacity needed; `None` where the free share is not below one.
    pub fn need(&self) -> Option<Data> {
        let used = self.datasets + self.checkpoint_size * self.checkpoints_kept + self.other;
        (0.0..1.0).contains(&self.free_share).then(|| used / (1.0 - self.free_share))
    }
}

/// Rates for a number of accelerators from a vendor's figure per accelerator.
pub fn rates_for(chips: u32, read_per_chip: Bandwidth, write_per_chip: Bandwidth) -> (Bandwidth, Bandwidth) {
    (read_per_chip * f64::from(chips), write_per_chip * f64::from(chips))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job() -> CheckpointInputs {
        CheckpointInputs {
            size: Data::from_gb(98.0),
            nodes: 186,
            chips_per_node: 8,
            device_to_host: Bandwidth::from_gb_per_s(40.0),
            fixed_stall: Time::from_s(0.2),
            share: 1.0,
            efficiency: 1.0,
            load_replicas: 1.0,
            synchronous: false,
        }
    }

    fn shared() -> SharedStorage {
        SharedStorage {
            read: Bandwidth::from_gb_per_s(10.0),
            write: Bandwidth::from_gb_per_s(5.0),
            capacity: Data::from_pb(1.0),
        }
    }

    #[test]
    fn a_7b_model_on_1488_chips_stalls_within_twice_what_was_published() {
        // ByteCheckpoint, 7B: 14 bytes per parameter, stall 0.34 s.
        let t = checkpoint(&job(), &shared(), None).unwrap();
        assert!(t.stall.s() > 0.17 && t.stall.s() < 0.68, "{}", t.stall);
        assert!(t.save > t.stall);
    }

    #[test]
    fn more_bandwidth_is_never_slower_and_waiting_costs() {
        let slow = checkpoint(&job(), &shared(), None).unwrap();
        let fast =
            checkpoint(&job(), &SharedStorage { write: 2.0 * shared().write, ..shared() }, None).unwrap();
        assert!(fast.save < slow.save);
        let wait = checkpoint(&CheckpointInputs { synchronous: true, ..job() }, &shared(), None).unwrap();
        assert_eq!(wait.stall, wait.save);
    }

    #[test]
    fn refusals_name_the_cause() {
        let none = SharedStorage { write: Bandwidth::ZERO, ..shared() };
        assert_eq!(
            checkpoint(&job(), &none, None),
            Err(StorageError::Nothing("a write rate of the storage"))
        );
        let tiny = NodeTier { read: shared().read, write: shared().write, capacity: Data::from_gb(1.0) };
        assert!(matches!(checkpoint(&job(), &shared(), Some(&tiny)), Err(StorageError::NodeTierFull { .. })));
    }

    #[test]
    fn memory_of_peers_reloads_one_part_alone() {
        // 100,000 accelerators of 80 GB over 400 Gb/s each: SemiAnalysis estimates 1.6 s.
        let inputs = CheckpointInputs { size: Data::from_gb(8e6), nodes: 12_500, ..job() };
        let peer = PeerMemory { rate: Bandwidth::from_gb_per_s(400.0), capacity: Data::from_tb(4.0) };
        let t = peer_checkpoint(&inputs, &peer).unwrap();
        assert!((t.load.s() - 1.6).abs() < 1e-9, "{}", t.load);
        assert!(t.save > t.stall && t.stall > inputs.fixed_stall);
        let small = PeerMemory { capacity: Data::from_tb(1.0), ..peer };
        assert!(matches!(peer_checkpoint(&inputs, &small), Err(StorageError::MemoryTierFull { .. })));
        let cut = PeerMemory { rate: Bandwidth::ZERO, ..peer };
        assert!(matches!(peer_checkpoint(&inputs, &cut), Err(StorageError::Nothing(_))));
    }

    #[test]
    fn units_are_whole() {
        let unit = StorageUnit { accelerators: 576, read: shared().read, write: shared().write };
        assert_eq!(unit.of(577).0, 2);
        assert_eq!(unit.of(2304), (4, 4.0 * shared().read, 4.0 * shared().write));
    }

    #[test]
    fn capacity_counts_free_space() {
        let c = CapacityInputs {
            datasets: Data::from_pb(60.0),
            checkpoints_kept: 100.0,
            checkpoint_size: Data::from_tb(14.0),
            other: Data::from_pb(2.0),
            free_share: 0.2,
        };
        assert!((c.need().unwrap().pb() - (60.0 + 1.4 + 2.0) / 0.8).abs() < 1e-9);
        assert_eq!(CapacityInputs { free_share: 1.0, ..c }.need(), None);
    }
}
