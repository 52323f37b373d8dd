//! The running site.
//!
//! Two models stand here. [`Operations`] is a closed form over a year of steady operation, for the main answer: it estimates no waiting
//! time, since for gangs of accelerators under backfill no closed form is honest. [`simulate`] runs a workload through a
//! [`Site`] event by event, in whole seconds: queues, policies, fair share, reservations, preemption, failures. [`controller`] follows Slurm's own
//! controller node by node, for one cluster over hours.

pub mod controller;
mod engine;
mod failure;
mod hours;
mod job;
mod lanes;
mod layout;
mod nodes;
mod outcome;
mod policy;
mod profile;
mod share;
mod site;

pub use engine::{SimulationError, simulate};
pub use failure::{Component, FailureModel};
pub use hours::{HOURS_PER_YEAR, HoursYear, Operations, OperationsError};
pub use job::{Job, JobClass, JobRecord, JobState, Seconds, Size};
pub use layout::{Layout, Placement};
pub use nodes::Span;
pub use outcome::{Counts, Incident, Outcome, Sample};
pub use policy::{FairShareRule, Multifactor, Order, OverLimit, Policy, Qos, Reservation, SlurmSettings};
pub use share::{Account, ShareError, ShareTree};
pub use site::{Cap, PlacementSpeed, Settings, Site};
