use super::Engine;
use crate::job::Seconds;
use crate::lanes::Ageing;
use crate::policy::Order;

impl Engine<'_> {
    /// The part of a lane's priority that its jobs share: size, quality of service, fair share.
    pub(super) fn lane_priority(&self, group: u32, units: i64) -> f64 {
        let Order::Multifactor(m) = self.settings.order else { return 0.0 };
        let share = self.group_factor.get(self.plain_group(group) as usize).copied().unwrap_or(0.0);
        share + m.size * units as f64 / self.site.layout.gpus() as f64
    }

    /// Works out fair share and age anew where the period has passed.
    pub(super) fn reckon(&mut self) {
        let Order::Multifactor(m) = self.settings.order else { return };
        if self.now < self.next_calc {
            return;
        }
        let period = m.calc_period.max(1);
        self.next_calc = self.now - self.now.rem_euclid(period) + period;
        self.ageing = Ageing { weight: m.age, max_age: m.max_age, now: self.now };
        let Some(usage) = &mut self.usage else { return };
        let factors = self.site.shares.factors(usage.values(self.now), m.rule);
        let top: f64 = self.site.qos.iter().map(|q| q.priority).fold(0.0, f64::max);
        self.group_factor.clear();
        for f in factors {
            for q in &self.site.qos {
                let qos = if top > 0.0 { q.priority / top } else { 0.0 };
                self.group_factor.push(m.fair_share * f + m.qos * qos);
            }
        }
        let (all, size) = (self.site.layout.gpus() as f64, m.size);
        let (factor, limits) = (&self.group_factor, &self.limits);
        let plain = |group: u32| limits.as_ref().map_or(group, |l| l.plain(group)) as usize;
        for lanes in [&mut self.queue, &mut self.behind] {
            lanes.reckon(self.ageing, |lane| {
                let share = factor.get(plain(lane.group)).copied().unwrap_or(0.0);
                share + size * lane.units as f64 / all
            });
        }
        self.resort();
        self.changed = true;
        self.clock.wake(self.now, self.is_waiting());
    }

    pub(super) fn charge_tenant(&mut self, job: u32, units: i64) {
        let tenant = self.jobs[job as usize].tenant;
        let now: Seconds = self.now;
        if let Some(usage) = &mut self.usage {
            usage.change(tenant, now, units);
        }
        self.charge_limits(job, units);
    }
}
