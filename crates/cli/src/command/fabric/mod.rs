//! `fabric`: networks on their own.

mod collective;
mod design;
mod reliability;
mod scaleup;
mod simulate;
mod size;
mod storage;

use crate::args::fabric::Fabric;
use crate::context::Context;
use crate::exit::{Exit, Fault};

pub(super) fn run(context: &Context, what: &Fabric) -> Result<Exit, Fault> {
    match what {
        Fabric::Size(args) => size::run(context, args),
        Fabric::Simulate(args) => simulate::run(context, args),
        Fabric::Collective(args) => collective::run(context, args),
        Fabric::Storage(args) => storage::run(context, args),
        Fabric::Reliability(args) => reliability::run(context, args),
    }
}

/// An option that is not understood or out of its domain.
fn not_understood(message: impl Into<String>, hint: impl Into<String>) -> Fault {
    Fault::NotUnderstood { code: "G500", message: message.into(), hint: hint.into(), file: None }
}

/// Version, seed and hash of the inputs.
fn stamp(context: &Context, sha256: &str) -> serde_json::Value {
    serde_json::json!({"version": env!("CARGO_PKG_VERSION"), "seed": context.seed, "inputs_sha256": sha256})
}
