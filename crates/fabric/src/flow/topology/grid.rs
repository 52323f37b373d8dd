//! Grids: HyperX (Ahn et al., SC 2009), where the switches of a line are all joined, and the torus, where
//! neighbours are. Minimal routing, one choice for each order of the dimensions.

use super::{Family, Part};

/// Shape of a HyperX.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HyperX {
    /// Endpoints of a switch.
    pub hosts: u32,
    /// Switches along each dimension.
    pub dims: Vec<u32>,
    /// Parallel links between two switches of a line, for each dimension.
    pub widths: Vec<u32>,
}

/// Shape of a torus of endpoints; there are no switches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Torus {
    /// Endpoints along each dimension.
    pub dims: Vec<u32>,
}

fn product(dims: &[u32]) -> u32 {
    dims.iter().product()
}

/// Distance in numbering between neighbours along a dimension.
fn step(dims: &[u32], d: usize) -> u32 {
    product(&dims[..d])
}

fn coordinate(dims: &[u32], node: u32, d: usize) -> u32 {
    node / step(dims, d) % dims[d]
}

fn factorial(n: usize) -> u32 {
    (1..=n as u32).product()
}

/// Calls with each dimension in the order of the `k`-th permutation.
fn in_order(n: usize, mut k: u32, mut call: impl FnMut(usize)) {
    let mut left: Vec<usize> = (0..n).collect();
    for i in (1..=n).rev() {
        let f = factorial(i - 1);
        call(left.remove((k / f) as usize % i));
        k %= f;
    }
}

impl HyperX {
    fn switches(&self) -> u32 {
        product(&self.dims)
    }

    /// Directed links of a switch in a dimension.
    fn ports(&self, d: usize) -> u32 {
        (self.dims[d] - 1) * self.widths[d]
    }

    /// First link of a dimension.
    fn base(&self, d: usize) -> u32 {
        2 * self.slots() + (0..d).map(|d| self.switches() * self.ports(d)).sum::<u32>()
    }

    fn link(&self, d: usize, switch: u32, to: u32, lane: u32) -> u32 {
        let at = coordinate(&self.dims, switch, d);
        let column = if to < at { to } else { to - 1 };
        self.base(d) + switch * self.ports(d) + column * self.widths[d] + lane % self.widths[d]
    }

    /// Dimension, switch, coordinate that a link leads to, and its number among parallel ones.
    fn of(&self, link: u32) -> (usize, u32, u32, u32) {
        let d = (0..self.dims.len()).rev().find(|d| self.base(*d) <= link).unwrap_or(0);
        let (at, ports) = (link - self.base(d), self.ports(d).max(1));
        let (switch, column) = (at / ports, at % ports / self.widths[d]);
        let own = coordinate(&self.dims, switch, d);
        (d, switch, if column < own { column } else { column + 1 }, at % self.widths[d])
    }

    fn moved(&self, switch: u32, d: usize, to: u32) -> u32 {
        let own = coordinate(&self.dims, switch, d);
        switch - own * step(&self.dims, d) + to * step(&self.dims, d)
    }

    /// Least common multiple of the widths: so many choices use all parallel links alike.
    fn lanes(&self) -> u32 {
        let gcd = |mut a: u32, mut b: u32| {
            while b > 0 {
                (a, b) = (b, a % b);
            }
            a.max(1)
        };
        self.widths.iter().fold(1, |l, w| (l / gcd(l, *w)).saturating_mul((*w).max(1)).min(1 << 16))
    }
}

const HYPERX: [&str; 5] = ["dimension-1", "dimension-2", "dimension-3", "dimension-4", "dimension-5"];

impl Family for HyperX {
    fn slots(&self) -> u32 {
        self.switches() * self.hosts
    }

    fn nodes(&self) -> u32 {
        self.slots() + self.switches()
    }

    fn parts(&self) -> Vec<Part> {
        let mut parts = vec![
            Part::endpoint("endpoint-switch", self.slots()),
            Part::endpoint("switch-endpoint", self.slots()),
        ];
        for (d, name) in (0..self.dims.len()).zip(HYPERX) {
            parts.push(Part::fabric(name, self.switches() * self.ports(d), self.ports(d)));
        }
        parts
    }

    fn ends(&self, link: u32) -> (u32, u32) {
        let h = self.slots();
        if link < 2 * h {
            let (slot, switch) = (link % h, h + link % h / self.hosts);
            return if link < h { (slot, switch) } else { (switch, slot) };
        }
        let (d, switch, to, _) = self.of(link);
        (h + switch, h + self.moved(switch, d, to))
    }

    fn reverse(&self, link: u32) -> u32 {
        let h = self.slots();
        if link < 2 * h {
            return if link < h { link + h } else { link - h };
        }
        let (d, switch, to, lane) = self.of(link);
        self.link(d, self.moved(switch, d, to), coordinate(&self.dims, switch, d), lane)
    }

    /// Each order of the dimensions with each choice of parallel links.
    fn choices(&self, _: u32, _: u32) -> u32 {
        factorial(self.dims.len()) * self.lanes()
    }

    /// Dimensions in order; the destination chooses among parallel links.
    fn fixed_choice(&self, _: u32, to: u32) -> u32 {
        to % self.lanes() * factorial(self.dims.len())
    }

    fn most_choices(&self) -> u32 {
        self.choices(0, 0)
    }

    fn most_hops(&self) -> u32 {
        self.dims.len() as u32 + 2
    }

    fn detours(&self) -> bool {
        true
    }

    fn path(&self, from: u32, to: u32, choice: u32, out: &mut Vec<u32>) {
        let (mut at, end) = (from / self.hosts, to / self.hosts);
        out.push(from);
        let orders = factorial(self.dims.len());
        in_order(self.dims.len(), choice % orders, |d| {
            let goal = coordinate(&self.dims, end, d);
            if coordinate(&self.dims, at, d) != goal {
                out.push(self.link(d, at, goal, choice / orders));
                at = self.moved(at, d, goal);
            }
        });
        out.push(self.slots() + to);
    }
}

const FORTH: [&str; 5] = ["x+", "y+", "z+", "u+", "v+"];
const BACK: [&str; 5] = ["x-", "y-", "z-", "u-", "v-"];

impl Torus {
    fn count(&self) -> u32 {
        product(&self.dims)
    }

    fn neighbour(&self, node: u32, d: usize, forth: bool) -> u32 {
        let (n, own, s) = (self.dims[d], coordinate(&self.dims, node, d), step(&self.dims, d));
        let to = if forth { (own + 1) % n } else { (own + n - 1) % n };
        node - own * s + to * s
    }

    fn link(&self, node: u32, d: usize, forth: bool) -> u32 {
        (2 * d as u32 + u32::from(!forth)) * self.count() + node
    }
}

impl Family for Torus {
    fn slots(&self) -> u32 {
        self.count()
    }

    fn nodes(&self) -> u32 {
        self.count()
    }

    fn parts(&self) -> Vec<Part> {
        let mut parts = Vec::new();
        for d in 0..self.dims.len().min(FORTH.len()) {
            parts.push(Part::fabric(FORTH[d], self.count(), self.dims[0]));
            parts.push(Part::fabric(BACK[d], self.count(), self.dims[0]));
        }
        parts
    }

    fn ends(&self, link: u32) -> (u32, u32) {
        let (part, node) = (link / self.count(), link % self.count());
        (node, self.neighbour(node, part as usize / 2, part.is_multiple_of(2)))
    }

    fn reverse(&self, link: u32) -> u32 {
        let (part, node) = (link / self.count(), link % self.count());
        let (d, forth) = (part as usize / 2, part.is_multiple_of(2));
        self.link(self.neighbour(node, d, forth), d, !forth)
    }

    /// Each order of the dimensions, twice: a way of half the circumference may go either way round.
    fn choices(&self, _: u32, _: u32) -> u32 {
        2 * factorial(self.dims.len())
    }

    fn fixed_choice(&self, _: u32, _: u32) -> u32 {
        0
    }

    fn most_choices(&self) -> u32 {
        self.choices(0, 0)
    }

    fn most_hops(&self) -> u32 {
        self.dims.iter().map(|n| n / 2).sum::<u32>().max(1)
    }

    fn detours(&self) -> bool {
        true
    }

    fn path(&self, from: u32, to: u32, choice: u32, out: &mut Vec<u32>) {
        let mut at = from;
        in_order(self.dims.len(), choice / 2, |d| {
            let n = self.dims[d];
            let way = (coordinate(&self.dims, to, d) + n - coordinate(&self.dims, at, d)) % n;
            let forth = 2 * way < n || (2 * way == n && choice.is_multiple_of(2));
            for _ in 0..if forth { way } else { n - way } {
                out.push(self.link(at, d, forth));
                at = self.neighbour(at, d, forth);
            }
        });
    }
}
