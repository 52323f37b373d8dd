//! The best an hour can do once battery and deferred work are decided: cheapest way first.

use super::flat::Flat;

/// One step with everything in MW.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Step {
    pub(crate) draw: [f64; 2],
    pub(crate) own: f64,
    pub(crate) available: f64,
    pub(crate) export: f64,
    pub(crate) capped: f64,
    /// Missing (above zero) or with nowhere to go (below).
    pub(crate) short: f64,
}

/// Serves `need` MW (load, plus charge and caught-up work, less discharge and deferred work) in step `t`.
///
/// `peak` bounds what is drawn beside the connection, `own` is what the plants on the site can make.
pub(crate) fn serve(flat: &Flat, t: usize, need: f64, own: f64, peak: f64) -> Step {
    let mut draws = flat.draws(t);
    let mut room = peak;
    let mut order = [0, 1];
    if draws[1].cost < draws[0].cost {
        order = [1, 0];
    }
    for i in order {
        draws[i].most = draws[i].most.min(room);
        room -= draws[i].most;
    }
    let (cap_most, cap_cost) = flat.cap.map_or((0.0, 0.0), |(share, value)| (share * flat.load[t], value));
    // Cost, most, and which: 0 and 1 draws, 2 own, 3 cap.
    let mut ways = [
        (draws[0].cost, draws[0].most, 0),
        (draws[1].cost, draws[1].most, 1),
        (0.0, own, 2),
        (cap_cost, cap_most, 3),
    ];
    ways.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut used = [0.0; 4];
    let mut open = need.max(0.0);
    // A battery that delivers more than the load sells the rest whatever it earns.
    let forced = (-need).max(0.0);
    let mut export = forced.min(flat.export_limit);
    let unplaced = forced - export;
    let earned = flat.export_price[t];
    for (cost, most, way) in ways {
        let serve = most.min(open);
        open -= serve;
        let mut sell = 0.0;
        // Capping load in order to sell its energy is not modelled beyond the cap's own value: it is a way like others.
        if cost < earned {
            sell = (most - serve).min(flat.export_limit - export).max(0.0);
            export += sell;
        }
        used[way] = serve + sell;
    }
    Step {
        draw: [used[0], used[1]],
        own: used[2],
        available: own,
        export,
        capped: used[3],
        short: if unplaced > 0.0 { -unplaced } else { open },
    }
}
