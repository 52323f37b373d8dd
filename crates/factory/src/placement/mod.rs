//! What the spread of a job over the machine does to its speed: the training room's step on the bandwidth that the fabric room
//! gives for each placement.
//!
//! For a job of some nodes and a spread: a representative model is planned for the closest placement; its collectives are replayed
//! on the partition's network with the leaves full of jobs that lie the same way; what comes out slower than on a network
//! without contention is the bandwidth that the step is worked out with, on scale-up domains of as many accelerators as the
//! spread leaves together. Speed = step time of the best placement of the size ÷ step time of this one. The best is nearly always
//! the closest; not where a leaf holds 18 nodes and a gang of 512 fills 28 of them and a half, whose groups then straddle racks unevenly.

mod spans;

use gigatwin_catalog::{Catalog, Chip, Kind, ModelShape, Precision, model_shape};
use gigatwin_fabric::flow::{Domain, Overlap, Simulation, Topology, Transfer, replay_on};
use gigatwin_fabric::{FabricDesign, Network};
use gigatwin_operations::{Layout as Site, PlacementRow, PlacementSpeed, Span};
use gigatwin_quantity::{Dim, Share, Time};
use gigatwin_training::{Calibration, Job, Layout, PlanRequest, TrainingState, plan, step};

use crate::evaluate::sheet::Sheet;
use crate::evaluate::{machine, network};
use crate::inputs::Values;
use crate::resolved::Factory;
use crate::traffic::step_traffic;

/// What jobs of a size train, where the file's own runs are larger: the family of the Llama 3 report (arXiv 2407.21783), the largest
/// for the largest jobs. An assumption; ids of the catalog with the most accelerators each stands for.
const REPRESENTATIVES: [(&str, u32); 3] =
    [("llama-3-1-8b", 64), ("llama-3-1-70b", 1_024), ("llama-3-1-405b", u32::MAX)];
/// Tokens of a sequence, and sequences of a step at least and per accelerator: 4 million tokens for small jobs, 2,048 for each
/// accelerator beyond, as Llama 3 405B on 8,192 (table 4 of its report).
const SEQUENCE: u32 = 8_192;
const LEAST_BATCH: u32 = 512;
const CHIPS_PER_SEQUENCE: u32 = 4;
/// Ranks of a replay at most; wider spreads take the contention of the next narrower one.
const MOST_RANKS: u32 = 16_384;

/// One job size and spread.
#[derive(Debug, Clone)]
pub struct PlacementCase {
    /// Nodes of the job.
    pub nodes: u32,
    /// Leaves and blocks over which they are dealt out evenly.
    pub span: Span,
    /// Name of the model that stands for jobs of this size.
    pub model: String,
    /// Its layout: the fastest for the closest placement.
    pub layout: Layout,
    /// Accelerators of the job in one scale-up domain.
    pub per_domain: u32,
    /// Time of its collectives between domains over their time without contention, the leaves full of such jobs; one or more.
    pub contention: f64,
    /// Step time.
    pub step: Time,
    /// Part of it in which accelerators only communicate.
    pub communicating: Share,
    /// Step time of the best placement of this size over this one's.
    pub speed: f64,
}

/// The table of a site with what it was made of.
#[derive(Debug, Clone, Default)]
pub struct SitePlacement {
    /// For the simulation.
    pub table: PlacementSpeed,
    /// Line by line, smallest jobs first.
    pub cases: Vec<PlacementCase>,
    /// Partition whose machine and network stand for the site.
    pub partition: String,
    /// Its network.
    pub fabric: String,
}

/// What all cases share.
struct Study<'a> {
    site: Site,
    chip: Chip,
    network: Network,
    calibration: Calibration,
    state: TrainingState,
    precision: Precision,
    topology: Option<Topology>,
    /// First endpoint of the partition, and endpoints of a node.
    first: u32,
    per_node: u32,
    models: Vec<(ModelShape, String, u32)>,
    own: Vec<(&'a ModelShape, &'a str, u32)>,
}

/// Works out the table for jobs of these sizes, in nodes, on the site's largest partition.
///
/// # Errors
/// In words, where machine, network or models cannot be evaluated.
pub fn site_placement(
    f: &Factory,
    catalog: &Catalog,
    layout: &Site,
    sizes: &[u32],
) -> Result<SitePlacement, String> {
    let base = f.inputs.base();
    let v = Values::new(&f.inputs, &base);
    let machines = machine::evaluate(f, &v, &mut Sheet::default())?;
    let (at, machine) = machines
        .iter()
        .enumerate()
        .max_by(|a, b| a.1.accelerators.total_cmp(&b.1.accelerators))
        .ok_or("the file has no partition")?;
    let partition = &f.partitions[at];
    let on_fabric: Vec<usize> =
        (0..f.partitions.len()).filter(|j| f.partitions[*j].fabric == partition.fabric).collect();
    let fabric = f.fabrics.get(partition.fabric);
    let network = machine::network(partition, machine, 1.0);
    let design = fabric.map(|fabric| network::design(f, &v, fabric, &machines, &on_fabric));
    let chips: f64 = on_fabric.iter().map(|j| machines[*j].accelerators).sum();
    let ports = design.as_ref().map_or(1.0, |d| (f64::from(d.endpoints) / chips).max(1.0));
    let before: f64 = on_fabric.iter().filter(|j| **j < at).map(|j| machines[*j].accelerators).sum();
    let hop = fabric_latency(catalog)?;
    let topology = design.map(|d| graph(&d, &network, hop)).transpose()?;
    let mut models = Vec::new();
    for (id, most) in REPRESENTATIVES {
        let entry = catalog.entry(Kind::Models, id).map_err(|e| e.to_string())?;
        models.push((model_shape(&entry).map_err(|e| e.to_string())?, entry.name, most));
    }
    let runs = || f.runs.iter().filter(|r| r.partition == at);
    let study = Study {
        site: Site {
            nodes: layout.nodes.min((machine.accelerators / machine.per_node) as u32).max(1),
            ..*layout
        },
        chip: machine.chip,
        network,
        calibration: f.training.of_chip(&partition.chip_id),
        state: f.training.state,
        precision: runs().next().map_or(Precision::Bf16, |r| r.precision),
        topology,
        first: (before * ports).round() as u32,
        per_node: (machine.per_node * ports).round().max(1.0) as u32,
        models,
        own: runs()
            .map(|r| {
                let n = crate::evaluate::train::chips_at_hand(r, machine, &v);
                (&r.model, r.model_name.as_str(), n)
            })
            .collect(),
    };
    let mut sizes: Vec<u32> = sizes.iter().copied().filter(|n| *n > 1).collect();
    sizes.sort_unstable();
    sizes.dedup();
    let mut out = SitePlacement {
        partition: partition.slug.clone(),
        fabric: fabric.map_or_else(String::new, |x| x.slug.clone()),
        ..SitePlacement::default()
    };
    let mut rows = Vec::new();
    for nodes in sizes {
        // What is larger than the partition lies on all of it.
        let cases = study.size(nodes.min(study.site.nodes));
        if !cases.is_empty() {
            rows.push(PlacementRow { nodes, spans: cases.iter().map(|c| (c.span, c.speed)).collect() });
        }
        out.cases.extend(cases);
    }
    out.table = PlacementSpeed::new(rows);
    Ok(out)
}

/// Job sizes that the table needs for these jobs: powers of two, a whole leaf and a whole block, as far as there are jobs.
pub fn placement_sizes(layout: &Site, nodes_of_jobs: impl Iterator<Item = u32>) -> Vec<u32> {
    let mut steps: Vec<u32> = (1..32).map(|k| 1_u32 << k).collect();
    steps.push(layout.nodes_per_leaf);
    steps.push(layout.nodes_per_leaf.saturating_mul(layout.leaves_per_block));
    steps.push(layout.nodes);
    steps.retain(|n| *n <= layout.nodes);
    steps.sort_unstable();
    steps.dedup();
    let mut wanted = vec![false; steps.len()];
    for n in nodes_of_jobs.filter(|n| *n > 1) {
        if let Some(w) = wanted.get_mut(steps.partition_point(|s| *s < n)) {
            *w = true;
        }
    }
    steps.into_iter().zip(wanted).filter(|(_, w)| *w).map(|(s, _)| s).collect()
}

fn fabric_latency(catalog: &Catalog) -> Result<Time, String> {
    let entry = catalog.entry(Kind::Defaults, "fabric").map_err(|e| e.to_string())?;
    let figure = entry.figure("hop_latency", Dim::Time).map_err(|e| e.to_string())?;
    let value = figure.ok_or("the catalog has no latency of a hop")?;
    Ok(Time::from_s(value.distribution.base()))
}

/// The network of a design as flows see it, at the rates that NCCL reaches.
fn graph(design: &FabricDesign, network: &Network, hop: Time) -> Result<Topology, String> {
    let c = &network.calibration;
    let endpoint = network.scaleout * (c.nic_efficiency / f64::from(design.planes.max(1)));
    let domain = (network.domain > 1).then(|| Domain {
        size: network.domain,
        rate: network.scaleup * c.ring_efficiency,
        latency: hop,
    });
    Topology::of_design(design, endpoint, hop, domain).map_err(|e| e.to_string())
}

impl Study<'_> {
    /// The model that stands for jobs of so many accelerators: a run of the file from half of its size on, else a representative.
    fn model(&self, chips: u32) -> Option<(&ModelShape, &str)> {
        let own = self.own.iter().filter(|o| chips >= o.2 / 2).max_by_key(|o| o.2);
        let known = self.models.iter().find(|m| chips <= m.2);
        own.map(|o| (o.0, o.1)).or(known.map(|m| (&m.0, m.1.as_str())))
    }

    fn job<'a>(&'a self, model: &'a ModelShape, network: &'a Network) -> Job<'a> {
        Job { model, chip: &self.chip, network, calibration: &self.calibration, state: &self.state }
    }

    /// What a job sees where it is spread like this; contention left at one.
    fn seen(&self, nodes: u32, span: Span) -> Network {
        let together = (nodes / span.leaves).max(1) * self.site.gpus_per_node;
        Network { domain: self.network.domain.min(together).max(1), ..self.network }
    }

    /// All spreads of one size; none where nothing can be planned for it.
    fn size(&self, nodes: u32) -> Vec<PlacementCase> {
        let chips = nodes.saturating_mul(self.site.gpus_per_node);
        let spans = spans::spans(&self.site, nodes);
        let (Some(first), Some((mut model, mut name))) = (spans.first(), self.model(chips)) else {
            return Vec::new();
        };
        let close = self.seen(nodes, *first);
        let batch = (chips / CHIPS_PER_SEQUENCE).max(LEAST_BATCH);
        let request = PlanRequest::new(chips, batch, SEQUENCE, self.precision);
        let mut planned = plan(&self.job(model, &close), &request);
        // Where it does not fit, the next smaller one speaks.
        for smaller in self.models.iter().rev() {
            if planned.is_ok() {
                break;
            }
            (model, name) = (&smaller.0, &smaller.1);
            planned = plan(&self.job(model, &close), &request);
        }
        let Ok(found) = planned else { return Vec::new() };
        let mut cases: Vec<PlacementCase> = Vec::with_capacity(spans.len());
        let mut last = 1.0;
        for (i, span) in spans.into_iter().enumerate() {
            let mut seen = self.seen(nodes, span);
            let contention = self.contention(model, &found.layout, nodes, span, &seen).unwrap_or(last);
            // The closest need not fill its leaves evenly, so it does not speak for wider ones.
            last = if i > 0 { contention } else { 1.0 };
            seen.oversubscription = contention;
            let Ok(done) = step(&self.job(model, &seen), &found.layout) else { continue };
            cases.push(PlacementCase {
                nodes,
                span,
                model: name.to_owned(),
                layout: found.layout,
                per_domain: seen.domain,
                contention,
                step: done.step_time,
                communicating: Share::from_fraction(done.breakdown.communicating() / done.step_time),
                speed: 1.0,
            });
        }
        let best = cases.iter().map(|c| c.step.s()).fold(f64::INFINITY, f64::min);
        for c in &mut cases {
            c.speed = best / c.step.s();
        }
        cases
    }

    /// How much longer the collectives between scale-up domains take than without contention, with the leaves full of jobs placed like
    /// this one. None where that is more than a replay should hold, or there is no network.
    fn contention(
        &self,
        model: &ModelShape,
        layout: &Layout,
        nodes: u32,
        span: Span,
        seen: &Network,
    ) -> Option<f64> {
        let topology = self.topology.as_ref()?;
        let used = u32::try_from(layout.chips()).ok()?;
        let all = u64::from(span.leaves) * u64::from(self.site.nodes_per_leaf * self.site.gpus_per_node);
        if all > u64::from(MOST_RANKS) {
            return None;
        }
        let jobs = spans::neighbours(&self.site, nodes, span)?;
        let mut traffic = step_traffic(model, &self.state, layout, Overlap::Nothing);
        traffic.ranks = used * jobs.len() as u32;
        let seat = |node: &u32| {
            let base = self.first + node * self.per_node;
            base..base + self.site.gpus_per_node
        };
        let place: Vec<u32> =
            jobs.iter().flat_map(|list| list.iter().flat_map(seat).take(used as usize)).collect();
        if place.iter().any(|e| *e >= topology.endpoints()) {
            return None;
        }
        let replay =
            replay_on(&Simulation::new(topology, Default::default()), seen, &traffic, &place).ok()?;
        let (mut with, mut without) = (0.0, 0.0);
        for (phase, done) in traffic.phases.iter().zip(&replay.phases) {
            let leaves_domain = phase.transfers.iter().any(|t| match t {
                Transfer::Collective(c) => c.groups.size.saturating_mul(c.groups.stride) > seen.domain,
                Transfer::Flow(_) => true,
            });
            if leaves_domain {
                with += (done.end - done.start).s();
                without += done.analytic.s();
            }
        }
        Some(if without > 0.0 { (with / without).max(1.0) } else { 1.0 })
    }
}
