//! Network sizing, collectives, storage and reliability.

pub mod bands;
pub mod bill;
pub mod calibration;
pub mod collective;
pub mod design;
pub mod flow;
mod nccl;
pub mod reliability;
pub mod scaleup;
pub mod sizing;
pub mod storage;

pub use bill::{BillOfMaterials, CableTier};
pub use calibration::{Calibration, Family};
pub use collective::{Algorithm, Collective, CollectiveError, Group, Network, ScaleOut, Wiring};
pub use design::{CableSpec, FabricDesign, FloorPlan, OpticSpec, SizingError, Structure, SwitchSpec};
pub use reliability::{
    EffectiveTime, FailureInputs, NetworkFailures, NetworkHazards, ReliabilityError, effective_time,
    job_mtbf, spare_nodes, young_daly,
};
pub use scaleup::{ScaleUpBill, ScaleUpDesign, size_scaleup};
pub use sizing::{faults as design_faults, size};
pub use storage::{
    CapacityInputs, CheckpointInputs, CheckpointTimes, MemoryTimes, NodeTier, PeerMemory, SharedStorage,
    StorageError, StorageUnit, checkpoint, peer_checkpoint, rates_for,
};
