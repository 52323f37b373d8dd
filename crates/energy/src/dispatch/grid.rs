//! The connection: firm, and non-firm power that the grid operator may take away.

use gigatwin_quantity::{EnergyPrice, Power, Share};

/// Power that may be drawn in each step with a firm and a non-firm part.
///
/// **Rule.** The operator takes the non-firm part away in the given share of the steps, those with the highest
/// day-ahead prices, because these are the steps in which the grid is short. Equal prices: the earlier step first.
pub fn non_firm_limit(firm: Power, non_firm: Power, curtailed: Share, spot: &[EnergyPrice]) -> Vec<Power> {
    let mut order: Vec<usize> = (0..spot.len()).collect();
    order.sort_by(|a, b| spot[*b].eur_per_mwh().total_cmp(&spot[*a].eur_per_mwh()).then(a.cmp(b)));
    let taken = (curtailed.fraction().clamp(0.0, 1.0) * spot.len() as f64).round() as usize;
    let mut limit = vec![firm + non_firm; spot.len()];
    for step in order.into_iter().take(taken) {
        limit[step] = firm;
    }
    limit
}
