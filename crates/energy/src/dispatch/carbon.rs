//! Where the energy came from: emissions by location and by contract, and the carbon-free share hour by hour.
//!
//! **Rule of origin.** In each step, generation on the site serves the load first, then contracted energy, then what the
//! battery gives, then the mix of the grid; what is made beyond the load goes into the battery first and then out.
//! Stored energy keeps the tags it was charged with: the battery is one well-stirred tank, so what leaves carries each
//! origin in the proportion held, and losses take from all origins alike. Energy bought from the grid and stored is grid
//! energy of the hour in which it was bought.

use gigatwin_quantity::{CarbonIntensity, Energy, Mass, Share};

use super::case::{Case, Site, Size};
use super::outcome::Dispatch;
use crate::Origin;

/// What is known of the grid's mix and of the contracts.
#[derive(Debug, Clone, PartialEq)]
pub struct CarbonCase {
    /// Of the grid's mix, by step; one entry stands for all steps.
    pub location: Vec<CarbonIntensity>,
    /// Of what is left when all guarantees of origin are taken out; the location's where not known.
    pub residual: Option<CarbonIntensity>,
    /// Carbon-free share of the grid's mix, by step; one entry stands for all; empty where not known: counts as none.
    pub carbon_free: Vec<Share>,
    /// Of contracted and own renewable energy: zero by the market-based rule.
    pub contracted: CarbonIntensity,
}

/// Energy by origin.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Pools {
    /// Plants on the site.
    pub own: Energy,
    /// Agreements with carbon-free plants.
    pub agreements: Energy,
    /// The grid's mix, its carbon-free part.
    pub grid_free: Energy,
    /// The grid's mix, the rest, and agreements without guarantees.
    pub grid_other: Energy,
}

impl Pools {
    /// All of it.
    pub fn total(&self) -> Energy {
        self.own + self.agreements + self.grid_free + self.grid_other
    }

    /// Carbon-free.
    pub fn free(&self) -> Energy {
        self.own + self.agreements + self.grid_free
    }
}

/// Carbon of the horizon.
#[derive(Debug, Clone, PartialEq)]
pub struct CarbonYear {
    /// Everything drawn from the grid at the mix of its step; agreements do not count, nor does energy fed in.
    pub location: Mass,
    /// Drawn from the grid less carbon-free agreements delivered or sold on (their guarantees are kept), at the residual
    /// mix; agreements at their own intensity (GHG Protocol, Scope 2).
    pub market: Mass,
    /// The load by origin, the battery's part traced back to what charged it.
    pub load: Pools,
    /// What the battery gave back, by origin; without what only passed through it within a step.
    pub discharged: Pools,
    /// Fed in, by origin.
    pub exported: Pools,
    /// Lost in the battery, by origin.
    pub lost: Pools,
    /// Held at the start and at the end.
    pub held: (Pools, Pools),
    /// Carbon-free share of the load, matched step by step (24/7), the grid's own carbon-free part counted.
    pub matched: Share,
    /// The same from plants on the site and agreements alone.
    pub matched_own: Share,
    /// Carbon-free energy of plants and agreements over the load of the horizon, at most one: the annual-volume share.
    pub volume: Share,
}

/// One step's worth of a vector of origins, MWh.
type Tags = [f64; 4];

fn pools(t: Tags) -> Pools {
    Pools {
        own: Energy::from_mwh(t[0]),
        agreements: Energy::from_mwh(t[1]),
        grid_free: Energy::from_mwh(t[2]),
        grid_other: Energy::from_mwh(t[3]),
    }
}

fn at<Q: Copy>(series: &[Q], t: usize) -> Option<Q> {
    if series.len() == 1 { series.first().copied() } else { series.get(t).copied() }
}

/// Takes `amount` off `sources` in order, into the tags returned.
fn take(sources: &mut Tags, order: &[usize], mut amount: f64) -> Tags {
    let mut taken = [0.0; 4];
    for &k in order {
        let part = sources[k].min(amount);
        sources[k] -= part;
        taken[k] += part;
        amount -= part;
    }
    taken
}

fn sum(t: &Tags) -> f64 {
    t.iter().sum()
}

fn add(into: &mut Tags, tags: &Tags) {
    into.iter_mut().zip(tags).for_each(|(a, b)| *a += b);
}

impl CarbonYear {
    /// Follows the energy of a dispatch.
    pub fn of(case: &Case, dispatch: &Dispatch, carbon: &CarbonCase) -> Self {
        let dt = case.step.hours();
        let h = &dispatch.hourly;
        let (mut load, mut discharged, mut exported, mut lost) = ([0.0; 4], [0.0; 4], [0.0; 4], [0.0; 4]);
        // What is held before the first step has no known origin: it counts as the grid's other energy.
        let mut held: Tags = [0.0, 0.0, 0.0, h.level_before.mwh()];
        let before = held;
        let charge_loss = case.battery.map_or(0.0, |b| 1.0 - b.charge_efficiency.fraction());
        let discharge_efficiency = case.battery.map_or(1.0, |b| b.discharge_efficiency.fraction());
        let kept = case.battery.map_or(1.0, |b| 1.0 - b.standing_loss.fraction());
        let (mut location, mut drawn, mut clean_agreed, mut volume) = (Mass::ZERO, 0.0, 0.0, 0.0);
        for t in 0..case.steps() {
            let import = h.import[t].mw() * dt;
            let agreed = h.contracted[t].mw() * dt;
            let share = clean_share(case, t);
            let mix_free = at(&carbon.carbon_free, t).map_or(0.0, |s| s.fraction());
            let mix = (import - agreed).max(0.0);
            let own = h.own[t].mw() * dt;
            // Own, clean agreements, the grid's free and other energy.
            let mut sources =
                [own, agreed * share, mix * mix_free, mix * (1.0 - mix_free) + agreed * (1.0 - share)];
            let all_agreed = agreed + h.resold[t].mw() * dt;
            clean_agreed += all_agreed * share;
            volume += own + all_agreed * share;
            drawn += import;
            if let Some(intensity) = at(&carbon.location, t) {
                location += Energy::from_mwh(import) * intensity;
            }
            let served = (h.import[t] - h.export[t] + h.own[t] + h.discharge[t] - h.charge[t]).mw() * dt;
            let (mut charge, mut discharge) = (h.charge[t].mw() * dt, h.discharge[t].mw() * dt);
            // What only passes through the battery within the step heats it; the difference is lost, the grid's first.
            let through = (charge * (1.0 - charge_loss)).min(discharge / discharge_efficiency);
            charge -= through / (1.0 - charge_loss);
            discharge -= through * discharge_efficiency;
            let heat = through / (1.0 - charge_loss) - through * discharge_efficiency;
            let heated = take(&mut sources, &[3, 2, 1, 0], heat);
            add(&mut lost, &heated);
            // Where less comes in than that, the rest is what the battery gives.
            let burnt = (heat - sum(&heated)).max(0.0);

            // Standing losses first, then what leaves, in the proportion held.
            for k in 0..4 {
                lost[k] += held[k] * (1.0 - kept);
                held[k] *= kept;
            }
            let taken = discharge / discharge_efficiency;
            let full = sum(&held);
            let mut given = [0.0; 4];
            if taken > 0.0 {
                for k in 0..4 {
                    // More than is held is rounding of the level.
                    let part = if full > 0.0 {
                        held[k] / full * taken
                    } else if k == 3 {
                        taken
                    } else {
                        0.0
                    };
                    held[k] = (held[k] - part).max(0.0);
                    given[k] = part * discharge_efficiency;
                    lost[k] += part * (1.0 - discharge_efficiency);
                }
            }
            add(&mut discharged, &given);
            let part = if sum(&given) > 0.0 { (burnt / sum(&given)).min(1.0) } else { 0.0 };
            add(&mut lost, &given.map(|g| g * part));
            let given = given.map(|g| g * (1.0 - part));

            // The load: own, agreements, battery, grid.
            let first = take(&mut sources, &[0, 1], served);
            let open = served - sum(&first);
            let from_battery = if sum(&given) > 0.0 { (open / sum(&given)).min(1.0) } else { 0.0 };
            let battery_part = given.map(|g| g * from_battery);
            let rest = given.map(|g| g * (1.0 - from_battery));
            let last = take(&mut sources, &[2, 3], open - sum(&battery_part));
            for part in [&first, &battery_part, &last] {
                add(&mut load, part);
            }
            // The battery: what is made beyond the load, agreements, then the grid's mix in its proportion.
            let mut stored = take(&mut sources, &[0, 1], charge);
            let mix_left = sources[2] + sources[3];
            let wanted = (charge - sum(&stored)).min(mix_left);
            if mix_left > 0.0 && wanted > 0.0 {
                for k in [2, 3] {
                    let part = sources[k] / mix_left * wanted;
                    sources[k] -= part;
                    stored[k] += part;
                }
            }
            for k in 0..4 {
                held[k] += stored[k] * (1.0 - charge_loss);
                lost[k] += stored[k] * charge_loss;
                exported[k] += sources[k] + rest[k];
            }
        }
        let total = sum(&load).max(f64::MIN_POSITIVE);
        let residual = carbon.residual.or_else(|| mean(&carbon.location)).unwrap_or(CarbonIntensity::ZERO);
        let covered = clean_agreed.min(drawn);
        Self {
            location,
            market: Energy::from_mwh(drawn - covered) * residual
                + Energy::from_mwh(covered) * carbon.contracted,
            matched: Share::from_fraction((load[0] + load[1] + load[2]) / total),
            matched_own: Share::from_fraction((load[0] + load[1]) / total),
            volume: Share::from_fraction((volume / total).min(1.0)),
            load: pools(load),
            discharged: pools(discharged),
            exported: pools(exported),
            lost: pools(lost),
            held: (pools(before), pools(held)),
        }
    }
}

fn mean(series: &[CarbonIntensity]) -> Option<CarbonIntensity> {
    (!series.is_empty()).then(|| series.iter().copied().sum::<CarbonIntensity>() / series.len() as f64)
}

/// Of what agreements deliver in a step, the part from carbon-free plants.
fn clean_share(case: &Case, t: usize) -> f64 {
    let (mut clean, mut all) = (0.0, 0.0);
    for band in &case.bands {
        all += band.power.mw();
        clean += if band.origin == Origin::Unspecified { 0.0 } else { band.power.mw() };
    }
    for plant in &case.plants {
        if let (Site::Agreement { .. }, Size::Fixed(size)) = (plant.site, plant.size) {
            let made = size.mw() * plant.profile.get(t).map_or(0.0, |s| s.fraction());
            all += made;
            clean += made;
        }
    }
    if all > 0.0 { clean / all } else { 0.0 }
}
