//! Latency constants that NCCL itself chooses algorithms with (NVIDIA/nccl, `src/graph/tuning.cc` at commit
//! 5067397 of 2026-06-11), in microseconds, by protocol.

/// Values for the protocols LL, LL128 and Simple.
pub(crate) type ByProtocol = [f64; 3];

/// Share of the link rate that each protocol can carry as payload: LL sends eight bytes of data with eight of
/// flags; LL128 120 in 128.
pub(crate) const PAYLOAD: ByProtocol = [0.5, 120.0 / 128.0, 1.0];
/// Protocols that cut the message into pipelined chunks (LL works word by word).
pub(crate) const CHUNKED: [f64; 3] = [0.0, 1.0, 1.0];

pub(crate) const BASE_TREE: ByProtocol = [6.8, 14.0, 8.4];
pub(crate) const BASE_RING: ByProtocol = [6.6, 14.0, 8.4];
pub(crate) const NVLINK_TREE: ByProtocol = [0.6, 1.25, 4.0];
pub(crate) const NVLINK_RING: ByProtocol = [0.6, 1.9, 3.4];
pub(crate) const NET_TREE: ByProtocol = [5.0, 8.5, 14.0];
pub(crate) const NET_RING: ByProtocol = [2.7, 4.0, 14.0];
/// Reduction in the scale-up switches, within a domain and per level of the tree between domains.
pub(crate) const NVLINK_NVLS: f64 = 25.0;
pub(crate) const NET_NVLS_TREE: f64 = 20.9;
/// Reduction in the scale-out switches: with and without reduction in the scale-up ones.
pub(crate) const NET_NVLS: f64 = 18.0;
pub(crate) const NET_COLLNET: f64 = 31.0;
/// Index of the Simple protocol.
pub(crate) const SIMPLE: usize = 2;
