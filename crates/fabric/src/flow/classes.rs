//! Quotient of a fat tree under spraying: links that every flow loads alike are one resource.
//!
//! An ideal adaptive network spreads each flow evenly over all paths that are up. All uplinks of a leaf then
//! carry the same, and count as one link of their summed rate. A failed link breaks this symmetry: its number
//! `u` (and, above the spines, the pair `(u, m)`) becomes a class of its own in every leaf and pod, and only
//! there the bundle is split. The result is exactly that of the explicit graph.

use super::faults::Faults;
use super::topology::{Clos, Family, Topology};
use super::units::WHOLE;

/// Paths `(u, m)` of one kind.
#[derive(Debug, Clone, Copy)]
struct Upper {
    /// Class of `u`.
    class: u32,
    /// Number of `(u, m)` in it.
    count: u32,
    /// A member.
    member: (u32, u32),
    /// Whether a fault of some pod is on it (then it has one member).
    faulty: bool,
}

/// The classes of a fat tree with given faults.
pub(crate) struct ClosClasses<'a> {
    topology: &'a Topology,
    faults: &'a Faults,
    clos: Clos,
    /// Sound `u`, then each faulty `u`.
    sound: u32,
    faulty: Vec<u32>,
    class_of: Vec<u32>,
    upper: Vec<Upper>,
}

impl<'a> ClosClasses<'a> {
    pub(crate) fn new(
        topology: &'a Topology,
        clos: Clos,
        faults: &'a Faults,
        flapping: &Faults,
    ) -> ClosClasses<'a> {
        let odd = faults.links().iter().chain(flapping.links());
        let mut marks: Vec<(u32, Option<u32>)> = odd.filter_map(|l| mark(topology, &clos, *l)).collect();
        marks.sort_unstable();
        marks.dedup();
        let mut faulty: Vec<u32> = marks.iter().map(|(u, _)| *u).collect();
        faulty.dedup();
        let mut class_of = vec![0; clos.up as usize];
        for (i, u) in faulty.iter().enumerate() {
            class_of[*u as usize] = i as u32 + 1;
        }
        let sound = clos.up - faulty.len() as u32;
        let first_sound = class_of.iter().position(|c| *c == 0).unwrap_or(0) as u32;
        let mut upper = Vec::new();
        if clos.spine_up > 0 {
            let count = sound * clos.spine_up;
            upper.push(Upper { class: 0, count, member: (first_sound, 0), faulty: false });
            for (i, u) in faulty.iter().enumerate() {
                let class = i as u32 + 1;
                let bad: Vec<u32> = marks.iter().filter(|(v, _)| v == u).filter_map(|(_, m)| *m).collect();
                if let Some(m) = (0..clos.spine_up).find(|m| !bad.contains(m)) {
                    let count = clos.spine_up - bad.len() as u32;
                    upper.push(Upper { class, count, member: (*u, m), faulty: false });
                }
                upper.extend(bad.iter().map(|m| Upper { class, count: 1, member: (*u, *m), faulty: true }));
            }
        }
        ClosClasses { topology, faults, clos, sound, faulty, class_of, upper }
    }

    fn lower_classes(&self) -> u32 {
        self.faulty.len() as u32 + 1
    }

    fn upper_classes(&self) -> u32 {
        self.upper.len() as u32
    }

    pub(crate) fn blocks(&self) -> [u32; 3] {
        let c = &self.clos;
        [c.slots(), c.leaves * self.lower_classes(), c.pods() * self.upper_classes()]
    }

    /// Resources of one copy.
    pub(crate) fn per_copy(&self) -> u32 {
        self.blocks().iter().map(|n| 2 * n).sum()
    }

    fn lower(&self, leaf: u32, class: u32) -> u32 {
        2 * self.blocks()[0] + leaf * self.lower_classes() + class
    }

    fn higher(&self, pod: u32, class: u32) -> u32 {
        let b = self.blocks();
        2 * b[0] + 2 * b[1] + pod * self.upper_classes() + class
    }

    fn up(&self, link_of_copy: u32, copy: u32) -> bool {
        !self.faults.contains(copy * self.topology.copy_links() + link_of_copy)
    }

    /// Links of a copy behind a resource of that copy, whether up or down.
    fn members_of(&self, local: u32) -> Vec<u32> {
        let (c, b) = (&self.clos, self.blocks());
        if local < 2 * b[0] {
            return vec![local];
        }
        let at = local - 2 * b[0];
        if at < 2 * b[1] {
            let down = at >= b[1];
            let (leaf, class) = (at % b[1] / self.lower_classes(), at % b[1] % self.lower_classes());
            let link = |u| if down { c.leaf_down(leaf, u) } else { c.leaf_up(leaf, u) };
            return (0..c.up).filter(|u| self.class_of[*u as usize] == class).map(link).collect();
        }
        let at = at - 2 * b[1];
        let down = at >= b[2];
        let (pod, w) = (at % b[2] / self.upper_classes(), at % b[2] % self.upper_classes());
        let link = |u, m| if down { c.spine_down_link(pod, u, m) } else { c.spine_up_link(pod, u, m) };
        let class = &self.upper[w as usize];
        if class.faulty {
            return vec![link(class.member.0, class.member.1)];
        }
        let bad = |u: u32, m: u32| self.upper.iter().any(|x| x.faulty && x.member == (u, m));
        let all = (0..c.up).flat_map(|u| (0..c.spine_up).map(move |m| (u, m)));
        all.filter(|(u, m)| self.class_of[*u as usize] == class.class && !bad(*u, *m))
            .map(|(u, m)| link(u, m))
            .collect()
    }

    /// The resource that a link belongs to.
    pub(crate) fn resource_of(&self, link: u32) -> Option<u32> {
        let copy = link / self.topology.copy_links();
        let local = link % self.topology.copy_links();
        let (c, b) = (&self.clos, self.blocks());
        let own = if local < 2 * b[0] {
            local
        } else {
            let (tier, _, index) = self.topology.place(link);
            let down = tier % 2;
            if tier < 4 {
                let class = self.class_of[(index % c.up) as usize];
                self.lower(index / c.up, class) + u32::from(down == 1) * b[1]
            } else {
                let per_pod = c.up * c.spine_up;
                let (u, m) = (index % per_pod / c.spine_up, index % per_pod % c.spine_up);
                let class = self.class_of[u as usize];
                let is = |w: &Upper| if w.faulty { w.member == (u, m) } else { w.class == class };
                let single = self.upper.iter().position(|w| w.faulty && is(w));
                let w = single.or_else(|| self.upper.iter().position(is))?;
                self.higher(index / per_pod, w as u32) + u32::from(down == 1) * b[2]
            }
        };
        Some(copy * self.per_copy() + own)
    }

    /// Links that are up behind a resource.
    pub(crate) fn members(&self, resource: u32) -> Vec<u32> {
        let (copy, local) = (resource / self.per_copy(), resource % self.per_copy());
        let base = copy * self.topology.copy_links();
        self.members_of(local).into_iter().filter(|l| self.up(*l, copy)).map(|l| base + l).collect()
    }

    /// Links up behind a resource of a copy.
    pub(crate) fn width(&self, copy: u32, local: u32) -> u32 {
        let b = self.blocks();
        let at = local.saturating_sub(2 * b[0]);
        // Sound classes have all their members up; only single members can be down.
        let sound = if local < 2 * b[0] {
            None
        } else if at < 2 * b[1] {
            (at % b[1]).is_multiple_of(self.lower_classes()).then_some(self.sound)
        } else {
            let w = &self.upper[((at - 2 * b[1]) % b[2] % self.upper_classes()) as usize];
            (!w.faulty).then_some(w.count)
        };
        sound.unwrap_or_else(|| {
            self.members_of(local).into_iter().filter(|l| self.up(*l, copy)).count() as u32
        })
    }

    /// Appends resources and fractions of a flow between two slots of a copy; false where no path is up.
    pub(crate) fn spray(&self, copy: u32, from: u32, to: u32, out: &mut Vec<(u32, u32)>) -> bool {
        let c = &self.clos;
        let base = copy * self.per_copy();
        if !(self.up(from, copy) && self.up(c.slots() + to, copy)) {
            return false;
        }
        let whole = WHOLE as u32;
        out.push((base + from, whole));
        let (a, b) = (c.leaf(from), c.leaf(to));
        if a != b {
            let (p, q) = (c.pod(a), c.pod(b));
            let lower: Vec<u32> = if self.faulty.is_empty() {
                Vec::new()
            } else {
                self.faulty
                    .iter()
                    .map(|u| u32::from(self.up(c.leaf_up(a, *u), copy) && self.up(c.leaf_down(b, *u), copy)))
                    .collect()
            };
            if p == q {
                self.within_pod(base, a, b, &lower, out);
            } else {
                self.between_pods((base, copy), (a, p), (b, q), &lower, out);
            }
            if out.len() == 1 {
                return false;
            }
        }
        out.push((base + c.slots() + to, whole));
        true
    }

    fn within_pod(&self, base: u32, a: u32, b: u32, lower: &[u32], out: &mut Vec<(u32, u32)>) {
        let down = self.blocks()[1];
        let total = self.sound + lower.iter().sum::<u32>();
        for (class, paths) in std::iter::once(self.sound).chain(lower.iter().copied()).enumerate() {
            if paths > 0 {
                let share = part(paths, total);
                let at = class as u32;
                out.push((base + self.lower(a, at), share));
                out.push((base + self.lower(b, at) + down, share));
            }
        }
    }

    fn between_pods(
        &self,
        (base, copy): (u32, u32),
        (a, p): (u32, u32),
        (b, q): (u32, u32),
        lower: &[u32],
        out: &mut Vec<(u32, u32)>,
    ) {
        let [_, down, high_down] = self.blocks();
        let c = &self.clos;
        let paths = |w: &Upper| {
            let leaf = if w.class == 0 { 1 } else { lower[w.class as usize - 1] };
            let (u, m) = w.member;
            let spine = !w.faulty
                || (self.up(c.spine_up_link(p, u, m), copy) && self.up(c.spine_down_link(q, u, m), copy));
            w.count * leaf * u32::from(spine)
        };
        let total: u32 = self.upper.iter().map(paths).sum();
        if total == 0 {
            return;
        }
        for class in 0..self.lower_classes() {
            let of_class: u32 = self.upper.iter().filter(|w| w.class == class).map(paths).sum();
            if of_class > 0 {
                let share = part(of_class, total);
                out.push((base + self.lower(a, class), share));
                out.push((base + self.lower(b, class) + down, share));
            }
        }
        for (i, w) in self.upper.iter().enumerate() {
            let n = paths(w);
            if n > 0 {
                let share = part(n, total);
                out.push((base + self.higher(p, i as u32), share));
                out.push((base + self.higher(q, i as u32) + high_down, share));
            }
        }
    }
}

/// `paths` of `total` as a fraction of [`WHOLE`].
fn part(paths: u32, total: u32) -> u32 {
    (u64::from(paths) * WHOLE / u64::from(total.max(1))) as u32
}

/// The `u`, and above the spines the `m`, that a failed link is on.
fn mark(topology: &Topology, clos: &Clos, link: u32) -> Option<(u32, Option<u32>)> {
    if link >= topology.domain_base() {
        return None;
    }
    let (tier, _, index) = topology.place(link);
    match tier {
        2 | 3 => Some((index % clos.up, None)),
        4 | 5 => {
            let at = index % (clos.up * clos.spine_up);
            Some((at / clos.spine_up, Some(at % clos.spine_up)))
        }
        _ => None,
    }
}
