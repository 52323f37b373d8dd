use super::{Engine, What};
use crate::failure::{Breakdowns, Ticket};
use crate::job::Size;
use crate::outcome::Incident;

impl Engine<'_> {
    pub(super) fn start_breakdowns(&mut self) {
        let Some(model) = &self.site.failures else { return };
        let layout = &self.site.layout;
        let places = u32::try_from(layout.gpus()).unwrap_or(u32::MAX);
        let mut b = Breakdowns::new(model, layout.nodes, places, self.settings.seed);
        if b.rate > 0.0 {
            let first = self.now + b.gap();
            self.push(first, What::Break);
        }
        if b.jobs_rate > 0.0 {
            let (gap, slot) = b.job_gap();
            self.push(self.now + gap, What::Crash { slot });
        }
        if b.rate > 0.0 || b.jobs_rate > 0.0 {
            self.breakdowns = Some(b);
        }
    }

    /// A job fails by itself, if one runs at that place.
    pub(super) fn crashes(&mut self, slot: u32) {
        let Some(b) = &mut self.breakdowns else { return };
        let (gap, next) = b.job_gap();
        self.push(self.now + gap, What::Crash { slot: next });
        if self.running.get(slot as usize).is_some_and(|r| r.live) {
            self.stop_hung(slot, true, 0);
            self.profile_stands = false;
            self.changed = true;
        }
    }

    /// Something breaks. What runs there hangs until it is noticed; a node that is broken already cannot break again.
    pub(super) fn breaks(&mut self) {
        let (Some(b), Some(model)) = (&mut self.breakdowns, &self.site.failures) else { return };
        let next = self.now + b.gap();
        let node = b.victim(self.site.layout.nodes);
        let component = b.component(model);
        let lemon = b.is_lemon[node as usize];
        let fresh = b.incident[node as usize].is_none();
        if fresh {
            b.incident[node as usize] = Some(self.incidents.len() as u32);
        }
        let noticed = self.now + model.detection;
        self.push(next, What::Break);
        if !fresh {
            return;
        }
        let job_gpus = self.slots_on(node).iter().map(|&s| self.running[s as usize].units).max().unwrap_or(0);
        self.incidents.push(Incident { at: self.now, node, component, job_gpus, back: -1, lemon });
        self.push(noticed, What::Noticed { node, component });
    }

    fn slots_on(&self, node: u32) -> Vec<u32> {
        let on = |nodes: &[u32]| nodes.contains(&node);
        (0..self.running.len() as u32)
            .filter(|&s| self.running[s as usize].live && on(&self.running[s as usize].nodes))
            .collect()
    }

    /// The node is drained at once: its jobs stop and wait again, a spare or a crew is called.
    pub(super) fn noticed(&mut self, node: u32, component: u16) {
        let Some(model) = &self.site.failures else { return };
        let per_node = i64::from(self.site.layout.gpus_per_node);
        self.node_up[node as usize] = false;
        if self.nodes.is_free(node) {
            self.nodes.remove(node);
            self.free -= per_node;
            self.down_units += per_node;
        } else {
            // What is left of a shared node goes out of service now, the rest with its jobs.
            let left = self.nodes.close_part(node);
            self.free -= left;
            self.down_units += left;
        }
        for slot in self.slots_on(node) {
            self.stop(slot, true);
        }
        self.profile_stands = false;
        self.changed = true;
        let crew = model.components[component as usize].crew;
        let swap = model.swap;
        let Some(b) = &mut self.breakdowns else { return };
        if crew && b.spares > 0 {
            b.spares -= 1;
            self.push(self.now + swap, What::Back { node });
            self.call(Ticket { node: None, component });
        } else {
            self.call(Ticket { node: Some(node), component });
        }
    }

    /// Begins a repair, or lets it wait for a crew.
    fn call(&mut self, ticket: Ticket) {
        let (Some(b), Some(model)) = (&mut self.breakdowns, &self.site.failures) else { return };
        let c = &model.components[ticket.component as usize];
        if c.crew {
            if model.crews > 0 && b.busy_crews >= model.crews {
                b.waiting.push_back(ticket);
                return;
            }
            b.busy_crews += 1;
        }
        let done = self.now + b.repair_time(c.repair);
        self.push(done, What::Mended { node: ticket.node.unwrap_or(u32::MAX), crew: c.crew });
    }

    pub(super) fn mended(&mut self, node: u32, crew: bool) {
        let Some(b) = &mut self.breakdowns else { return };
        let mut next = None;
        if crew {
            b.busy_crews -= 1;
            next = b.waiting.pop_front();
        }
        if node == u32::MAX {
            b.spares += 1;
        } else {
            self.back(node);
        }
        if let Some(ticket) = next {
            self.call(ticket);
        }
    }

    /// The node takes jobs again.
    pub(super) fn back(&mut self, node: u32) {
        let Some(b) = &mut self.breakdowns else { return };
        if let Some(i) = b.incident[node as usize].take() {
            self.incidents[i as usize].back = self.now;
        }
        let per_node = i64::from(self.site.layout.gpus_per_node);
        self.node_up[node as usize] = true;
        // A job that completes slowly may still hold it; it then comes back with that job.
        if self.running.iter().any(|r| !r.live && r.completing && r.nodes.contains(&node)) {
            return;
        }
        self.nodes.restore(node);
        self.free += per_node;
        self.down_units -= per_node;
        self.changed = true;
        self.clock.wake(self.now, self.is_waiting());
    }

    pub(super) fn is_part(&self, job: u32) -> Option<u32> {
        match self.jobs[job as usize].size {
            Size::Gpus(g) if g < self.site.layout.gpus_per_node => Some(g),
            _ => None,
        }
    }
}
