use super::Engine;

impl Engine<'_> {
    /// Is there a waiting job that may stop others?
    pub(super) fn may_preempt(&self) -> bool {
        if !self.site.qos.iter().any(|q| q.preempts) {
            return false;
        }
        let qos = self.site.qos.len() as u32;
        self.queue.active().iter().any(|&l| self.site.qos[(self.queue.lane(l).group % qos) as usize].preempts)
    }

    /// Stops running jobs of a lower rank until the job fits: lowest rank first, youngest first, and none in vain.
    pub(super) fn preempt_for(&mut self, index: u32) -> bool {
        let job = &self.jobs[index as usize];
        let qos = &self.site.qos[job.qos as usize];
        if !qos.preempts {
            return false;
        }
        let needed = self.site.layout.units(job.size) - self.free;
        let mut victims: Vec<(u16, std::cmp::Reverse<i64>, u32)> = self
            .running
            .iter()
            .enumerate()
            .filter(|(_, r)| r.live)
            .filter_map(|(slot, r)| {
                let q = &self.site.qos[self.jobs[r.job as usize].qos as usize];
                (q.preemptible && q.rank < qos.rank && self.now - r.start >= q.exempt).then_some((
                    q.rank,
                    std::cmp::Reverse(r.start),
                    slot as u32,
                ))
            })
            .collect();
        victims.sort_unstable();
        let units = |slot: u32| self.running[slot as usize].units;
        let (mut sum, mut chosen) = (0, Vec::new());
        for &(_, _, slot) in &victims {
            if sum >= needed {
                break;
            }
            sum += units(slot);
            chosen.push(slot);
        }
        if sum < needed || (needed <= 0 && chosen.is_empty()) {
            return false;
        }
        // A large one found late may make earlier ones needless.
        let mut kept = Vec::new();
        for &slot in &chosen {
            if sum - units(slot) >= needed {
                sum -= units(slot);
            } else {
                kept.push(slot);
            }
        }
        for slot in kept {
            self.stop(slot, false);
        }
        true
    }
}
