//! The running site.
//!
//! Two models stand here. [`Operations`] is a closed form over a year of steady operation, for the main answer: it estimates no waiting
//! time, since for gangs of accelerators under backfill no closed form is honest. [`simulate`] runs a workload through a
//! [`Site`] event by event, in whole seconds: queues, policies, fair share, reservations, preemption, failures. [`controller`] follows Slurm's own
//! controller node by node, for one cluster over hours.

mod cells;
pub mod controller;
mod engine;
mod failure;
mod federation;
mod generate;
mod grid;
mod hours;
mod job;
mod lanes;
mod layout;
mod limits;
mod links;
mod nodes;
mod outcome;
mod placement;
mod policy;
mod power;
mod profile;
mod projects;
mod releases;
pub mod report;
mod share;
mod shift;
mod site;
mod slurm_conf;
mod trace;
mod usage;
mod waits;

pub use cells::{Cell, cells};
pub use engine::{SimulationError, simulate};
pub use failure::{Component, FailureModel};
pub use federation::{Apart, Federated, Flow, Member, Routing, Rules, federate, simulate_linked};
pub use generate::{Campaign, Mix, MixError, ServingPool, Stream, generate, sizes};
pub use hours::{HOURS_PER_YEAR, HoursYear, Operations, OperationsError};
pub use job::{Job, JobClass, JobRecord, JobState, Seconds, Size};
pub use layout::{Layout, Placement};
pub use limits::{Each, HoldLimit};
pub use links::{LinkError, Links, Need, Throttle, When};
pub use nodes::Span;
pub use outcome::{Counts, Holding, Incident, Outcome, Sample};
pub use placement::{PlacementRow, PlacementSpeed};
pub use policy::{FairShareRule, Multifactor, Order, OverLimit, Policy, Qos, Reservation, SlurmSettings};
pub use power::{Bill, Draw, Hourly, LimitTooLow, Terms, Use, bill};
pub use projects::{ClassLimit, Door, admit};
pub use share::{Account, ShareError, ShareTree};
pub use shift::{Deferral, releases};
pub use site::{Cap, Settings, Site};
pub use slurm_conf::{
    Associations, ConfPartition, DumpError, DumpedLimit, DumpedLimits, NodeKind, PastUse, Pool, Pooled,
    Ranked, SlurmConf, SlurmConfError, billing_per_unit, read_association_limits, read_associations,
    read_past_use, read_qualities, read_quality_limits, read_slurm_conf,
};
pub use trace::{Format, LeftOut, Recorded, Trace, TraceError, read_trace};
pub use waits::{BusySite, Probe, Waits};
