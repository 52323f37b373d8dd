//! The linear programme of a range of steps.

use std::ops::Range;

use super::flat::{Extent, Flat};
use crate::solver::{Lp, LpBuilder};

/// No such column.
pub(crate) const NONE: u32 = u32::MAX;

/// Columns of one step; those whose bound is zero are left out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Columns {
    pub(crate) draw: [u32; 2],
    pub(crate) export: u32,
    pub(crate) own: u32,
    pub(crate) charge: u32,
    pub(crate) discharge: u32,
    pub(crate) level: u32,
    pub(crate) capped: u32,
    pub(crate) deferred: u32,
    pub(crate) caught_up: u32,
    pub(crate) backlog: u32,
    pub(crate) unserved: u32,
}

const EMPTY: Columns = Columns {
    draw: [NONE; 2],
    export: NONE,
    own: NONE,
    charge: NONE,
    discharge: NONE,
    level: NONE,
    capped: NONE,
    deferred: NONE,
    caught_up: NONE,
    backlog: NONE,
    unserved: NONE,
};

/// Where the battery and the deferred work stand before the range.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Before {
    /// MWh held; `None`: as at the end.
    pub(crate) level: Option<f64>,
    /// MWh put off.
    pub(crate) backlog: f64,
}

/// Rows of a step, as offsets.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rows {
    pub(crate) per_step: usize,
    pub(crate) peak: Option<usize>,
}

/// The programme and what its columns mean.
pub(crate) struct Model {
    pub(crate) lp: Lp,
    pub(crate) range: Range<usize>,
    pub(crate) columns: Vec<Columns>,
    pub(crate) rows: Rows,
    /// Columns of z: free plants, battery power, battery energy, peak, level at both ends.
    pub(crate) plants: Vec<u32>,
    pub(crate) battery_power: Option<u32>,
    pub(crate) battery_energy: Option<u32>,
    pub(crate) peak: Option<u32>,
}

impl Model {
    /// Builds it. With `penalty`, load may go unserved at that price (EUR/MWh).
    pub(crate) fn build(flat: &Flat, range: Range<usize>, before: Before, penalty: Option<f64>) -> Self {
        let steps = range.len();
        let battery = flat.battery.as_ref().filter(|b| b.power.most() > 0.0 && b.energy.most() > 0.0);
        let mut per_step = 1;
        let mut take = |wanted: bool| {
            wanted.then(|| {
                per_step += 1;
                per_step - 1
            })
        };
        let peak_row = take(flat.peak_charge > 0.0);
        let level_row = take(battery.is_some());
        let backlog_row = take(flat.deferral.is_some());
        let rows = Rows { per_step, peak: peak_row };
        let cyclic = battery.is_some() && before.level.is_none();
        let mut b = LpBuilder::new(steps * per_step + usize::from(cyclic), steps * 9);

        let plants: Vec<u32> = flat.free.iter().map(|f| b.shared(f.size.cost, f.size.most)).collect();
        let mut free = |extent: Option<Extent>| match extent {
            Some(Extent::Free(f)) => Some(b.shared(f.cost, f.most)),
            _ => None,
        };
        let battery_power = free(battery.map(|b| b.power));
        let battery_energy = free(battery.map(|b| b.energy));
        let start = battery.filter(|_| cyclic).map(|battery| b.shared(0.0, battery.energy.most()));
        let limit = flat.import_limit[range.clone()].iter().fold(0.0, |m: f64, l| m.max(*l));
        let peak = peak_row.map(|_| b.shared(flat.peak_charge, limit));

        let mut columns = Vec::with_capacity(steps);
        let fixed = |extent: Extent| if let Extent::Fixed(v) = extent { v } else { 0.0 };
        for (i, t) in range.clone().enumerate() {
            let first = i * per_step;
            let mut c = EMPTY;
            let dt = flat.dt;
            b.right(first, flat.load[t]);
            for (slot, draw) in c.draw.iter_mut().zip(flat.draws(t)) {
                if draw.most > 0.0 {
                    let entries = [(first, 1.0), (first + peak_row.unwrap_or(0), 1.0)];
                    let used = if peak_row.is_some() { 2 } else { 1 };
                    *slot = b.column(draw.cost * dt, draw.most, &entries[..used]);
                }
            }
            if let (Some(row), Some(peak)) = (peak_row, peak) {
                // Drawn + room = peak.
                b.column(0.0, f64::INFINITY, &[(first + row, 1.0)]);
                b.shared_entry(peak, first + row, -1.0);
            }
            if flat.export_limit > 0.0 {
                c.export = b.column(-flat.export_price[t] * dt, flat.export_limit, &[(first, -1.0)]);
            }
            if flat.own[t] > 0.0 || flat.free.iter().any(|f| f.profile[t] > 0.0) {
                c.own = b.column(0.0, flat.own[t], &[(first, 1.0)]);
                for (f, shared) in flat.free.iter().zip(&plants) {
                    if f.profile[t] > 0.0 {
                        b.link(*shared, f.profile[t]);
                    }
                }
            }
            if let (Some(battery), Some(row)) = (battery, level_row) {
                let row = first + row;
                c.charge = b.column(0.0, fixed(battery.power), &[(first, -1.0), (row, -battery.stored)]);
                battery_power.inspect(|s| b.link(*s, 1.0));
                let wear = battery.wear * dt;
                c.discharge = b.column(wear, fixed(battery.power), &[(first, 1.0), (row, battery.taken)]);
                battery_power.inspect(|s| b.link(*s, 1.0));
                let next = [(row, 1.0), (row + per_step, -battery.kept)];
                let entries = if i + 1 < steps {
                    &next[..]
                } else if cyclic {
                    &[(row, 1.0), (steps * per_step, 1.0)][..]
                } else {
                    &next[..1]
                };
                c.level = b.column(0.0, fixed(battery.energy), entries);
                battery_energy.inspect(|s| b.link(*s, 1.0));
                if i == 0 {
                    match (start, before.level) {
                        (Some(start), _) => {
                            b.shared_entry(start, row, -battery.kept);
                            b.shared_entry(start, steps * per_step, -1.0);
                        }
                        (None, level) => b.right(row, battery.kept * level.unwrap_or(0.0)),
                    }
                }
            }
            if let Some((share, value)) = flat.cap
                && share * flat.load[t] > 0.0
            {
                c.capped = b.column(value * dt, share * flat.load[t], &[(first, 1.0)]);
            }
            if let (Some(d), Some(row)) = (flat.deferral, backlog_row) {
                let row = first + row;
                let (off, on) = (d.share * flat.load[t], d.catch_up);
                if off > 0.0 {
                    c.deferred = b.column(d.cost * dt, off, &[(first, 1.0), (row, -dt)]);
                }
                if on > 0.0 {
                    c.caught_up = b.column(0.0, on, &[(first, -1.0), (row, dt)]);
                }
                if !flat.closes(t) && i + 1 < steps {
                    // Only has to be more than can gather.
                    let most = before.backlog + d.share * dt * flat.load[range.clone()].iter().sum::<f64>();
                    c.backlog = b.column(0.0, most, &[(row, 1.0), (row + per_step, -1.0)]);
                }
                if i == 0 {
                    b.right(row, before.backlog);
                }
            }
            if let Some(penalty) = penalty {
                c.unserved = b.column(
                    penalty * dt,
                    flat.load[t] + flat.deferral.map_or(0.0, |d| d.catch_up) + 1e-9,
                    &[(first, 1.0)],
                );
            }
            columns.push(c);
        }
        Self { lp: b.build(), range, columns, rows, plants, battery_power, battery_energy, peak }
    }
}

impl Model {
    /// The same range asking only how little load must go unserved; needs to have been built with a penalty.
    pub(crate) fn only_unserved(mut self) -> Self {
        self.lp.cost.fill(0.0);
        for shared in &mut self.lp.shared {
            shared.cost = 0.0;
        }
        for c in &self.columns {
            if c.unserved != NONE {
                self.lp.cost[c.unserved as usize] = 1.0;
            }
        }
        self
    }

    /// Sizes of the free plants in the order of [`Flat::free`], then battery power and energy, found or given.
    pub(crate) fn sizes(&self, flat: &Flat, z: &[f64]) -> (Vec<f64>, f64, f64) {
        let plants = self.plants.iter().map(|k| z[*k as usize]).collect();
        let found = |shared: Option<u32>, extent: Option<Extent>| match (shared, extent) {
            (Some(k), _) => z[k as usize],
            (None, Some(Extent::Fixed(v))) => v,
            _ => 0.0,
        };
        let battery = flat.battery.as_ref();
        (
            plants,
            found(self.battery_power, battery.map(|b| b.power)),
            found(self.battery_energy, battery.map(|b| b.energy)),
        )
    }
}
