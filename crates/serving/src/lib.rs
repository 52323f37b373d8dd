//! Serving deployments under latency objectives.
//!
//! [`plan()`] answers the main question: which deployment of a model on a chip serves a demand within its latency objectives
//! on the fewest chips. Below it stand [`StepModel`] (time of one decode step and of one prefill), [`closed`] and [`open`]
//! (steady states) and [`memory`] (what fits). The coefficients are a [`Calibration`], fitted by [`mod@calibrate`].

pub mod acceptance;
mod attention;
pub mod calibrate;
pub mod coefficients;
pub mod deployment;
pub mod disaggregate;
pub mod error;
pub mod event;
pub mod frontier;
pub mod plan;
pub mod pressure;
pub mod queue;
pub mod sharing;
pub mod site;
pub mod speculation;
pub mod steady;
pub mod step;

pub use coefficients::{
    Band, Calibration, ChipClass, Coefficients, DECODE_TERMS, EngineFamily, FIRST_TOKEN_TERMS,
};
pub use deployment::{Deployment, EngineInputs, Memory, memory};
pub use disaggregate::{Ratio, Separate, separate};
pub use error::ServingError;
pub use plan::{Candidate, Demand, Infeasible, Objective, Plan, PlanInputs, Verdict, Workload, plan};
pub use pressure::open_within;
pub use sharing::SharedPrefix;
pub use speculation::Speculation;
pub use steady::{Lengths, Steady, closed, closed_within, open};
pub use step::StepModel;
