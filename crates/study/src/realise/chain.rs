//! The chain of one draw: interest → bid → gates → choice → investment → opening → hours → share.

use gigatwin_catalog::{Catalog, CatalogError, Kind};
use gigatwin_factory::{Evaluator, Sample, Sampler};
use gigatwin_programme::portfolio::{Candidate, choose};
use gigatwin_programme::score::{Points, Range};
use gigatwin_quantity::{Date, Dim};
use rayon::prelude::*;

use super::levers::{Change, Lever};
use super::uniform::{hash, uniform};
use super::world::World;
use crate::bid::Bid;
use crate::programme::assumptions::range;
use crate::programme::points::{Best, Figures, points};
use crate::programme::select::{figures, limits, union_money};
use crate::programme::{Assumptions, Judged, Options, Standing};

/// Draws and seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    /// Draws of the whole programme.
    pub draws: usize,
    /// Seed.
    pub seed: u64,
}

/// The programme, ready to be drawn.
pub struct Chain<'a> {
    bids: &'a [Bid],
    assumptions: &'a Assumptions,
    options: &'a Options,
    setting: Setting,
    /// Sites of the bids that pass the gates as submitted, that is in their base case.
    sites: Vec<Option<Site<'a>>>,
    growth: Growth,
    /// Most that power costs in a lever's country: wholesale and industry price in EUR per joule.
    power: Vec<(&'static str, f64, f64)>,
}

struct Site<'a> {
    evaluator: Evaluator<'a>,
    sampler: Sampler<'a>,
    name: u64,
}

#[derive(Debug, Clone, Copy)]
struct Growth {
    world: Range,
    factor: Range,
    share: Range,
}

/// A bid in one draw.
struct Entrant {
    bid: usize,
    sample: Sample,
    figures: Figures,
    invests: bool,
}

/// Inputs that belong to a site alone; all others move together in all sites.
fn local(path: &str) -> bool {
    ["site.", "phase.", "partition.", "power.", "cooling.", "tenant.", "operations.utilisation"]
        .iter()
        .any(|start| path.starts_with(start))
}

impl<'a> Chain<'a> {
    /// Prepares all sites: plans their layouts and deals their draws.
    ///
    /// # Errors
    /// Where the catalog lacks a figure of the growth of computing.
    pub fn new(
        bids: &'a [Bid],
        judged: &[Judged],
        assumptions: &'a Assumptions,
        options: &'a Options,
        setting: Setting,
        catalog: &Catalog,
    ) -> Result<Chain<'a>, CatalogError> {
        let growth = catalog.entry(Kind::Costs, "growth")?;
        let france = catalog.entry(Kind::Countries, "fr")?;
        let price = |key| range(&france, key, Dim::EnergyPrice).map(|r| r.mode);
        let sites = bids
            .par_iter()
            .zip(judged)
            .map(|(bid, judged)| {
                let factory = bid.factory.as_ref().filter(|_| judged.standing == Standing::Eligible)?;
                let name = hash(&bid.slug);
                let seed_of = |path: &str| setting.seed ^ if local(path) { name } else { 0 };
                Some(Site {
                    evaluator: Evaluator::new(factory),
                    sampler: Sampler::new(factory, &seed_of, setting.draws),
                    name,
                })
            })
            .collect();
        Ok(Chain {
            bids,
            assumptions,
            options,
            setting,
            sites,
            growth: Growth {
                world: range(&growth, "world_h100e", Dim::Count)?,
                factor: range(&growth, "world_stock_growth", Dim::Ratio)?,
                share: range(&growth, "eu_share", Dim::Share)?,
            },
            power: vec![("fr", price("wholesale_2025")?, price("grid_fees")?)],
        })
    }

    /// Draws the first `draws` worlds, with a lever pulled or none. The same draw of two levers differs by the lever alone.
    #[must_use]
    pub fn worlds(&self, draws: usize, lever: Option<&Lever>) -> Vec<World> {
        (0..draws.min(self.setting.draws)).into_par_iter().map(|k| self.world(k, lever)).collect()
    }

    fn world(&self, k: usize, lever: Option<&Lever>) -> World {
        let changes = lever.map_or(&[][..], |l| l.changes);
        let u = |name: &str| uniform(self.setting.seed, hash(name), k as u64);
        let a = self.assumptions;
        let times = changes.iter().fold(1.0, |f, c| if let Change::Bidders(x) = c { f * x } else { f });
        let bidders = a.bidders.at(u("bidders")) * times;
        let second = changes.contains(&Change::SecondPhase)
            || u("second phase") < a.phase_2.at(u("second phase, probability"));
        let hurdle = changes
            .iter()
            .find_map(|c| if let Change::Hurdle(h) = c { Some(*h) } else { None })
            .unwrap_or_else(|| a.hurdle.at(u("hurdle")));
        let mut world = World::empty();
        world.put("bids.interested", self.bids.len() as f64);
        // Bids that say how likely they are take what they say; the others share what is left of the expected number.
        let stated: f64 = self.bids.iter().filter_map(|b| b.submitted).sum();
        let open = self.bids.iter().filter(|b| b.submitted.is_none()).count().max(1) as f64;
        let others = ((bidders - stated) / open).clamp(0.0, 1.0);
        let mut submitted = 0.0;
        let mut signatory = 0.0;
        let mut entrants: Vec<Entrant> = Vec::new();
        for (i, bid) in self.bids.iter().enumerate() {
            let name = hash(&bid.slug);
            let probability = bid.submitted.map_or(others, |p| (p * times).min(1.0));
            if uniform(self.setting.seed, name.wrapping_add(1), k as u64) >= probability {
                continue;
            }
            submitted += 1.0;
            if !a.signatories.contains(&bid.state) {
                continue;
            }
            signatory += 1.0;
            let Some(site) = &self.sites[i] else { continue };
            let sample = self.sample(site, k, second, changes);
            // The gates judge what was submitted; whether sponsors invest depends on what the draw brings.
            let worth = sample.get("finance.irr_equity").is_some_and(|r| r >= hurdle);
            let invests = worth && !sample.infeasible;
            entrants.push(Entrant { bid: i, figures: figures(&|id| sample.get(id)), sample, invests });
        }
        world.put("bids.submitted", submitted);
        world.put("bids.signatory", signatory);
        world.put("bids.eligible", entrants.len() as f64);
        let chosen = self.choose(&entrants, hurdle, k);
        self.fill(&mut world, &entrants, &chosen, k);
        world.chosen = chosen.iter().map(|c| (entrants[*c].bid, entrants[*c].invests)).collect();
        world
    }

    fn sample(&self, site: &Site<'_>, k: usize, second: bool, changes: &[Change]) -> Sample {
        let mut values = site.sampler.values(k);
        let inputs = &site.evaluator.factory().inputs;
        for (i, input) in inputs.iter().enumerate() {
            let path = input.path.as_str();
            // One budget decides for all: a phase whose money is in doubt has it, or has not.
            if path.starts_with("phase.") && path.ends_with(".funded_with") && values[i] < 1.0 {
                values[i] = f64::from(u8::from(second));
            }
            for change in changes {
                self.apply(change, path, &mut values[i]);
            }
        }
        site.evaluator.sample(&values)
    }

    fn apply(&self, change: &Change, path: &str, value: &mut f64) {
        let hits = |start: &str, end: &str| match end {
            "" if start.ends_with('.') => path.starts_with(start),
            "" => path == start,
            _ => path.starts_with(start) && path.ends_with(end),
        };
        match change {
            Change::Set { start, end, value: v } if hits(start, end) => *value = *v,
            Change::AtMost { start, end, value: v } if hits(start, end) => *value = value.min(*v),
            Change::Times { start, end, factor } if hits(start, end) => *value *= factor,
            Change::PowerOf(country) => {
                let Some((_, wholesale, fees)) = self.power.iter().find(|p| p.0 == *country) else {
                    return;
                };
                if hits("catalog.countries.", ".wholesale_2025") || hits("energy.contracts.", ".price") {
                    *value = value.min(*wholesale);
                } else if hits("catalog.countries.", ".grid_fees") {
                    *value = value.min(*fees);
                }
            }
            _ => {}
        }
    }

    /// The choice of one draw: weights at their modes, points that nobody knows drawn for each bid.
    fn choose(&self, entrants: &[Entrant], hurdle: f64, k: usize) -> Vec<usize> {
        let best = Best::of(entrants.iter().map(|e| &e.figures));
        let formula = &self.assumptions.formula;
        let mut sums = [0.0; 3];
        for c in &formula.criteria {
            sums[c.part as usize] += c.weight.mode;
        }
        let candidates: Vec<Candidate> = entrants
            .iter()
            .map(|e| {
                let bid = &self.bids[e.bid];
                let name = self.sites[e.bid].as_ref().map_or(0, |s| s.name);
                let score = points(&e.figures, &best, hurdle, self.assumptions.unknown)
                    .iter()
                    .zip(&formula.criteria)
                    .enumerate()
                    .map(|(c, (p, criterion))| {
                        let part = criterion.part as usize;
                        let weight = formula.parts[part] * criterion.weight.mode / sums[part].max(1e-12);
                        weight
                            * match p {
                                Points::Known(x) => *x,
                                Points::Unknown(r) => r.at(uniform(
                                    self.setting.seed,
                                    name.wrapping_add(7 + c as u64),
                                    k as u64,
                                )),
                            }
                    })
                    .sum();
                let (now, total) = union_money(bid, self.assumptions, e.sample.get("funding.union"));
                Candidate {
                    value: score,
                    lot: self.assumptions.lot(bid.lot).map_or(1, |l| l.number),
                    state: bid.state.clone(),
                    union_now: now,
                    union_total: total,
                }
            })
            .collect();
        // A named State without a bid in this draw cannot be served; the rest of the limits still hold.
        let mut limits = limits(self.assumptions, self.options);
        limits.named.retain(|s| candidates.iter().any(|c| c.state == *s));
        let hosts = {
            let mut states: Vec<&str> = candidates.iter().map(|c| c.state.as_str()).collect();
            states.sort_unstable();
            states.dedup();
            states.len()
        };
        limits.states = limits.states.map(|n| n.min(hosts));
        choose(&candidates, &limits).map(|p| p.chosen).unwrap_or_default()
    }

    fn fill(&self, world: &mut World, entrants: &[Entrant], chosen: &[usize], k: usize) {
        let all =
            |id: &str| -> Vec<f64> { chosen.iter().filter_map(|c| entrants[*c].sample.get(id)).collect() };
        let real: Vec<&Entrant> = chosen.iter().map(|c| &entrants[*c]).filter(|e| e.invests).collect();
        let sum = |id: &str| real.iter().filter_map(|e| e.sample.get(id)).sum::<f64>() + 0.0;
        world.put("sites.chosen", chosen.len() as f64);
        world.put("sites.realised", real.len() as f64);
        let openings: Vec<f64> = real.iter().filter_map(|e| e.sample.get("schedule.opening")).collect();
        let by = |year: i16, month: i8| {
            let end = Date::from_ymd(year, month, 1).map_or(f64::NAN, Date::days);
            openings.iter().filter(|d| **d < end).count() as f64
        };
        world.put("sites.open_2027", by(2028, 1));
        world.put("sites.open_2028_06", by(2028, 7));
        world.put("sites.open_2028", by(2029, 1));
        world.put("sites.open_2030", by(2031, 1));
        world.put("sites.first_opening", openings.iter().copied().fold(f64::NAN, f64::min));
        for (measure, figure) in [
            ("site.months_from_signature", "schedule.opening_after_signature"),
            ("site.accelerators", "site.accelerators"),
            ("site.h100e", "site.h100_equivalents"),
            ("site.ratio_to_ai_factory", "site.ratio_to_ai_factory"),
            ("site.cost", "cost.capex_total"),
            ("site.public_share", "funding.public_share"),
            ("site.cost_per_h100e_hour", "cost.lcoc_per_h100e_hour"),
            ("site.equity_return", "finance.irr_equity"),
        ] {
            world.put(measure, median(all(figure)));
        }
        world.put("chosen.cost", all("cost.capex_total").iter().sum::<f64>() + 0.0);
        let (cost, union, states) = (sum("cost.capex_total"), sum("funding.union"), sum("funding.states"));
        world.put("realised.cost", cost);
        world.put("realised.union", union);
        world.put("realised.states", states);
        world.put("realised.private", cost - union - states);
        world.put("realised.leverage", cost / union);
        let h100e = sum("site.h100_equivalents");
        world.put("realised.h100e", h100e);
        world.put("realised.union_hours", sum("tenant.union.hours"));
        world.put("realised.states_hours", sum("tenant.states.hours"));
        world.put("realised.sme_hours", sum("tenant.union.hours.sme") + sum("tenant.states.hours.sme"));
        let u = |name: &str| uniform(self.setting.seed, hash(name), k as u64);
        let g = self.growth;
        // From the middle of 2026 to the end of 2030; Europe without the programme keeps its share.
        let stock = g.world.at(u("world")) * g.factor.at(u("growth")).powf(4.5);
        let open: f64 = real
            .iter()
            .filter(|e| {
                e.sample
                    .get("schedule.opening")
                    .is_some_and(|d| Date::from_ymd(2031, 1, 1).is_some_and(|end| d < end.days()))
            })
            .filter_map(|e| e.sample.get("site.h100_equivalents"))
            .sum();
        world.put("realised.h100e_2030", open);
        world.put("europe.compute_share", (g.share.at(u("share")) * stock + open) / (stock + open));
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    if values.is_empty() {
        return f64::NAN;
    }
    values.sort_by(f64::total_cmp);
    let n = values.len();
    f64::midpoint(values[(n - 1) / 2], values[n / 2])
}
