//! The factory file: parse, check, resolve, evaluate, explain, diff.

mod access_classes;
pub mod check;
mod cluster;
mod demand;
/// Findings about a file, with code, place and hint.
pub mod diagnostic;
pub mod diff;
mod dispatch;
pub mod document;
mod draws;
mod evaluate;
pub mod explain;
/// The cash flow of a factory in every legal form of public money.
pub mod finance;
mod hourly;
pub mod inputs;
pub mod language;
pub mod metric;
mod missing;
mod network_site;
mod networks;
mod operate;
pub mod outcome;
mod placement;
mod resolve;
mod resolved;
mod run;
mod sample;
mod schema;
mod services;
pub mod traffic;
pub mod training;

pub use access_classes::access_classes;
pub use cluster::{ClusterPartition, ClusterTenant, SiteCluster, site_cluster};
pub use demand::{class_limits, class_promises, class_qos, class_streams};
pub use diff::diff;
pub use dispatch::{DispatchHours, Sight, SiteDispatch, SiteDispatchError, Sought, Worth};
pub use explain::explain;
pub use hourly::{
    PowerByState, SiteBattery, SiteDeferral, SiteFlexibility, SiteHours, SizingLimits, TrainingSwing,
    YearlyCosts, site_hours,
};
pub use network_site::{NetworkSite, SiteRates, network_site, site_rates};
pub use networks::{
    SiteJob, SiteNetwork, SitePartition, SiteStorage, site_networks, site_partitions, site_storage,
};
pub use operate::{SiteCampaign, SiteOperations, SitePool, SiteReservation, SiteWindow, site_operations};
pub use placement::{PlacementCase, SitePlacement, placement_sizes, site_placement};
pub use resolve::{Loaded, load, rule_faults};
pub use resolved::Factory;
pub use run::{Evaluator, run};
pub use sample::{Sample, Sampler};
pub use schema::schema;
pub use services::{ServiceForm, SiteService, SiteWork, site_services, site_work};
