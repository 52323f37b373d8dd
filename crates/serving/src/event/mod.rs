//! Requests one by one: a trace or a generated stream through replicas with continuous batching.
//!
//! Time is a whole number of picoseconds, tokens and blocks are whole numbers, so nothing depends on how steps are grouped. Between
//! an arrival, a completion, the end of the free blocks and the crossing of an attention window, the time of a decode step is
//! affine in its index: [`replay()`] takes all steps between two such events at once, as one arithmetic sum. Its cost follows
//! events, not tokens.

mod cache;
mod costs;
mod generate;
mod heap;
mod jump;
mod outcome;
mod replay;
mod replica;
mod request;
mod schedule;
pub mod trace;

pub use cache::unbounded_hits;
pub use costs::{KvTransfer, StepCosts};
pub use generate::{ArrivalLaw, Burst, LengthMix, Stream, StreamError, generate};
pub use outcome::{Goodput, Quantiles, Replay, RequestOutcome, Summary};
pub use replay::{Pool, Pools, ReplayError, ReplayInputs, Routing, Source, replay};
pub use request::{Request, Trace};
