//! A service as tests of more than one file export it.

#![allow(dead_code)] // each file of tests uses a part

use gigatwin_catalog::Precision;
use gigatwin_export::ServiceExport;
use gigatwin_serving::Deployment;

pub fn service(tp: u32, dp_attention: u32, per_node: u32, weights: Precision) -> ServiceExport<'static> {
    ServiceExport {
        name: "helper",
        model: "qwen3-235b-a22b",
        chip: "h200-sxm",
        role: None,
        deployment: Deployment {
            tp,
            pp: 1,
            ep: tp * dp_attention,
            dp_attention,
            weights,
            kv: Precision::Fp8,
        },
        replicas: 3,
        batch: 250,
        context: 40960,
        chunk: 8192,
        memory: 0.9,
        per_node,
        header: "predicted: x\ninputs y",
    }
}
