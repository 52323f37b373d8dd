//! Rows of a table of collectives: what was measured, on which network.

use gigatwin_fabric::{Collective, Family, Group, Network, Wiring};
use gigatwin_quantity::{Bandwidth, Data};

use crate::table::{Row, ValidationError};

/// One measured row that the model can predict.
pub(super) struct Measured {
    pub id: String,
    pub cell: String,
    pub source: String,
    pub family: Family,
    pub network: Network,
    pub collective: Collective,
    pub group: Group,
    pub bytes: Data,
    /// Bus bandwidth in GB/s.
    pub busbw: f64,
    pub inter_node: bool,
}

const MIB: f64 = 1_048_576.0;

impl Measured {
    pub(super) fn is_all_reduce(&self) -> bool {
        self.collective == Collective::AllReduce
    }

    /// 0: under 1 MiB, 1: to 256 MiB, 2: above 256 and under 512 MiB, 3: from 512 MiB.
    pub(super) fn size_class(&self) -> u8 {
        let mib = self.bytes.bytes() / MIB;
        u8::from(mib >= 1.0) + u8::from(mib > 256.0) + u8::from(mib >= 512.0)
    }

    /// Size class for bands, with all above 256 MiB as one.
    pub(super) fn band_class(&self) -> u8 {
        self.size_class().min(2)
    }

    pub(super) fn classes(&self) -> Vec<&'static str> {
        let mut classes = vec![if self.inter_node { "inter_node" } else { "intra_node" }];
        match (self.size_class(), self.inter_node) {
            (3, true) => classes.extend(["ge_512mb", "inter_node_ge_512mb"]),
            (3, false) => classes.extend(["ge_512mb", "intra_node_ge_512mb"]),
            (1, true) => classes.extend(["mb_1_256", "inter_node_mb_1_256"]),
            (1, false) => classes.extend(["mb_1_256", "intra_node_mb_1_256"]),
            _ => {}
        }
        classes
    }
}

/// What the model must know of a GPU: one-direction scale-up rate (GB/s), chips per scale-up domain, usual
/// NIC rate (Gb/s).
struct Gpu {
    name: &'static str,
    family: Family,
    scaleup: f64,
    domain: u32,
    reduces: bool,
    nic_gbps: f64,
    wiring: Wiring,
}

const fn nvidia(name: &'static str, family: Family, scaleup: f64, domain: u32, nic_gbps: f64) -> Gpu {
    let reduces = !matches!(family, Family::Ampere);
    Gpu { name, family, scaleup, domain, reduces, nic_gbps, wiring: Wiring::Switched }
}

const fn amd(name: &'static str, scaleup: f64) -> Gpu {
    let (family, wiring) = (Family::Cdna3, Wiring::FullMesh);
    Gpu { name, family, scaleup, domain: 8, reduces: false, nic_gbps: 400.0, wiring }
}

/// Longer names first: "GB200" holds "B200".
const GPUS: [Gpu; 13] = [
    nvidia("GB300", Family::Blackwell, 900.0, 72, 800.0),
    nvidia("GB200", Family::Blackwell, 900.0, 72, 400.0),
    nvidia("B300", Family::Blackwell, 900.0, 8, 800.0),
    nvidia("B200", Family::Blackwell, 900.0, 8, 400.0),
    nvidia("H200", Family::Hopper, 450.0, 8, 400.0),
    nvidia("H100", Family::Hopper, 450.0, 8, 400.0),
    nvidia("H800", Family::Hopper, 200.0, 8, 400.0),
    nvidia("A100", Family::Ampere, 300.0, 8, 200.0),
    nvidia("A800", Family::Ampere, 200.0, 8, 200.0),
    amd("MI355X", 538.0),
    amd("MI350X", 538.0),
    amd("MI325X", 448.0),
    amd("MI300X", 448.0),
];

/// The row, or its id and why it cannot be predicted.
pub(super) fn read(
    row: &Row<'_>,
    index: usize,
) -> Result<Result<Measured, (String, &'static str)>, ValidationError> {
    let source = short_source(row.text("source"));
    let id = match row.text("id") {
        "" => format!("{source}-{}", index + 1),
        id => id.to_owned(),
    };
    let note = row.text("note");
    if note.contains("pathological") || note.contains("misbehaving") || note.contains("reported as low") {
        return Ok(Err((id, "a fault case: the source itself calls the site or the value unhealthy")));
    }
    let collective = match row.text("collective") {
        "all_reduce" => Collective::AllReduce,
        "all_gather" => Collective::AllGather,
        "reduce_scatter" => Collective::ReduceScatter,
        "alltoall" | "all_to_all" => Collective::AllToAll,
        "broadcast" => Collective::Broadcast,
        "sendrecv" | "p2p" => Collective::SendRecv,
        _ => return Ok(Err((id, "not one collective of known name"))),
    };
    let Some(gpu) = GPUS.iter().find(|g| row.text("gpu").contains(g.name)) else {
        return Ok(Err((id, "the chip or its links are not known")));
    };
    let Some(ranks) = row.count("n_gpus")?.filter(|n| *n > 1) else {
        return Ok(Err((id, "the number of ranks is not stated, or is one")));
    };
    let Some(nodes) = leading_number(row.text("nodes")).filter(|n| (1..=ranks).contains(n)) else {
        return Ok(Err((id, "the number of nodes is not stated")));
    };
    // "large" stands for a size at which bandwidth no longer grows.
    let bytes = if row.text("bytes") == "large" { Some(16.0 * 1024.0 * MIB) } else { row.number("bytes")? };
    let (Some(bytes), Some(busbw)) =
        (bytes.filter(|b| *b > 0.0), row.number("busbw_GBps")?.filter(|b| *b > 0.0))
    else {
        return Ok(Err((id, "size or bandwidth is not stated")));
    };
    // A rack-scale domain spans its nodes; elsewhere a node is a domain.
    let per_domain =
        if gpu.domain > 8 { ranks.min(gpu.domain) } else { ranks.div_ceil(nodes).min(gpu.domain) };
    let inter_node = per_domain < ranks;
    let nic = row.number("nic_gbps")?.unwrap_or(gpu.nic_gbps);
    let forced_ring = row.text("algo").starts_with("Ring") || row.text("algo").contains("NVLS off");
    let network = Network {
        scaleup_reduces: gpu.reduces && !forced_ring,
        wiring: gpu.wiring,
        ..Network::new(
            Bandwidth::from_gb_per_s(gpu.scaleup),
            gpu.domain,
            gpu.reduces,
            Bandwidth::from_gbit_per_s(nic),
            1.0,
        )
    };
    let cell = format!("{source} × {} × {}", gpu.name, if inter_node { "inter" } else { "intra" });
    let group = Group { ranks, per_domain };
    Ok(Ok(Measured {
        id,
        cell,
        source,
        family: gpu.family,
        network,
        collective,
        group,
        bytes: Data::from_bytes(bytes),
        busbw,
        inter_node,
    }))
}

fn leading_number(text: &str) -> Option<u32> {
    text.split_whitespace().next().and_then(|w| w.parse().ok())
}

/// "owner/name" and issue number of a repository's address; the text up to a comma otherwise.
fn short_source(text: &str) -> String {
    let text = text.trim_start_matches("https://").trim_start_matches("github.com/");
    let words = text.split([' ', ',']).next().unwrap_or("");
    if words.is_empty() { "own".to_owned() } else { words.to_owned() }
}
