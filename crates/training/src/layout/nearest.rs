//! The valid layout that differs least from one that is not.

use gigatwin_catalog::ModelShape;

use crate::Layout;

/// How many values of each size are tried, nearest first.
const TRIED: usize = 5;

/// Distance of two sizes in doublings.
fn doublings(a: u32, b: u32) -> f64 {
    (f64::from(a.max(1)) / f64::from(b.max(1))).log2().abs()
}

/// The values nearest to `wanted` by doublings, smaller ones first where two are as near.
fn near(wanted: u32, values: impl Iterator<Item = u32>) -> Vec<u32> {
    let mut list: Vec<u32> = values.collect();
    list.sort_by(|a, b| doublings(*a, wanted).total_cmp(&doublings(*b, wanted)).then(a.cmp(b)));
    list.dedup();
    list.truncate(TRIED);
    list
}

fn divisors(n: u32) -> impl Iterator<Item = u32> {
    (1..=n.min(4096)).filter(move |d| n.is_multiple_of(*d))
}

/// The valid layout on at most `chips` chips that is nearest to `wanted`, by the sum of doublings over all sizes and idle chips.
/// Where the global batch must change to fit the replicas it is rounded up. With `fill` the replicas are not wanted as they are
/// but as many as the chips hold. None where the model fits no layout at all.
pub fn nearest_valid(model: &ModelShape, chips: u32, wanted: &Layout, fill: bool) -> Option<Layout> {
    let positive = |n: u32| n.max(1);
    let sequence = positive(wanted.sequence);
    let tensor = near(positive(wanted.tp), divisors(positive(model.heads)).filter(|t| *t <= chips));
    let whole = |c: u32| c == 1 || sequence.is_multiple_of(2 * c);
    let context = near(positive(wanted.cp), (0..10).map(|e| 1_u32 << e).filter(|c| *c <= chips && whole(*c)));
    let stages =
        near(positive(wanted.pp), (1..=positive(model.layers).saturating_add(2)).filter(|p| *p <= chips));
    let experts = model.moe.map_or(vec![1], |m| near(positive(wanted.ep), divisors(positive(m.experts))));
    let inside = model.moe.map_or(vec![1], |m| {
        near(positive(wanted.expert_tp()), divisors(positive(m.expert_ffn)).filter(|t| *t <= 64))
    });
    let micro = near(positive(wanted.micro_batch), (0..8).map(|e| 1_u32 << e));
    let mut best: Option<(f64, Layout)> = None;
    for &tp in &tensor {
        for &cp in &context {
            for &pp in &stages {
                let most = if pp == 1 { 1 } else { (positive(model.layers).saturating_add(2) / pp).max(1) };
                let chunks = near(positive(wanted.vpp), 1..=most);
                let Some(block) = tp.checked_mul(cp).and_then(|x| x.checked_mul(pp)).filter(|b| *b <= chips)
                else {
                    continue;
                };
                let most = chips / block;
                let asked = if fill { most } else { positive(wanted.dp).min(most) };
                let replicas = if fill { most } else { wanted.dp };
                for dp in near(
                    asked,
                    [asked, most].into_iter().chain((0..31).map(|e| 1_u32 << e)).filter(|d| *d <= most),
                ) {
                    for &micro_batch in &micro {
                        let per_step = dp.saturating_mul(micro_batch);
                        let global_batch =
                            positive(wanted.global_batch).div_ceil(per_step).saturating_mul(per_step);
                        let shared = doublings(tp, wanted.tp)
                            + doublings(cp, wanted.cp)
                            + doublings(pp, wanted.pp)
                            + doublings(dp, replicas)
                            + doublings(micro_batch, wanted.micro_batch)
                            + doublings(global_batch, wanted.global_batch)
                            + 0.1 * doublings(block * dp, chips);
                        for &vpp in &chunks {
                            for &ep in &experts {
                                for &etp in &inside {
                                    let far = shared
                                        + doublings(vpp, wanted.vpp)
                                        + doublings(ep, wanted.ep)
                                        + doublings(etp, wanted.expert_tp());
                                    if best.is_some_and(|(d, _)| far >= d) {
                                        continue;
                                    }
                                    let etp = wanted.etp.map(|_| etp).or((etp > 1).then_some(etp));
                                    let l = Layout {
                                        tp,
                                        cp,
                                        pp,
                                        vpp,
                                        ep,
                                        etp,
                                        dp,
                                        micro_batch,
                                        global_batch,
                                        sequence,
                                        ..*wanted
                                    };
                                    if l.faults(model, block * dp).is_empty() {
                                        best = Some((far, l));
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
    best.map(|b| b.1)
}
