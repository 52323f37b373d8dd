//! What must hold whatever the figures are: more machine draws more power and costs more, dearer energy is dearer, a later
//! permit opens no earlier; and no value within reach of an input's range breaks an evaluation.

// A test may fail by panic; that is how it reports.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::sync::LazyLock;

use gigatwin_factory::inputs::Input;
use gigatwin_factory::{Evaluator, Factory};
use gigatwin_quantity::{Dim, Distribution};
use proptest::prelude::*;

/// An evaluation takes milliseconds where nothing is optimised: few cases, but of all examples.
const CASES: u32 = 24;

/// Relative rounding that no law is about.
const ROUNDING: f64 = 1e-12;

/// Relative change of energy by which equipment sized for another peak may differ.
const SIZING: f64 = 1e-4;

static FACTORIES: LazyLock<Vec<(String, Factory)>> = LazyLock::new(|| {
    common::examples().into_iter().map(|(name, text)| (name.clone(), common::factory(&name, &text))).collect()
});

static EVALUATORS: LazyLock<Vec<Evaluator<'static>>> =
    LazyLock::new(|| FACTORIES.iter().map(|(_, factory)| Evaluator::new(factory)).collect());

/// Position of an example.
fn any_example() -> impl Strategy<Value = usize> {
    0..FACTORIES.len()
}

/// An example that buys all its energy on the day-ahead market. One with contracts may have more of it than it needs in some
/// draws, and a dearer market then pays it.
fn any_buyer() -> impl Strategy<Value = usize> {
    let buys = |i: &usize| {
        inputs(*i, &[".price"])
            .iter()
            .all(|at| !FACTORIES[*i].1.inputs.get(*at).unwrap().path.starts_with("energy.contracts."))
    };
    let buyers: Vec<usize> = (0..FACTORIES.len()).filter(buys).collect();
    prop::sample::select(buyers)
}

/// A place in every input's own distribution: a law holds everywhere, not only in the base case.
fn draw(factory: &Factory, seed: u64) -> Vec<f64> {
    factory
        .inputs
        .iter()
        .enumerate()
        .map(|(i, input)| input.distribution.quantile(unit(seed, i as u64)))
        .collect()
}

/// A number between zero and one for a pair of numbers (SplitMix64).
fn unit(seed: u64, index: u64) -> f64 {
    let mut z = seed.wrapping_add(index.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (z ^ (z >> 31)) as f64 / u64::MAX as f64
}

/// Figures with `values`, by id; NaN is n/a.
struct Figures(Vec<(String, f64)>);

impl Figures {
    fn of(example: usize, values: &[f64]) -> Self {
        Figures(EVALUATORS[example].evaluate(values))
    }

    fn at(&self, id: &str) -> f64 {
        self.0.iter().find(|f| f.0 == id).unwrap_or_else(|| panic!("no {id}")).1
    }
}

/// Positions of the inputs whose paths end in one of these.
fn inputs(example: usize, ends: &[&str]) -> Vec<usize> {
    let factory = &FACTORIES[example].1;
    factory
        .inputs
        .iter()
        .enumerate()
        .filter(|(_, input)| ends.iter().any(|end| input.path.ends_with(end)))
        .map(|(i, _)| i)
        .collect()
}

/// Figures before and after inputs are changed by a function.
fn moved(example: usize, values: &[f64], at: &[usize], to: impl Fn(f64) -> f64) -> (Figures, Figures) {
    assert!(!at.is_empty(), "{}: there is no such input", FACTORIES[example].0);
    let mut changed = values.to_vec();
    for i in at {
        changed[*i] = to(changed[*i]);
    }
    (Figures::of(example, values), Figures::of(example, &changed))
}

fn within(x: f64, y: f64) -> f64 {
    ROUNDING * x.abs().max(y.abs())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: CASES, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn more_machine_draws_more_power_and_costs_more(example in any_example(), seed: u64, factor in 1.05..1.5_f64) {
        let sizes: Vec<usize> = inputs(example, &[".racks", ".units", ".accelerators"])
            .into_iter()
            .filter(|i| FACTORIES[example].1.inputs.get(*i).unwrap().path.starts_with("partition."))
            .collect();
        let values = draw(&FACTORIES[example].1, seed);
        let (few, many) = moved(example, &values, &sizes, |x| (x * factor).ceil());
        for id in ["site.accelerators", "site.h100_equivalents", "site.it_power", "site.facility_power", "cost.capex_computing", "cost.capex_total"] {
            prop_assert!(many.at(id) > few.at(id), "{}: {id} from {} to {}", FACTORIES[example].0, few.at(id), many.at(id));
        }
    }

    #[test]
    fn dearer_energy_makes_dearer_hours(example in any_buyer(), seed: u64, rise in 1.05..2.0_f64) {
        let values = draw(&FACTORIES[example].1, seed);
        let spot = inputs(example, &["wholesale_2025", "energy.spot"]);
        let extra = values[spot[0]] * (rise - 1.0);
        let (cheap, dear) = moved(example, &values, &spot, |x| x + extra);
        for id in ["energy.price", "energy.cost_annual", "cost.opex_annual", "cost.lcoc_per_accelerator_hour", "cost.lcoc_per_h100e_hour"] {
            prop_assert!(dear.at(id) > cheap.at(id), "{}: {id} from {} to {}", FACTORIES[example].0, cheap.at(id), dear.at(id));
        }
    }

    #[test]
    fn dearer_contracts_make_dearer_hours(seed: u64, rise in 1.05..2.0_f64) {
        for (example, (name, factory)) in FACTORIES.iter().enumerate() {
            let values = draw(factory, seed);
            for i in inputs(example, &[".price"]) {
                if !factory.inputs.get(i).unwrap().path.starts_with("energy.contracts.") {
                    continue;
                }
                let (cheap, dear) = moved(example, &values, &[i], |x| x * rise);
                for id in ["energy.price", "cost.opex_annual", "cost.lcoc_per_accelerator_hour"] {
                    prop_assert!(dear.at(id) > cheap.at(id), "{name}: {id} from {} to {}", cheap.at(id), dear.at(id));
                }
            }
        }
    }

    #[test]
    fn the_better_used_site_sells_cheaper_hours(example in any_example(), seed: u64, factor in 0.5..0.98_f64) {
        let at = inputs(example, &["operations.utilisation"]);
        let values = draw(&FACTORIES[example].1, seed);
        let (full, empty) = moved(example, &values, &at, |x| x * factor);
        let id = "cost.lcoc_per_sold_hour";
        prop_assert!(empty.at(id) > full.at(id), "{}: {} used less, {} used more", FACTORIES[example].0, empty.at(id), full.at(id));
        prop_assert!(empty.at("hours.used_annual") < full.at("hours.used_annual"));
        prop_assert!(empty.at("energy.annual") <= full.at("energy.annual") * (1.0 + ROUNDING));
    }

    #[test]
    fn a_later_permit_opens_no_earlier(seed: u64, days in 1.0..900.0_f64) {
        let example = FACTORIES.iter().position(|f| f.0 == "gigafactory").unwrap();
        let values = draw(&FACTORIES[example].1, seed);
        for path in ["site.permit.filed", "site.permit.duration", "site.grid.energised", "site.signature"] {
            // Dates count days, durations seconds.
            let later = if path.ends_with("duration") { days * 86_400.0 } else { days };
            let (soon, late) = moved(example, &values, &inputs(example, &[path]), |x| x + later);
            for id in ["schedule.opening", "schedule.phase.one.opening", "schedule.phase.two.opening"] {
                prop_assert!(late.at(id) >= soon.at(id) - within(late.at(id), soon.at(id)), "{path}: {id} from {} to {}", soon.at(id), late.at(id));
            }
        }
    }

    #[test]
    fn a_worse_plant_never_needs_less_energy(example in any_example(), seed: u64, factor in 1.0..1.5_f64) {
        let values = draw(&FACTORIES[example].1, seed);
        for worse in [
            "_fan_power_share",
            "_pump_power_share",
            "_air_mover_share",
            "_no_load",
            "_proportional",
            "_quadratic",
            "fixed_load_share",
            "model.pue_overhead",
        ] {
            let (good, bad) = moved(example, &values, &inputs(example, &[worse]), |x| x * factor);
            for id in ["energy.annual", "site.pue"] {
                prop_assert!(bad.at(id) >= good.at(id) - within(bad.at(id), good.at(id)), "{}: {worse}: {id} from {} to {}", FACTORIES[example].0, good.at(id), bad.at(id));
            }
        }
        // A better chiller, the other way round. It lowers the peak that transformers are sized for, so that these run at a
        // higher load all year: a second-order loss.
        for better in ["chiller_carnot_share", "chiller_cop_max"] {
            let (bad, good) = moved(example, &values, &inputs(example, &[better]), |x| x * factor);
            prop_assert!(good.at("energy.annual") <= bad.at("energy.annual") * (1.0 + SIZING), "{}: {better}", FACTORIES[example].0);
        }
    }

    #[test]
    fn dearer_hardware_costs_more_and_gets_more_public_money(example in any_example(), seed: u64, factor in 1.01..2.0_f64) {
        let prices: Vec<usize> = inputs(example, &[".price"])
            .into_iter()
            .filter(|i| FACTORIES[example].1.inputs.get(*i).unwrap().path.starts_with("catalog.systems."))
            .collect();
        let values = draw(&FACTORIES[example].1, seed);
        let (cheap, dear) = moved(example, &values, &prices, |x| x * factor);
        for id in ["cost.systems", "cost.capex_computing", "cost.capex_total", "cost.lcoc_per_accelerator_hour"] {
            prop_assert!(dear.at(id) > cheap.at(id), "{}: {id}", FACTORIES[example].0);
        }
        // A cap in euros may hold it where it is.
        prop_assert!(dear.at("funding.union") >= cheap.at("funding.union") * (1.0 - ROUNDING), "{}", FACTORIES[example].0);
    }

    #[test]
    fn nothing_within_reach_breaks_an_evaluation(example in any_example(), seed: u64) {
        let factory = &FACTORIES[example].1;
        let values: Vec<f64> =
            factory.inputs.iter().enumerate().map(|(i, input)| stretched(input, unit(seed, i as u64))).collect();
        for (id, value) in EVALUATORS[example].evaluate(&values) {
            prop_assert!(!value.is_infinite(), "{}: {id} is infinite", FACTORIES[example].0);
        }
        let price = EVALUATORS[example].reprice(&values);
        prop_assert!(!price.is_infinite());
    }

    #[test]
    fn one_input_far_out_breaks_nothing(example in any_example(), which: prop::sample::Index, factor in prop::sample::select(vec![0.0, 1e-3, 0.3, 3.0, 1e3])) {
        let factory = &FACTORIES[example].1;
        let mut values = factory.inputs.base();
        let i = which.index(values.len());
        let input = factory.inputs.get(i).unwrap();
        values[i] = valid(input, values[i] * factor);
        // What divides by zero is without bound, and n/a in the outcome; what must not happen is a panic.
        let figures = EVALUATORS[example].evaluate(&values);
        prop_assert!(!figures.is_empty(), "{}: {} at {}", FACTORIES[example].0, input.path, values[i]);
        EVALUATORS[example].reprice(&values);
    }
}

/// A value of a range three times as wide as the input's own, as far as the language would accept it.
fn stretched(input: &Input, u: f64) -> f64 {
    let base = input.distribution.base();
    let (low, high) = match input.distribution {
        // What is certain stays nearly so: a file that says 72 chips to a rack means it.
        Distribution::Point(v) => return v,
        distribution => (distribution.quantile(0.0), distribution.quantile(1.0)),
    };
    let (low, high) = (base - 3.0 * (base - low), base + 3.0 * (high - base));
    valid(input, low + u * (high - low))
}

fn valid(input: &Input, value: f64) -> f64 {
    match input.dim {
        Dim::Share => value.clamp(0.0, 1.0),
        Dim::Growth => value.clamp(-0.9, 10.0),
        // Rates of exchange and the models' own errors divide.
        Dim::Ratio => value.max(0.01),
        Dim::Date => value.clamp(-25_000.0, 47_000.0),
        Dim::Temperature => value.clamp(-60.0, 120.0),
        dim if dim.may_be_negative() => value,
        _ => value.max(0.0),
    }
}

#[test]
fn a_reprice_with_base_values_is_the_base_case() {
    for (i, (name, factory)) in FACTORIES.iter().enumerate() {
        let base = factory.inputs.base();
        let whole = Figures::of(i, &base).at("cost.lcoc_per_accelerator_hour");
        let again = EVALUATORS[i].reprice(&base);
        assert_eq!(whole.to_bits(), again.to_bits(), "{name}: {whole} against {again}");
        // And it follows prices as the whole does.
        let mut dear = base.clone();
        for at in inputs(
            i,
            &["wholesale_2025", "operations.utilisation", "costs.maintenance", "finance.discount_rate"],
        ) {
            dear[at] *= 1.1;
        }
        let whole = Figures::of(i, &dear).at("cost.lcoc_per_accelerator_hour");
        assert_eq!(whole.to_bits(), EVALUATORS[i].reprice(&dear).to_bits(), "{name}");
    }
}
