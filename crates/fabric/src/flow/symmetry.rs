//! Quotient of a regular step by the symmetry of a full fat tree.
//!
//! Where every unit (a pod; with two tiers a leaf, or the leaves of all rails) is full, moving everything by one
//! unit maps the tree onto itself. If it maps the flows onto themselves too, one unit speaks for all: its flows
//! are simulated over one representative of each orbit of links.
//!
//! A failed link breaks the symmetry only where it matters. Units get colours, at first by the faults inside
//! them, then refined until units of one colour send to, and hear from, units of the same colours (the coarsest
//! equitable partition). Each colour is simulated once.

use std::collections::BTreeMap;

use super::component::{Component, run as run_component};
use super::load::Loads;
use super::pattern::{FlowList, Pattern, PatternFlows};
use super::problem::Problem;
use super::routes::{Router, Routing, Strands};
use super::simulate::{FlowError, Outcome, Simulation};
use super::topology::{Attach, Clos, Shape, Topology};
use super::traffic::{Flow, Groups};
use super::units::{WHOLE, bytes_of, time_of, work};

/// Endpoints of a unit and number of units, where moving by a unit is a symmetry of tree and routing.
fn units(topology: &Topology, routing: Routing) -> Option<(u32, u32)> {
    let spec = topology.spec();
    let Shape::Clos(clos) = &spec.shape else { return None };
    let rails = match spec.attach {
        Attach::Plain => 1,
        Attach::RailOptimised { rails } => rails,
        Attach::RailOnly { .. } => return None,
    };
    let leaves = if clos.pods() > 1 { clos.pod_leaves } else { rails };
    let size = leaves.checked_mul(clos.down)?;
    let full = spec.endpoints == clos.leaves * clos.down && clos.leaves.is_multiple_of(leaves);
    let domains = spec.domain.is_none_or(|d| size.is_multiple_of(d.size));
    let even = full && domains && leaves.is_multiple_of(rails) && clos.leaves / leaves > 1;
    (even && routed_alike(clos, size, routing)).then_some((size, clos.leaves / leaves))
}

/// Whether the choice of a path is the same from unit to unit.
fn routed_alike(clos: &Clos, size: u32, routing: Routing) -> bool {
    match routing {
        Routing::Spray => true,
        Routing::Ecmp { .. } | Routing::Adaptive => false,
        Routing::DModK => {
            size.is_multiple_of(clos.up)
                && (clos.spine_up == 0 || (size / clos.up).is_multiple_of(clos.spine_up))
        }
    }
}

/// The regular step of a pattern.
struct Step {
    groups: Groups,
    hops: (u32, u32),
    /// Endpoints of a unit.
    size: u32,
    units: u32,
}

impl Step {
    fn of(pattern: &Pattern, topology: &Topology, routing: Routing) -> Option<Step> {
        let Pattern::Groups { endpoints, groups, hops } = pattern else { return None };
        let (size, units) = units(topology, routing)?;
        let block = groups.size.checked_mul(groups.stride).filter(|b| *b > 0)?;
        let regular = size.is_multiple_of(block) || block.is_multiple_of(size);
        let whole = *endpoints == topology.endpoints() && endpoints.is_multiple_of(block);
        (regular && whole && hops.0 <= hops.1).then_some(Step { groups: *groups, hops: *hops, size, units })
    }

    fn width(&self) -> u32 {
        self.hops.1 - self.hops.0 + 1
    }

    /// Units that a unit sends to, by how many units further on; the same for all units but for the end of a
    /// block, which leads back to its beginning.
    fn distances(&self) -> Vec<u32> {
        let block = self.groups.size * self.groups.stride;
        let per_block = (block / self.size).max(1);
        let mut out = Vec::new();
        for hop in self.hops.0..=self.hops.1 {
            let way = u64::from(hop) * u64::from(self.groups.stride);
            let near = (way / u64::from(self.size) % u64::from(per_block)) as u32;
            out.extend([near, (near + 1) % per_block]);
        }
        out.sort_unstable();
        out.dedup();
        out
    }

    fn moved(&self, unit: u32, distance: u32, back: bool) -> u32 {
        let per_block = (self.groups.size * self.groups.stride / self.size).max(1);
        let begin = unit / per_block * per_block;
        let by = if back { per_block - distance % per_block } else { distance };
        begin + (unit - begin + by) % per_block
    }
}

/// Where resources sit: kind by kind, evenly over the units.
struct Places {
    first: Vec<u32>,
    per_unit: Vec<u32>,
}

impl Places {
    fn new(blocks: &[u32], units: u32) -> Places {
        let mut first = Vec::with_capacity(blocks.len() + 1);
        let mut at = 0;
        for n in blocks {
            first.push(at);
            at += n;
        }
        first.push(at);
        Places { first, per_unit: blocks.iter().map(|n| n / units).collect() }
    }

    fn per_unit(&self) -> u32 {
        self.per_unit.iter().sum()
    }

    /// Unit of a resource, and its number there.
    fn of(&self, resource: u32) -> (u32, u32) {
        let mut offset = 0;
        for (kind, per) in self.per_unit.iter().enumerate() {
            if resource < self.first[kind + 1] {
                let at = resource - self.first[kind];
                return (at / per, offset + at % per);
            }
            offset += per;
        }
        (0, 0)
    }

    fn resource(&self, unit: u32, local: u32) -> u32 {
        let mut offset = 0;
        for (kind, per) in self.per_unit.iter().enumerate() {
            if local < offset + per {
                return self.first[kind] + unit * per + (local - offset);
            }
            offset += per;
        }
        0
    }
}

/// Colours of the units, from zero without gaps, and a unit of each.
fn colours(step: &Step, faulty: &BTreeMap<u32, Vec<u32>>) -> (Vec<u32>, Vec<u32>) {
    let mut colour: Vec<u32> = vec![0; step.units as usize];
    let kinds: BTreeMap<&Vec<u32>, u32> = faulty.values().zip(1..).collect();
    for (unit, faults) in faulty {
        colour[*unit as usize] = kinds[faults];
    }
    let distances = step.distances();
    let mut count = 0;
    loop {
        let mut names: BTreeMap<Vec<u32>, u32> = BTreeMap::new();
        let keys: Vec<Vec<u32>> = (0..step.units)
            .map(|u| {
                let mut key = vec![colour[u as usize]];
                // Without faults all are alike, and there is nothing to look at.
                if !faulty.is_empty() {
                    for d in &distances {
                        key.push(colour[step.moved(u, *d, false) as usize]);
                        key.push(colour[step.moved(u, *d, true) as usize]);
                    }
                }
                key
            })
            .collect();
        for key in &keys {
            let next = names.len() as u32;
            names.entry(key.clone()).or_insert(next);
        }
        for (c, key) in colour.iter_mut().zip(&keys) {
            *c = names[key];
        }
        if names.len() == count {
            break;
        }
        count = names.len();
    }
    let mut units = vec![u32::MAX; count];
    for (u, c) in colour.iter().enumerate() {
        if units[*c as usize] == u32::MAX {
            units[*c as usize] = u as u32;
        }
    }
    (colour, units)
}

/// Runs a regular step by its symmetry; nothing where there is none.
pub(crate) fn run(
    simulation: &Simulation<'_>,
    flows: &(impl FlowList + ?Sized),
) -> Result<Option<Outcome>, FlowError> {
    let topology = simulation.topology;
    // A printed certificate names every link.
    let beside = simulation.explicit
        || simulation.print
        || !simulation.flaps.is_empty()
        || !simulation.background.is_empty();
    let planes = topology.spec().planes;
    let odd_planes = planes > 1 && !simulation.faults.is_empty();
    let Some(pattern) = flows.pattern().filter(|_| !beside && !odd_planes) else { return Ok(None) };
    let bytes = pattern.bytes.bytes();
    if !(bytes >= 0.0 && bytes.is_finite()) {
        return Ok(None);
    }
    let Some(step) = Step::of(&pattern.pattern, topology, simulation.routing) else { return Ok(None) };
    quotient(simulation, pattern, &step).map(Some)
}

fn quotient(simulation: &Simulation<'_>, flows: &PatternFlows, step: &Step) -> Result<Outcome, FlowError> {
    let topology = simulation.topology;
    let none = super::faults::Faults::none();
    let router = Router::new(topology, simulation.routing, &simulation.faults, &none, false);
    let places = Places::new(&router.blocks(), step.units);
    // Planes are alike: the first speaks for all. Its resources, then those of the domains.
    let flat = |r: u32| router.in_first_copy(r);
    let mut faulty: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for link in simulation.faults.links() {
        let (unit, local) = unit_of_link(topology, step, *link);
        faulty.entry(unit).or_default().push(local);
    }
    let (colour, units) = colours(step, &faulty);
    let width = step.width() as usize;
    let per_unit = step.size as usize * width;
    let flow_of = |k: usize| {
        let (c, rest) = (k / per_unit, k % per_unit);
        flows.flow(units[c] as usize * per_unit + rest)
    };
    let strands = route(&router, per_unit * units.len(), flow_of)?;
    let per = places.per_unit();
    let mut dense = vec![u32::MAX; per as usize * units.len()];
    for r in &strands.resources {
        let (unit, local) = places.of(flat(*r));
        dense[(colour[unit as usize] * per + local) as usize] = 0;
    }
    let mut capacity = Vec::new();
    let mut orbits = Vec::new();
    for (i, slot) in dense.iter_mut().enumerate().filter(|(_, s)| **s == 0) {
        let (c, local) = (i as u32 / per, i as u32 % per);
        *slot = capacity.len() as u32;
        capacity.push(router.capacity(router.out_of_first_copy(places.resource(units[c as usize], local))));
        orbits.push((c, local));
    }
    let list: Vec<u32> = strands
        .resources
        .iter()
        .map(|r| {
            let (unit, local) = places.of(flat(*r));
            dense[(colour[unit as usize] * per + local) as usize]
        })
        .collect();
    let share = work(flows.bytes) / f64::from(topology.spec().planes);
    let n = strands.len();
    let work_of = |s: usize| if strands.span(s).is_empty() { 0.0 } else { share };
    let mut carried = vec![0u64; orbits.len()];
    if simulation.loads {
        let bytes = bytes_of(share);
        for (at, r) in list.iter().enumerate() {
            let part = strands.parts.get(at).map_or(1.0, |p| f64::from(*p) / WHOLE as f64);
            carried[*r as usize] += (bytes * part).round() as u64;
        }
    }
    let problem = Problem::new(capacity, strands.offsets.clone(), list, strands.parts.clone());
    let component = Component {
        problem,
        work: (0..n).map(work_of).collect(),
        start: vec![0; n],
        class: Vec::new(),
        stalls: Vec::new(),
        names: Vec::new(),
    };
    let course = run_component(component, u64::MAX, simulation.certificate, false)?;
    let stalled = course.end.iter().filter(|e| **e == u64::MAX).count() as u64;
    if stalled > 0 {
        return Err(FlowError::Stalled { flows: stalled });
    }
    let of_rep: Vec<u64> =
        course.end.iter().zip(&strands.latency).map(|(e, l)| e.saturating_add(u64::from(*l))).collect();
    let mut ends = Vec::with_capacity(per_unit * step.units as usize);
    for c in &colour {
        ends.extend_from_slice(&of_rep[*c as usize * per_unit..(*c as usize + 1) * per_unit]);
    }
    let loads = simulation.loads.then(|| {
        let mut loads = Loads::new(topology);
        for (unit, c) in colour.iter().enumerate() {
            let own = orbits.iter().zip(&carried).filter(|((o, _), _)| o == c);
            let raw = own.map(|((_, local), bytes)| {
                (router.out_of_first_copy(places.resource(unit as u32, *local)), *bytes)
            });
            loads.spread(&router, raw);
        }
        loads.repeat_first_copy(topology);
        loads
    });
    Ok(Outcome {
        makespan: time_of(of_rep.iter().copied().max().unwrap_or(0)),
        ends,
        loads,
        counts: course.counts,
        certificate: simulation.certificate.then_some(course.certificate),
        witnesses: Vec::new(),
        components: 1,
        simulated: n as u64,
    })
}

/// Unit of a link and its number there.
fn unit_of_link(topology: &Topology, step: &Step, link: u32) -> (u32, u32) {
    let (tier, _, index) = topology.place(link);
    let per = (topology.tiers()[tier].links / step.units).max(1);
    (index / per, tier as u32 * (1 << 24) + index % per)
}

/// Routes in the first plane alone.
fn route(router: &Router<'_>, count: usize, flow: impl Fn(usize) -> Flow) -> Result<Strands, FlowError> {
    let lost = |list: Vec<u32>| {
        let f = list.first().map(|i| flow(*i as usize));
        let (from, to) = f.map_or((0, 0), |f| (f.from, f.to));
        FlowError::NoPath { flows: list.len() as u64, from, to }
    };
    router.route_in_first_plane((0..count).map(&flow), count).map_err(lost)
}
