//! Flows on an explicit network: who shares which link, at what rate, and when it ends.

mod certificate;
mod classes;
mod clock;
mod component;
mod expand;
mod faults;
mod fill;
mod job;
mod load;
mod memory;
mod pattern;
mod placement;
mod problem;
mod replay;
mod routes;
mod simulate;
mod split;
mod symmetry;
pub mod text;
pub mod topology;
pub mod traffic;
mod units;

pub use certificate::{Certificate, NotFair};
pub use component::Counts;
pub use faults::{Faults, Flap};
pub use job::{Parallelism, Repeated, StepTraffic};
pub use load::{Hot, Loads, TierLoad};
pub use memory::memory_needed;
pub use pattern::{FlowList, Pattern, PatternFlows};
pub use placement::{Placement, TooManyRanks};
pub use replay::{PhaseReplay, Replay, ReplayError, TransferReplay, replay};
pub use routes::Routing;
pub use simulate::{FlowError, Outcome, Simulation};
pub use text::{TrafficFault, parse};
pub use topology::{Attach, Clos, Domain, Shape, Topology, TopologyError, TopologySpec};
pub use traffic::{After, Flow, GroupCollective, Groups, Phase, Traffic, Transfer};
