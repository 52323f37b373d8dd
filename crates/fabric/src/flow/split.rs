//! Cuts a simulation into components: sets of strands that share no resource with each other, such as planes,
//! rails and idle scale-up domains. They are solved in parallel, and their results do not depend on it.

use super::component::Component;
use super::problem::Problem;
use super::routes::{Router, Strands};

/// Attributes of all strands.
pub(crate) struct Share {
    pub work: Vec<f64>,
    /// Beginnings.
    pub start: Vec<u64>,
    /// Priorities; empty where all are alike.
    pub class: Vec<u8>,
    /// Links without capacity for a while.
    pub stalled: Vec<(u64, u64, u32)>,
}

const NONE: u32 = u32::MAX;

/// Numbers the resources in use densely, in their own order: where two fill at the same share the lower number
/// goes first, which must not depend on the numbering of flows.
struct Dense {
    of: Vec<u32>,
    met: Vec<u32>,
}

impl Dense {
    fn meet(&mut self, resource: u32) {
        let slot = &mut self.of[resource as usize];
        if *slot == NONE {
            *slot = 0;
            self.met.push(resource);
        }
    }

    fn number(&mut self) {
        // Going through all is cheaper than sorting many.
        if self.met.len() * 16 > self.of.len() {
            self.met.clear();
            self.met.extend((0..self.of.len() as u32).filter(|r| self.of[*r as usize] != NONE));
        } else {
            self.met.sort_unstable();
        }
        for (i, r) in self.met.iter().enumerate() {
            self.of[*r as usize] = i as u32;
        }
    }

    fn forget(&mut self) {
        for r in self.met.drain(..) {
            self.of[r as usize] = NONE;
        }
    }
}

/// Components with the numbers of their strands; a single one has an empty list and takes the incidence out of
/// `strands` where its resources are not needed any more (`keep` is false). `caps` are the highest rates of the
/// strands from `finite` on, each on a resource of its own.
pub(crate) fn split(
    router: &Router<'_>,
    strands: &mut Strands,
    caps: &[u64],
    finite: usize,
    share: Share,
    keep: bool,
) -> Vec<(Vec<u32>, Component)> {
    let n = strands.len();
    let resources = router.resources();
    let groups = groups(router, strands);
    if groups.len() == 1 && caps.is_empty() && strands.resources.len() >= resources as usize {
        // Most resources are in use: their own numbers will do.
        let (offsets, list, parts) = incidence(strands, keep);
        let capacity = (0..resources).map(|r| router.capacity(r)).collect();
        let stalls = share.stalled.iter();
        let stalls = stalls.filter_map(|(a, b, l)| router.resource_of(*l).map(|r| (*a, *b, r))).collect();
        let problem = Problem::new(capacity, offsets, list, parts);
        let component = Component {
            problem,
            work: share.work,
            start: share.start,
            class: share.class,
            stalls,
            names: Vec::new(),
        };
        return vec![(Vec::new(), component)];
    }
    let mut dense = Dense { of: vec![NONE; resources as usize + caps.len()], met: Vec::new() };
    let capacity = |met: &[u32]| -> Vec<u64> {
        let of = |r: &u32| match r.checked_sub(resources) {
            Some(b) => caps.get(b as usize).copied().unwrap_or(0),
            None => router.capacity(*r),
        };
        met.iter().map(of).collect()
    };
    let cap_of = |s: usize| (s >= finite).then(|| resources + (s - finite) as u32);
    let stalls: Vec<(u64, u64, u32)> =
        share.stalled.iter().filter_map(|(a, b, l)| router.resource_of(*l).map(|r| (*a, *b, r))).collect();
    if groups.len() == 1 && caps.is_empty() {
        let (offsets, mut list, parts) = incidence(strands, keep);
        for r in &list {
            dense.meet(*r);
        }
        dense.number();
        for r in &mut list {
            *r = dense.of[*r as usize];
        }
        let stalls = local(&stalls, &dense);
        let capacity = capacity(&dense.met);
        let names = std::mem::take(&mut dense.met);
        drop(dense);
        let problem = Problem::new(capacity, offsets, list, parts);
        return vec![(
            Vec::new(),
            Component { problem, work: share.work, start: share.start, class: share.class, stalls, names },
        )];
    }
    let mut out = Vec::with_capacity(groups.len());
    let pick =
        |list: &[u32]| -> Vec<u32> { if list.is_empty() { (0..n as u32).collect() } else { list.to_vec() } };
    for group in &groups {
        let members = pick(group);
        let mut offsets = Vec::with_capacity(members.len() + 1);
        let (mut list, mut parts) = (Vec::new(), Vec::new());
        offsets.push(0);
        for s in &members {
            let span = strands.span(*s as usize);
            for r in &strands.resources[span.clone()] {
                dense.meet(*r);
                list.push(*r);
            }
            if !strands.parts.is_empty() {
                parts.extend_from_slice(&strands.parts[span]);
            }
            if let Some(cap) = cap_of(*s as usize) {
                dense.meet(cap);
                list.push(cap);
                if !strands.parts.is_empty() {
                    parts.push(super::units::WHOLE as u32);
                }
            }
            offsets.push(list.len() as u32);
        }
        dense.number();
        for r in &mut list {
            *r = dense.of[*r as usize];
        }
        let stalls = local(&stalls, &dense);
        let problem = Problem::new(capacity(&dense.met), offsets, list, parts);
        let names = dense.met.clone();
        dense.forget();
        let each = |s: &u32| *s as usize;
        let component = Component {
            problem,
            work: members.iter().map(|s| share.work[each(s)]).collect(),
            start: members.iter().map(|s| share.start[each(s)]).collect(),
            class: if share.class.is_empty() {
                Vec::new()
            } else {
                members.iter().map(|s| share.class[each(s)]).collect()
            },
            stalls,
            names,
        };
        out.push((members, component));
    }
    out
}

/// Offsets, resources and fractions of all strands; taken out unless they are needed later.
fn incidence(strands: &mut Strands, keep: bool) -> (Vec<u32>, Vec<u32>, Vec<u32>) {
    if keep {
        return (strands.offsets.clone(), strands.resources.clone(), strands.parts.clone());
    }
    let take = std::mem::take::<Vec<u32>>;
    (take(&mut strands.offsets), take(&mut strands.resources), take(&mut strands.parts))
}

fn local(stalls: &[(u64, u64, u32)], dense: &Dense) -> Vec<(u64, u64, u32)> {
    let number = |r: u32| dense.of.get(r as usize).copied().filter(|d| *d != NONE);
    stalls.iter().filter_map(|(a, b, r)| number(*r).map(|d| (*a, *b, d))).collect()
}

/// Strands by component; one empty list stands for all of them.
fn groups(router: &Router<'_>, strands: &Strands) -> Vec<Vec<u32>> {
    let regions = router.regions() as usize;
    if regions == 1 {
        return vec![Vec::new()];
    }
    let mut parent: Vec<u32> = (0..regions as u32).collect();
    let mut first = vec![NONE; strands.len()];
    for (s, first) in first.iter_mut().enumerate() {
        for r in &strands.resources[strands.span(s)] {
            let region = find(&mut parent, router.region(*r));
            if *first == NONE {
                *first = region;
            } else {
                let other = find(&mut parent, *first);
                // The smaller number stands for both, whatever the order.
                parent[region.max(other) as usize] = region.min(other);
            }
        }
    }
    let mut lists: Vec<Vec<u32>> = vec![Vec::new(); regions];
    for (s, region) in first.iter().enumerate() {
        let root = if *region == NONE { 0 } else { find(&mut parent, *region) };
        lists[root as usize].push(s as u32);
    }
    lists.retain(|l| !l.is_empty());
    if lists.len() == 1 { vec![Vec::new()] } else { lists }
}

fn find(parent: &mut [u32], mut at: u32) -> u32 {
    while parent[at as usize] != at {
        parent[at as usize] = parent[parent[at as usize] as usize];
        at = parent[at as usize];
    }
    at
}
