//! A site over one day, hour by hour: pools of replicas that follow demand, interactive development, fine-tuning on what is spare,
//! and batch work on the rest.

mod day;
mod develop;
mod hours;
mod pool;
mod tune;

pub use day::{DAYS, day, with_peak};
pub use develop::{Develop, Sessions};
pub use hours::{Partition, PartitionHour, PoolDay, SiteDay, SiteInputs, TuneDay, site_day};
pub use pool::{Application, Part, Pool, PoolHour, Service};
pub use tune::{Method, Rollout, Tune, TuneJob, rollout_time, tune_memory};
