//! Flows on an explicit network: who shares which link, at what rate, and when it ends.

pub mod text;
pub mod traffic;

pub use text::{TrafficFault, parse};
pub use traffic::{After, GroupCollective, Groups, Phase, RankFlow, Traffic, Transfer};
