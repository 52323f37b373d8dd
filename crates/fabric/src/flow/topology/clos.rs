//! Fat trees of one, two or three tiers at any oversubscription.
//!
//! Links of one copy, in this order: endpoint to leaf, leaf to endpoint, leaf to spine, spine to leaf, spine
//! to core, core to spine. Uplink `u` of a leaf goes to spine `u mod spines` of its pod; link `m` of spine `u`
//! goes to core `(u·spine_up + m) mod cores`, and comes down over the same `(u, m)`.

use super::{Family, Part};

/// Shape of a fat tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clos {
    /// Endpoint ports of a leaf.
    pub down: u32,
    /// Uplinks of a leaf; none with a single leaf.
    pub up: u32,
    /// Leaves.
    pub leaves: u32,
    /// Leaves of a pod; all of them with two tiers.
    pub pod_leaves: u32,
    /// Spines of a pod; they divide `up` evenly.
    pub spines: u32,
    /// Uplinks of a spine; none with two tiers.
    pub spine_up: u32,
    /// Cores.
    pub cores: u32,
}

impl Clos {
    /// Pods.
    pub fn pods(&self) -> u32 {
        self.leaves.div_ceil(self.pod_leaves.max(1))
    }

    pub(crate) fn leaf(&self, slot: u32) -> u32 {
        slot / self.down
    }

    pub(crate) fn pod(&self, leaf: u32) -> u32 {
        leaf / self.pod_leaves
    }

    fn leaf_links(&self) -> u32 {
        self.leaves * self.up
    }

    pub(crate) fn leaf_up(&self, leaf: u32, u: u32) -> u32 {
        2 * self.slots() + leaf * self.up + u
    }

    pub(crate) fn leaf_down(&self, leaf: u32, u: u32) -> u32 {
        self.leaf_up(leaf, u) + self.leaf_links()
    }

    fn spine_links(&self) -> u32 {
        self.pods() * self.up * self.spine_up
    }

    pub(crate) fn spine_up_link(&self, pod: u32, u: u32, m: u32) -> u32 {
        2 * self.slots() + 2 * self.leaf_links() + (pod * self.up + u) * self.spine_up + m
    }

    pub(crate) fn spine_down_link(&self, pod: u32, u: u32, m: u32) -> u32 {
        self.spine_up_link(pod, u, m) + self.spine_links()
    }

    fn spine_node(&self, pod: u32, u: u32) -> u32 {
        self.slots() + self.leaves + pod * self.spines + u % self.spines.max(1)
    }

    fn core_node(&self, u: u32, m: u32) -> u32 {
        self.slots() + self.leaves + self.pods() * self.spines + (u * self.spine_up + m) % self.cores.max(1)
    }
}

impl Family for Clos {
    fn slots(&self) -> u32 {
        self.leaves * self.down
    }

    fn nodes(&self) -> u32 {
        self.slots() + self.leaves + self.pods() * self.spines + self.cores
    }

    fn parts(&self) -> Vec<Part> {
        let mut parts = vec![
            Part::endpoint("endpoint-leaf", self.slots()),
            Part::endpoint("leaf-endpoint", self.slots()),
        ];
        if self.up > 0 {
            parts.push(Part::fabric("leaf-spine", self.leaf_links(), self.up));
            parts.push(Part::fabric("spine-leaf", self.leaf_links(), self.up));
        }
        if self.spine_up > 0 {
            parts.push(Part::fabric("spine-core", self.spine_links(), self.spine_up));
            parts.push(Part::fabric("core-spine", self.spine_links(), self.spine_up));
        }
        parts
    }

    fn ends(&self, link: u32) -> (u32, u32) {
        let h = self.slots();
        if link < 2 * h {
            let (slot, leaf) = (link % h, h + self.leaf(link % h));
            return if link < h { (slot, leaf) } else { (leaf, slot) };
        }
        let at = link - 2 * h;
        let n = self.leaf_links();
        if at < 2 * n {
            let (leaf, u) = (at % n / self.up, at % n % self.up);
            let (leaf, spine) = (h + leaf, self.spine_node(self.pod(leaf), u));
            return if at < n { (leaf, spine) } else { (spine, leaf) };
        }
        let at = at - 2 * n;
        let n = self.spine_links();
        let (pod, rest) = (at % n / (self.up * self.spine_up), at % n % (self.up * self.spine_up));
        let (u, m) = (rest / self.spine_up, rest % self.spine_up);
        let (spine, core) = (self.spine_node(pod, u), self.core_node(u, m));
        if at < n { (spine, core) } else { (core, spine) }
    }

    fn reverse(&self, link: u32) -> u32 {
        let mut first = 0;
        for n in [self.slots(), self.leaf_links(), self.spine_links()] {
            if link < first + 2 * n {
                return if link < first + n { link + n } else { link - n };
            }
            first += 2 * n;
        }
        link
    }

    fn choices(&self, from: u32, to: u32) -> u32 {
        let (a, b) = (self.leaf(from), self.leaf(to));
        if a == b {
            1
        } else if self.pod(a) == self.pod(b) {
            self.up
        } else {
            self.up * self.spine_up
        }
    }

    fn most_choices(&self) -> u32 {
        self.up.max(1) * self.spine_up.max(1)
    }

    fn most_hops(&self) -> u32 {
        6
    }

    fn detours(&self) -> bool {
        false
    }

    /// Destination modulo k (Zahavi, 2012): the digit of the destination at each level chooses the parent.
    fn fixed_choice(&self, from: u32, to: u32) -> u32 {
        let (a, b) = (self.leaf(from), self.leaf(to));
        if a == b || self.up == 0 {
            0
        } else if self.pod(a) == self.pod(b) {
            to % self.up
        } else {
            to % self.up * self.spine_up + to / self.up % self.spine_up
        }
    }

    /// As choice and path one after another, with leaf and pod looked up once: million-flow patterns spend their time
    /// here.
    fn fixed_path(&self, from: u32, to: u32, out: &mut Vec<u32>) {
        let (a, b) = (self.leaf(from), self.leaf(to));
        if a == b || self.up == 0 {
            return self.path(from, to, 0, out);
        }
        let (p, q) = (self.pod(a), self.pod(b));
        let u = to % self.up;
        let slots = self.slots();
        let (up, down) = (2 * slots + a * self.up + u, 2 * slots + self.leaf_links() + b * self.up + u);
        if p == q {
            out.extend_from_slice(&[from, up, down, slots + to]);
        } else {
            let m = to / self.up % self.spine_up;
            let (over, back) = (self.spine_up_link(p, u, m), self.spine_down_link(q, u, m));
            out.extend_from_slice(&[from, up, over, back, down, slots + to]);
        }
    }

    fn path(&self, from: u32, to: u32, choice: u32, out: &mut Vec<u32>) {
        let (a, b) = (self.leaf(from), self.leaf(to));
        out.push(from);
        if a != b {
            let (p, q) = (self.pod(a), self.pod(b));
            if p == q {
                out.extend([self.leaf_up(a, choice), self.leaf_down(b, choice)]);
            } else {
                let (u, m) = (choice / self.spine_up, choice % self.spine_up);
                out.extend([
                    self.leaf_up(a, u),
                    self.spine_up_link(p, u, m),
                    self.spine_down_link(q, u, m),
                    self.leaf_down(b, u),
                ]);
            }
        }
        out.push(self.slots() + to);
    }
}
