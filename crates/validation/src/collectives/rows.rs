//! Rows of a table of collectives: what was measured, on which network.

use gigatwin_catalog::{Catalog, Kind, chip};
use gigatwin_fabric::{Calibration, Collective, Family, Group, Network, ScaleOut, Wiring};
use gigatwin_quantity::{Bandwidth, Data};

use super::text::{leading_number, nic_of, size_of};
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
    /// Whether a band from measurements is possible: collectives other than all-reduce between domains, and anything
    /// between rack-scale domains, have almost no healthy published row.
    pub(super) fn has_measured_band(&self) -> bool {
        !self.inter_node || (self.collective == Collective::AllReduce && self.network.domain <= LARGEST_NODE)
    }

    /// Whether another source has measured the same generation on the same kind of network.
    pub(super) fn sibling_of(&self, other: &Measured) -> bool {
        (self.family, self.inter_node) == (other.family, other.inter_node) && self.source != other.source
    }

    /// Whether the row takes part in the fit: generations without values of their own and single transfers do not.
    pub(super) fn fits(&self) -> bool {
        self.family != Family::Other && self.collective != Collective::SendRecv
    }

    /// Size class for bands.
    pub(super) fn band_class(&self) -> u8 {
        gigatwin_fabric::bands::size_class(self.bytes)
    }

    /// 0: under 1 MiB, 1: to 256 MiB, 2: above 256 and under 512 MiB, 3: from 512 MiB.
    pub(super) fn size_class(&self) -> u8 {
        let mib = self.bytes.bytes() / MIB;
        u8::from(mib >= 1.0) + u8::from(mib > 256.0) + u8::from(mib >= 512.0)
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

/// Chips of the catalog that the list does not name, by id, name or alias.
fn from_catalog(text: &str) -> Option<Gpu> {
    let plain = |s: &str| s.to_lowercase().replace([' ', '-', '_'], "");
    let wanted = plain(text);
    if wanted.len() < 3 {
        return None;
    }
    let catalog = Catalog::embedded();
    let ids = catalog.ids(Kind::Accelerators);
    let entry = ids.iter().filter_map(|id| catalog.entry(Kind::Accelerators, id).ok()).find(|e| {
        let mut names = e.aliases();
        names.extend([e.id.as_str(), e.name.as_str()]);
        names.iter().any(|n| plain(n).contains(&wanted) || wanted.contains(&plain(&e.id)))
    })?;
    let found = chip(&entry).ok()?;
    Some(Gpu {
        name: "other",
        family: Family::of_accelerator(&entry.id),
        scaleup: 0.5 * found.scaleup_bandwidth.gb_per_s(),
        domain: found.scaleup_domain.max(1),
        reduces: false,
        nic_gbps: 400.0,
        wiring: Wiring::Switched,
    })
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

const fn dgx_2(name: &'static str) -> Gpu {
    let (family, wiring) = (Family::Other, Wiring::Switched);
    Gpu { name, family, scaleup: 150.0, domain: 16, reduces: false, nic_gbps: 50.0, wiring }
}

const fn amd(name: &'static str, scaleup: f64) -> Gpu {
    let (family, wiring) = (Family::Cdna3, Wiring::FullMesh);
    Gpu { name, family, scaleup, domain: 8, reduces: false, nic_gbps: 400.0, wiring }
}

/// A domain of more chips spans nodes.
const LARGEST_NODE: u32 = gigatwin_fabric::bands::LARGEST_NODE;

/// Longer names first: "GB200" holds "B200".
const GPUS: [Gpu; 16] = [
    nvidia("GB300", Family::Blackwell, 900.0, 72, 800.0),
    nvidia("GB200", Family::Blackwell, 900.0, 72, 400.0),
    nvidia("B300", Family::Blackwell, 900.0, 8, 800.0),
    nvidia("B200", Family::Blackwell, 900.0, 8, 400.0),
    nvidia("H200", Family::Hopper, 450.0, 8, 400.0),
    nvidia("GH200", Family::Hopper, 450.0, 4, 200.0),
    nvidia("H20", Family::Hopper, 450.0, 8, 400.0),
    nvidia("H100", Family::Hopper, 450.0, 8, 400.0),
    nvidia("H800", Family::Hopper, 200.0, 8, 400.0),
    nvidia("A100", Family::Ampere, 300.0, 8, 200.0),
    nvidia("A800", Family::Ampere, 200.0, 8, 200.0),
    // DGX-2: NVLink 2 through switches, eight NICs of 100 Gb/s for 16 chips.
    dgx_2("V100"),
    amd("MI355X", 538.0),
    amd("MI350X", 538.0),
    amd("MI325X", 448.0),
    amd("MI300X", 448.0),
];

/// The row, or its id and why it cannot be predicted.
pub(super) fn read(
    row: &Row<'_>,
    index: usize,
) -> Result<Result<Measured, (String, String)>, ValidationError> {
    let source = short_source(row.text("source"));
    let id = match row.text("id") {
        "" => format!("{source}-{}", index + 1),
        id => id.to_owned(),
    };
    let note = row.text("note");
    let unhealthy = ["pathological", "misbehaving", "reported as low"].iter().any(|w| note.contains(w));
    let collective = match row.text("collective") {
        "all_reduce" | "allreduce" => Collective::AllReduce,
        "all_gather" | "allgather" => Collective::AllGather,
        "reduce_scatter" | "reducescatter" => Collective::ReduceScatter,
        "alltoall" | "all_to_all" | "all-to-all" => Collective::AllToAll,
        "broadcast" => Collective::Broadcast,
        "sendrecv" | "send_recv" | "p2p" | "p2p/a2a per NIC" => Collective::SendRecv,
        _ => return Ok(Err((id, "not one collective of known name".to_owned()))),
    };
    // Neither chip nor NIC is stated there, only an era.
    if row.text("gpu").contains("16-GPU nodes") {
        let reason = "neither the chip nor its NICs are stated, only nodes of 16 and a year";
        return Ok(Err((id, reason.to_owned())));
    }
    let named = GPUS.iter().find(|g| row.text("gpu").contains(g.name));
    let looked_up = if named.is_none() { from_catalog(row.text("gpu")) } else { None };
    let Some(gpu) = named.or(looked_up.as_ref()) else {
        return Ok(Err((id, "the chip or its links are not known".to_owned())));
    };
    let Some(ranks) = leading_number(row.text("n_gpus")).filter(|n| *n > 1) else {
        return Ok(Err((id, "the number of ranks is not stated, or is one".to_owned())));
    };
    let Some(nodes) = leading_number(row.text("nodes")).filter(|n| (1..=ranks).contains(n)) else {
        return Ok(Err((id, "the number of nodes is not stated".to_owned())));
    };
    let bytes = size_of(row.text("bytes"));
    // A range stands for its middle.
    let busbw = match row.text("busbw_GBps").split_once('-') {
        Some((a, b)) => {
            a.trim().parse::<f64>().ok().zip(b.trim().parse::<f64>().ok()).map(|(a, b)| 0.5 * (a + b))
        }
        None => row.number("busbw_GBps")?,
    };
    let (Some(bytes), Some(busbw)) =
        (bytes.filter(|b| *b > 0.0 && b.is_finite()), busbw.filter(|b| *b > 0.0 && b.is_finite()))
    else {
        return Ok(Err((id, "size or bandwidth is not stated".to_owned())));
    };
    // A rack-scale domain spans its nodes; elsewhere a node is a domain. A single transfer between nodes is one of NICs.
    let per_node = ranks.div_ceil(nodes);
    let per_domain = if collective == Collective::SendRecv && nodes > 1 && gpu.domain <= LARGEST_NODE {
        1
    } else if gpu.domain > LARGEST_NODE {
        ranks.min(gpu.domain)
    } else {
        per_node.min(gpu.domain)
    };
    let inter_node = per_domain < ranks;
    let nic = match row.number("nic_gbps")? {
        Some(given) => given,
        None => nic_of(row.text("network"), per_node).unwrap_or(gpu.nic_gbps),
    };
    let algo = row.text("algo");
    let forced_ring = algo.starts_with("Ring") || algo.contains("NVLS off");
    let sharp = ["SHARP", "CollNet"].iter().any(|w| algo.contains(w) || row.text("network").contains(w));
    let network = Network {
        scaleup_reduces: gpu.reduces && !forced_ring,
        wiring: gpu.wiring,
        scaleout_detail: ScaleOut { reduces: sharp, ..ScaleOut::default() },
        ..Network::new(
            Bandwidth::from_gb_per_s(gpu.scaleup),
            gpu.domain,
            gpu.reduces,
            Bandwidth::from_gbit_per_s(nic),
            row.number("oversubscription")?.unwrap_or(1.0),
        )
    };
    let cell = format!("{source} × {} × {}", gpu.name, if inter_node { "inter" } else { "intra" });
    let group = Group { ranks, per_domain };
    if unhealthy {
        let sound = network.with_calibration(Calibration::of(gpu.family));
        let expected = sound.bus_bandwidth(collective, Data::from_bytes(bytes), group).gb_per_s();
        let reason = format!(
            "a fault case: the source itself calls site or value unhealthy; the model expects {expected:.0} GB/s, {busbw:.0} were seen"
        );
        return Ok(Err((id, reason)));
    }
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

/// "owner/name" and issue number of a repository's address; the text up to a comma otherwise.
fn short_source(text: &str) -> String {
    let text = text.trim_start_matches("https://").trim_start_matches("github.com/");
    let words = text.split([' ', ',']).next().unwrap_or("");
    if words.is_empty() { "own".to_owned() } else { words.to_owned() }
}
