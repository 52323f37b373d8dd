//! Will what was announced come true? The chain from expressions of interest to hours, drawn many times, and the claims held
//! against it.

pub mod chain;
pub mod claims;
pub mod levers;
mod uniform;
pub mod world;

pub use chain::{Chain, Setting};
pub use claims::{Answer, Claim, Verdict, answer, read_claims};
pub use levers::{ALL, LEVERS, Lever};
pub use world::{MEASURES, Measure, World};
