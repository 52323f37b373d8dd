//! Folded Clos networks of one, two and three tiers.

use crate::bill::PlaneCounts;
use crate::design::{FabricDesign, SizingError};

/// Ports of a switch down and up so that down/up does not exceed `ratio`.
pub(super) fn split(radix: u32, ratio: f64) -> Result<(u64, u64), SizingError> {
    let up = (f64::from(radix) / (1.0 + ratio)).ceil() as u64;
    let down = u64::from(radix) - up.min(u64::from(radix));
    if up == 0 || down == 0 {
        return Err(SizingError::Invalid {
            what: "the oversubscription",
            must: "less than the switch radix",
        });
    }
    Ok((down, up))
}

/// Smallest divisor of `of` that is at least `least`; `of` itself at the end.
fn smallest_divisor(of: u64, least: u64) -> u64 {
    (least.max(1)..=of).find(|s| of.is_multiple_of(*s)).unwrap_or(of)
}

/// Links that three tiers carry.
fn clos_ceiling(radix: u32, leaf_ratio: f64, spine_ratio: f64) -> u64 {
    match (split(radix, leaf_ratio), split(radix, spine_ratio)) {
        (Ok((leaf_down, _)), Ok((spine_down, _))) => leaf_down * spine_down * u64::from(radix),
        _ => 0,
    }
}

pub(super) fn clos(
    d: &FabricDesign,
    endpoints: u64,
    links: u64,
    rails: u32,
) -> Result<PlaneCounts, SizingError> {
    let radix = u64::from(d.switch.radix);
    if links <= radix {
        return Ok(PlaneCounts {
            tiers: 1,
            leaf: 1,
            node_leaf: links,
            leaf_reach: links,
            ..Default::default()
        });
    }
    let (down, up) = split(d.switch.radix, d.leaf_oversubscription)?;
    let rails = u64::from(rails);
    // A leaf takes whole rails where several fit; a longer rail takes leaves of its own. Management links take the
    // ports that rails leave free, and a leaf of their own only where none are.
    let per_rail = endpoints.div_ceil(rails).max(1);
    let rails_per_leaf = (down / per_rail).clamp(1, rails);
    let by_rails =
        if per_rail > down { rails * per_rail.div_ceil(down) } else { rails.div_ceil(rails_per_leaf) };
    let leaf = by_rails.max(links.div_ceil(down));
    let leaf_spine = leaf * up;
    let leaf_reach = down * rails.div_ceil(rails_per_leaf);
    let base = PlaneCounts { leaf, node_leaf: links, leaf_spine, leaf_reach, ..Default::default() };
    if leaf <= radix {
        let spine = smallest_divisor(up, leaf_spine.div_ceil(radix));
        return Ok(PlaneCounts { tiers: 2, spine, pod_reach: links, ..base });
    }
    let (spine_down, spine_up) = split(d.switch.radix, d.spine_oversubscription)?;
    let pods = leaf.div_ceil(spine_down);
    if pods > radix {
        return Err(too_many(d, links));
    }
    let full = leaf / spine_down;
    let rest = leaf % spine_down;
    let rest_spines = if rest > 0 { smallest_divisor(up, (rest * up).div_ceil(spine_down)) } else { 0 };
    let spine = full * up + rest_spines;
    let spine_core = spine * spine_up;
    let core = smallest_divisor(up * spine_up, spine_core.div_ceil(radix));
    Ok(PlaneCounts { tiers: 3, spine, core, spine_core, pod_reach: down * spine_down, ..base })
}

fn too_many(d: &FabricDesign, links: u64) -> SizingError {
    let ceiling = |radix: u32| clos_ceiling(radix, d.leaf_oversubscription, d.spine_oversubscription);
    let mut radix_needed = d.switch.radix + d.switch.radix % 2;
    while ceiling(radix_needed) < links && radix_needed < 1 << 16 {
        radix_needed += 2;
    }
    let mut times = 2;
    while ceiling(d.switch.radix.saturating_mul(times)) < links && times < 1 << 10 {
        times += 1;
    }
    SizingError::TooManyEndpoints {
        links,
        ceiling: ceiling(d.switch.radix),
        radix: d.switch.radix,
        radix_needed,
        planes_needed: d.planes.saturating_mul(times),
    }
}
