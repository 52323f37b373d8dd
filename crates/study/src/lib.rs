//! Studies over many factories. So far: the programme of bids.

pub mod bid;
pub mod programme;
pub mod realise;
pub mod synthetic;
