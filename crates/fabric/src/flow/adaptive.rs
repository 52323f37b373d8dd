//! Adaptive spraying: how much of each flow takes which path, by load.
//!
//! A flow may take its minimal paths and, outside of fat trees, detours over a third place (Valiant and Brebner, STOC
//! 1981); networks that route adaptively choose among both by what is queued (UGAL: Singh, 2005). Here the shares of all
//! flows are found together: they make Σ (load ÷ capacity)⁸ small, which is nearly the least load of the busiest link,
//! by the method of Frank and Wolfe (1956): in each round every flow turns a part of itself to the path that then costs
//! least. Paths are compared as if all flows ran at once; what starts later or ends sooner does not change them.

use super::units::{WHOLE, mix};

/// Most minimal paths of a flow.
pub(crate) const MINIMAL: u32 = super::routes::MOST_PATHS;
/// Most detours of a flow.
pub(crate) const DETOURS: u32 = 8;
/// Rounds of the search.
const ROUNDS: u32 = 48;
/// Smaller shares, in parts of a flow, are given to the others: they only cost time.
const LEAST: u64 = WHOLE / 256;
/// What a link costs that carries nothing, against the busiest: a longer way must pay for itself.
const HOP: f64 = 1e-3;

/// Paths of many strands, the minimal ones first.
#[derive(Default)]
pub(crate) struct Paths {
    /// Where the paths of a strand begin; one more at the end.
    of_strand: Vec<u32>,
    /// Minimal paths of each strand.
    minimal: Vec<u32>,
    /// Where the links of a path begin; one more at the end.
    of_path: Vec<u32>,
    links: Vec<u32>,
}

impl Paths {
    pub(crate) fn new() -> Paths {
        Paths { of_strand: vec![0], of_path: vec![0], ..Paths::default() }
    }

    pub(crate) fn add_path(&mut self, links: impl Iterator<Item = u32>) {
        self.links.extend(links);
        self.of_path.push(self.links.len() as u32);
    }

    /// Ends a strand whose last paths were added; the first `minimal` of them are minimal.
    pub(crate) fn end_strand(&mut self, minimal: u32) {
        self.minimal.push(minimal);
        self.of_strand.push(self.of_path.len() as u32 - 1);
    }

    fn strands(&self) -> usize {
        self.minimal.len()
    }

    pub(crate) fn paths_of(&self, strand: usize) -> std::ops::Range<usize> {
        self.of_strand[strand] as usize..self.of_strand[strand + 1] as usize
    }

    pub(crate) fn links_of(&self, path: usize) -> &[u32] {
        &self.links[self.of_path[path] as usize..self.of_path[path + 1] as usize]
    }
}

/// The shares of all paths in units of 2⁻³⁰; those of a strand add up to one.
pub(crate) fn shares(paths: &Paths, bytes: &[u64], capacity: &[f64]) -> Vec<u64> {
    let mut first = vec![0u64; paths.of_path.len() - 1];
    for s in 0..paths.strands() {
        let range = paths.paths_of(s);
        let minimal = range.start..range.start + paths.minimal[s] as usize;
        evenly(&mut first[minimal]);
    }
    let mut share = first.clone();
    let mut load = vec![0u64; capacity.len()];
    let mut cost = vec![0.0f64; capacity.len()];
    for round in 1..=ROUNDS {
        fill(paths, bytes, &share, &mut load);
        let most = busiest(&load, capacity);
        if most <= 0.0 {
            return share;
        }
        for ((c, l), cap) in cost.iter_mut().zip(&load).zip(capacity) {
            *c = if *cap > 0.0 { (*l as f64 / cap / most).powi(7) + HOP } else { f64::INFINITY };
        }
        for s in 0..paths.strands() {
            let range = paths.paths_of(s);
            let of = |p: usize| paths.links_of(p).iter().map(|l| cost[*l as usize]).sum::<f64>();
            let best = range.clone().min_by(|a, b| of(*a).total_cmp(&of(*b)));
            let Some(best) = best.filter(|_| range.len() > 1) else { continue };
            let mut turned = 0;
            for p in range {
                let part = share[p] * 2 / u64::from(round + 2);
                share[p] -= part;
                turned += part;
            }
            share[best] += turned;
        }
    }
    for s in 0..paths.strands() {
        tidy(&mut share[paths.paths_of(s)]);
    }
    // Where minimal paths alone load the busiest link no more, nothing is gained by going astray.
    fill(paths, bytes, &share, &mut load);
    let found = busiest(&load, capacity);
    fill(paths, bytes, &first, &mut load);
    if busiest(&load, capacity) <= found { first } else { share }
}

/// Whole bytes, so that sums do not depend on the order of the flows.
fn fill(paths: &Paths, bytes: &[u64], share: &[u64], load: &mut [u64]) {
    load.fill(0);
    for (s, bytes) in bytes.iter().enumerate() {
        for p in paths.paths_of(s) {
            let part = ((u128::from(*bytes) * u128::from(share[p])) >> 30) as u64;
            for l in paths.links_of(p) {
                load[*l as usize] += part;
            }
        }
    }
}

fn busiest(load: &[u64], capacity: &[f64]) -> f64 {
    load.iter().zip(capacity).filter(|(_, c)| **c > 0.0).map(|(l, c)| *l as f64 / c).fold(0.0, f64::max)
}

fn evenly(share: &mut [u64]) {
    let n = share.len() as u64;
    for (i, s) in share.iter_mut().enumerate() {
        *s = WHOLE / n.max(1) + u64::from((i as u64) < WHOLE % n.max(1));
    }
}

/// Drops crumbs; the largest share takes what is missing to one.
fn tidy(share: &mut [u64]) {
    for s in share.iter_mut() {
        if *s < LEAST {
            *s = 0;
        }
    }
    let sum: u64 = share.iter().sum();
    if let Some(largest) = share.iter_mut().max() {
        *largest += WHOLE - sum.min(WHOLE);
    }
}

/// The `k`-th third place for a way between two slots.
pub(crate) fn third(from: u32, to: u32, k: u32, slots: u32) -> u32 {
    let ends = (u64::from(from) << 32) | u64::from(to);
    (mix(mix(ends) ^ u64::from(k)) % u64::from(slots.max(1))) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two strands share a short path; each also has a longer one of its own.
    #[test]
    fn load_is_spread_until_the_busiest_link_is_least() {
        let mut paths = Paths::new();
        for own in [1u32, 3] {
            paths.add_path([0u32].into_iter());
            paths.add_path([own, own + 1].into_iter());
            paths.end_strand(1);
        }
        let found = shares(&paths, &[1 << 30, 1 << 30], &[1.0; 5]);
        for s in 0..2 {
            let part = &found[paths.paths_of(s)];
            assert_eq!(part.iter().sum::<u64>(), WHOLE);
            // The least load of the busiest link is two thirds.
            let direct = part[0] as f64 / WHOLE as f64;
            assert!((0.28..0.40).contains(&direct), "{direct}");
        }
    }

    #[test]
    fn idle_networks_are_crossed_by_the_shortest_way() {
        let mut paths = Paths::new();
        paths.add_path([0u32].into_iter());
        paths.add_path([1u32, 2].into_iter());
        paths.end_strand(1);
        assert_eq!(shares(&paths, &[0], &[1.0; 3]), [WHOLE, 0]);
    }
}
