//! What tests of the flow simulation share.

use gigatwin_fabric::flow::{Attach, Shape, TopologySpec};
use gigatwin_quantity::{Bandwidth, Time};

/// A plain single-plane network of this shape: links of 50 GB/s and 0.5 µs.
pub fn spec(shape: Shape, endpoints: u32) -> TopologySpec {
    TopologySpec {
        endpoints,
        shape,
        attach: Attach::Plain,
        planes: 1,
        endpoint_rate: Bandwidth::from_gb_per_s(50.0),
        link_rate: Bandwidth::from_gb_per_s(50.0),
        latency: Time::from_us(0.5),
        domain: None,
    }
}
