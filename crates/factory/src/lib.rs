//! The factory file: parse, check, resolve, evaluate, explain, diff.

pub mod check;
mod cluster;
/// Findings about a file, with code, place and hint.
pub mod diagnostic;
pub mod diff;
pub mod document;
mod draws;
mod evaluate;
pub mod explain;
mod hourly;
pub mod inputs;
pub mod language;
pub mod metric;
mod missing;
mod networks;
pub mod outcome;
mod resolve;
mod resolved;
mod run;
mod sample;
mod schema;
mod services;
/// Traffic of a training step from its layout.
pub mod traffic;
pub mod training;

pub use cluster::{ClusterPartition, ClusterTenant, SiteCluster, site_cluster};
pub use diff::diff;
pub use explain::explain;
pub use hourly::{PowerByState, SiteBattery, SiteHours, TrainingSwing, YearlyCosts, site_hours};
pub use networks::{
    SiteJob, SiteNetwork, SitePartition, SiteStorage, site_networks, site_partitions, site_storage,
};
pub use resolve::{Loaded, load, rule_faults};
pub use resolved::Factory;
pub use run::{Evaluator, run};
pub use sample::{Sample, Sampler};
pub use schema::schema;
pub use services::{SiteService, SiteWork, site_services, site_work};
