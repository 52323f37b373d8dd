//! Dragonfly (Kim et al., ISCA 2008) and dragonfly+ (Shpiner et al., HiPINEB 2017), minimal routing.
//!
//! Global ports of a group are numbered `q`; port `q` leads to the group `1 + q mod (groups − 1)` further on
//! (relative arrangement), and what is left over by uneven division stays unused.

use super::{Family, Part};

/// Global links: how the groups are joined.
#[derive(Debug, Clone, Copy)]
struct Globals {
    groups: u32,
    /// Links between each pair of groups.
    copies: u32,
}

impl Globals {
    fn new(groups: u32, ports: u32) -> Globals {
        Globals { groups, copies: if groups > 1 { ports / (groups - 1) } else { 0 } }
    }

    /// Global links that leave one group.
    fn per_group(&self) -> u32 {
        self.copies * self.groups.saturating_sub(1)
    }

    fn count(&self) -> u32 {
        self.groups * self.per_group()
    }

    /// Port of group `from` of the `copy`-th link to group `to`.
    fn port(&self, from: u32, to: u32, copy: u32) -> u32 {
        (to + self.groups - from) % self.groups - 1 + copy * (self.groups - 1)
    }

    /// Group and port at the other end of a port.
    fn far(&self, group: u32, port: u32) -> (u32, u32) {
        let (hop, copy) = (port % (self.groups - 1) + 1, port / (self.groups - 1));
        let other = (group + hop) % self.groups;
        (other, self.port(other, group, copy))
    }
}

/// Shape of a dragonfly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dragonfly {
    /// Endpoints of a switch.
    pub hosts: u32,
    /// Switches of a group, all joined to each other.
    pub switches: u32,
    /// Global ports of a switch.
    pub globals: u32,
    /// Groups.
    pub groups: u32,
}

impl Dragonfly {
    fn joined(&self) -> Globals {
        Globals::new(self.groups, self.switches * self.globals)
    }

    fn locals(&self) -> u32 {
        self.groups * self.switches * (self.switches - 1)
    }

    /// Link from switch `a` to switch `b` of a group.
    fn local(&self, group: u32, a: u32, b: u32) -> u32 {
        let column = if b < a { b } else { b - 1 };
        2 * self.slots() + (group * self.switches + a) * (self.switches - 1) + column
    }

    fn global(&self, group: u32, port: u32) -> u32 {
        2 * self.slots() + self.locals() + group * self.joined().per_group() + port
    }
}

impl Family for Dragonfly {
    fn slots(&self) -> u32 {
        self.hosts * self.switches * self.groups
    }

    fn nodes(&self) -> u32 {
        self.slots() + self.switches * self.groups
    }

    fn parts(&self) -> Vec<Part> {
        vec![
            Part::endpoint("endpoint-switch", self.slots()),
            Part::endpoint("switch-endpoint", self.slots()),
            Part::fabric("local", self.locals(), self.switches.saturating_sub(1)),
            Part::fabric("global", self.joined().count(), self.joined().per_group()),
        ]
    }

    fn ends(&self, link: u32) -> (u32, u32) {
        let h = self.slots();
        if link < 2 * h {
            let (slot, switch) = (link % h, h + link % h / self.hosts);
            return if link < h { (slot, switch) } else { (switch, slot) };
        }
        let at = link - 2 * h;
        if at < self.locals() {
            let (switch, column) = (at / (self.switches - 1), at % (self.switches - 1));
            let (group, a) = (switch / self.switches, switch % self.switches);
            let b = if column < a { column } else { column + 1 };
            return (h + switch, h + group * self.switches + b);
        }
        let at = at - self.locals();
        let joined = self.joined();
        let (group, port) = (at / joined.per_group(), at % joined.per_group());
        let (other, back) = joined.far(group, port);
        let switch = |g: u32, q: u32| h + g * self.switches + q / self.globals;
        (switch(group, port), switch(other, back))
    }

    fn reverse(&self, link: u32) -> u32 {
        let h = self.slots();
        if link < 2 * h {
            return if link < h { link + h } else { link - h };
        }
        let at = link - 2 * h;
        if at < self.locals() {
            let (from, to) = self.ends(link);
            let group = (from - h) / self.switches;
            return self.local(group, (to - h) % self.switches, (from - h) % self.switches);
        }
        let joined = self.joined();
        let at = at - self.locals();
        let (other, back) = joined.far(at / joined.per_group(), at % joined.per_group());
        self.global(other, back)
    }

    fn choices(&self, from: u32, to: u32) -> u32 {
        let per_group = self.hosts * self.switches;
        if from / per_group == to / per_group { 1 } else { self.joined().copies }
    }

    fn most_choices(&self) -> u32 {
        self.joined().copies.max(1)
    }

    fn most_hops(&self) -> u32 {
        5
    }

    fn detours(&self) -> bool {
        true
    }

    fn fixed_choice(&self, from: u32, to: u32) -> u32 {
        to % self.choices(from, to).max(1)
    }

    fn path(&self, from: u32, to: u32, choice: u32, out: &mut Vec<u32>) {
        let place = |slot: u32| (slot / self.hosts / self.switches, slot / self.hosts % self.switches);
        let ((g, a), (h, b)) = (place(from), place(to));
        out.push(from);
        if g == h {
            if a != b {
                out.push(self.local(g, a, b));
            }
        } else {
            let joined = self.joined();
            let port = joined.port(g, h, choice);
            let (_, back) = joined.far(g, port);
            let (exit, entry) = (port / self.globals, back / self.globals);
            if a != exit {
                out.push(self.local(g, a, exit));
            }
            out.push(self.global(g, port));
            if entry != b {
                out.push(self.local(h, entry, b));
            }
        }
        out.push(self.slots() + to);
    }
}

/// Shape of a dragonfly+: groups are two-tier trees whose spines carry the global links.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DragonflyPlus {
    /// Endpoints of a leaf.
    pub hosts: u32,
    /// Leaves of a group.
    pub leaves: u32,
    /// Spines of a group, each with one link to each leaf.
    pub spines: u32,
    /// Global ports of a spine.
    pub globals: u32,
    /// Groups.
    pub groups: u32,
}

impl DragonflyPlus {
    fn joined(&self) -> Globals {
        Globals::new(self.groups, self.spines * self.globals)
    }

    fn locals(&self) -> u32 {
        self.groups * self.leaves * self.spines
    }

    fn up(&self, leaf: u32, spine: u32) -> u32 {
        2 * self.slots() + leaf * self.spines + spine
    }

    fn global(&self, group: u32, port: u32) -> u32 {
        2 * self.slots() + 2 * self.locals() + group * self.joined().per_group() + port
    }
}

impl Family for DragonflyPlus {
    fn slots(&self) -> u32 {
        self.hosts * self.leaves * self.groups
    }

    fn nodes(&self) -> u32 {
        self.slots() + (self.leaves + self.spines) * self.groups
    }

    fn parts(&self) -> Vec<Part> {
        vec![
            Part::endpoint("endpoint-leaf", self.slots()),
            Part::endpoint("leaf-endpoint", self.slots()),
            Part::fabric("leaf-spine", self.locals(), self.spines),
            Part::fabric("spine-leaf", self.locals(), self.spines),
            Part::fabric("global", self.joined().count(), self.joined().per_group()),
        ]
    }

    fn ends(&self, link: u32) -> (u32, u32) {
        let h = self.slots();
        if link < 2 * h {
            let (slot, leaf) = (link % h, h + link % h / self.hosts);
            return if link < h { (slot, leaf) } else { (leaf, slot) };
        }
        let spine = |group: u32, s: u32| h + self.leaves * self.groups + group * self.spines + s;
        let at = link - 2 * h;
        let n = self.locals();
        if at < 2 * n {
            let leaf = at % n / self.spines;
            let (leaf, spine) = (h + leaf, spine(leaf / self.leaves, at % n % self.spines));
            return if at < n { (leaf, spine) } else { (spine, leaf) };
        }
        let joined = self.joined();
        let (group, port) = ((at - 2 * n) / joined.per_group(), (at - 2 * n) % joined.per_group());
        let (other, back) = joined.far(group, port);
        (spine(group, port / self.globals), spine(other, back / self.globals))
    }

    fn reverse(&self, link: u32) -> u32 {
        let mut first = 0;
        for n in [self.slots(), self.locals()] {
            if link < first + 2 * n {
                return if link < first + n { link + n } else { link - n };
            }
            first += 2 * n;
        }
        let joined = self.joined();
        let at = link - first;
        let (other, back) = joined.far(at / joined.per_group(), at % joined.per_group());
        self.global(other, back)
    }

    fn choices(&self, from: u32, to: u32) -> u32 {
        let (a, b) = (from / self.hosts, to / self.hosts);
        if a == b {
            1
        } else if a / self.leaves == b / self.leaves {
            self.spines
        } else {
            self.joined().copies
        }
    }

    fn most_choices(&self) -> u32 {
        self.joined().copies.max(self.spines)
    }

    fn most_hops(&self) -> u32 {
        5
    }

    fn detours(&self) -> bool {
        true
    }

    fn fixed_choice(&self, from: u32, to: u32) -> u32 {
        to % self.choices(from, to).max(1)
    }

    fn path(&self, from: u32, to: u32, choice: u32, out: &mut Vec<u32>) {
        let (a, b) = (from / self.hosts, to / self.hosts);
        let (g, h) = (a / self.leaves, b / self.leaves);
        out.push(from);
        if a != b && g == h {
            out.extend([self.up(a, choice), self.up(b, choice) + self.locals()]);
        } else if g != h {
            let joined = self.joined();
            let port = joined.port(g, h, choice);
            let (_, back) = joined.far(g, port);
            out.extend([
                self.up(a, port / self.globals),
                self.global(g, port),
                self.up(b, back / self.globals) + self.locals(),
            ]);
        }
        out.push(self.slots() + to);
    }
}
