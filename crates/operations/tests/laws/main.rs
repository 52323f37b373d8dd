//! The engine against a naive scheduler, against closed forms, and against the laws that no policy may break.

// A helper outside a test function is still part of a test.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod agreement;
mod by_hand;
mod conservation;
mod failures;
mod federation;
mod limits;
mod naive;
mod power;
mod published;
mod queueing;
mod shapes;
mod shifting;
