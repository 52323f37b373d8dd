//! `training frontier`: the largest model that a run's accelerators can train, against the growth of frontier runs.

use gigatwin_catalog::{Catalog, Entry, Kind, Value as Figure};
use gigatwin_factory::training::opening;
use gigatwin_quantity::{Date, Dim, Flop, Quantity, Time};
use gigatwin_training::{FrontierGrowth, Optimum, ScalingLaw, effective_compute};
use serde_json::{Value, json};

use super::campaign::{OnSite, broken, on_site};
use super::target::{Chosen, choose_on};
use super::{page, target};
use crate::args::training::Frontier;
use crate::context::Context;
use crate::exit::{Exit, Fault};
use crate::json::stamp;
use crate::layout::{Side, table};

/// Laws of `costs/scaling-laws`: prefix of their keys, name.
const LAWS: [(&str, &str); 2] =
    [("besiroglu_2024", "Besiroglu et al. 2024"), ("hoffmann_2022", "Hoffmann et al. 2022")];

/// The law with its name and what it makes of compute low, expected and high.
struct Answer {
    id: &'static str,
    name: &'static str,
    best: [Optimum; 3],
}

/// The run's place in the growth of frontier runs; low, expected and high growth.
struct Race {
    growth: [FrontierGrowth; 3],
    factors: [f64; 3],
    largest: Flop,
    largest_on: Date,
    feasible: [Flop; 3],
}

pub(super) fn run(context: &Context, args: &Frontier) -> Result<Exit, Fault> {
    let Some(chosen) = choose_on(context, &args.target, args.partition.as_deref(), Some(&args.sizes))? else {
        return Ok(Exit::NotUnderstood);
    };
    let there = match on_site(context, &chosen, &args.sizes, None)? {
        Ok(there) => there,
        Err(exit) => return Ok(exit),
    };
    let task = &chosen.task;
    let peak = task.chip.rate(there.layout.precision);
    let time = Time::from_days(f64::from(args.days));
    let (mfu, ettr) = (there.outcome.mfu, there.goodput.ettr);
    let compute = effective_compute(there.layout.chips(), peak, mfu, ettr, time);
    // The band is one of the step time, which MFU is inverse to.
    let compute = [compute / task.band.1, compute, compute / task.band.0];
    let catalog = context.catalog()?;
    let laws = entry(&catalog, "scaling-laws")?;
    let mut answers = Vec::new();
    for (id, name) in LAWS {
        let law = law(&laws, id)?;
        answers.push(Answer { id, name, best: compute.map(|c| law.optimum(c)) });
    }
    let fitted = [
        figure(&laws, "fitted_parameters", Dim::Count)?.distribution.base(),
        figure(&laws, "fitted_tokens", Dim::Count)?.distribution.base(),
    ];
    let race = race(&entry(&catalog, "growth")?)?;
    // Options have neither place nor schedule.
    let opens = if chosen.own_site { opening(&chosen.factory, &task.name) } else { None };
    if context.json {
        let growth: Vec<Value> = (0..3).map(|i| race.json(i, compute[1], opens)).collect();
        context.json(&json!({
            "gigatwin": stamp(&chosen.stamp),
            "run": page::task_json(task),
            "layout": page::layout_json(&there.layout),
            "days": args.days,
            "peak_flops": peak.flops(), "mfu": mfu.fraction(), "ettr": ettr.fraction(),
            "mfu_low": mfu.fraction() / task.band.1, "mfu_high": mfu.fraction() / task.band.0,
            "compute_flop": compute[1].flop(), "low": compute[0].flop(), "high": compute[2].flop(),
            "laws": answers.iter().map(|a| a.json(fitted)).collect::<Vec<_>>(),
            "largest_known_run": {"flop": race.largest.flop(), "date": race.largest_on.month_text()},
            "opens": opens.map(Date::month_text),
            "growth": growth,
            "share_of_feasible_run_2030": compute[1] / race.feasible[1],
            "feasible_run_2030_flop": race.feasible.map(|f| f.flop()),
            "growth_reaches_feasible_run": race.growth[1].reaches(race.feasible[1]).month_text(),
        }))?;
    } else {
        context.data(&text(context, &chosen, &there, args.days, compute, &answers, fitted, &race, opens))?;
    }
    Ok(Exit::Done)
}

fn entry(catalog: &Catalog, id: &str) -> Result<Entry, Fault> {
    catalog.entry(Kind::Costs, id).map_err(|e| broken(&e.to_string()))
}

fn figure(entry: &Entry, key: &str, dim: Dim) -> Result<Figure, Fault> {
    entry
        .figure(key, dim)
        .map_err(|e| broken(&e.to_string()))?
        .ok_or_else(|| broken(&format!("costs/{}: {key} is missing", entry.id)))
}

fn law(entry: &Entry, id: &str) -> Result<ScalingLaw, Fault> {
    let at = |key: &str| figure(entry, &format!("{id}_{key}"), Dim::Ratio).map(|v| v.distribution.base());
    ScalingLaw::new(at("e")?, at("a")?, at("b")?, at("alpha")?, at("beta")?)
        .map_err(|e| broken(&format!("costs/scaling-laws, {id}: {e}")))
}

fn race(entry: &Entry) -> Result<Race, Fault> {
    let largest = figure(entry, "largest_known_run", Dim::Flop)?;
    let on = Date::parse(&largest.provenance.date)
        .ok_or_else(|| broken("costs/growth: largest_known_run has no date that can be read"))?;
    let run = Flop::from_base(largest.distribution.base());
    let three = |key: &str, dim: Dim| -> Result<[f64; 3], Fault> {
        let d = figure(entry, key, dim)?.distribution;
        Ok([d.quantile(0.0), d.base(), d.quantile(1.0)])
    };
    let factors = three("frontier_training_compute", Dim::Ratio)?;
    let growth = |i: usize| {
        FrontierGrowth::new(run, on, factors[i]).map_err(|e| broken(&format!("costs/growth: {e}")))
    };
    Ok(Race {
        growth: [growth(0)?, growth(1)?, growth(2)?],
        factors,
        largest: run,
        largest_on: on,
        feasible: three("feasible_run_2030", Dim::Flop)?.map(Flop::from_base),
    })
}

impl Answer {
    fn json(&self, fitted: [f64; 2]) -> Value {
        let [low, best, high] = self.best;
        let one = |o: Optimum| json!({"parameters": o.parameters, "tokens": o.tokens, "loss": o.loss});
        json!({
            "law": self.id, "name": self.name,
            "parameters": best.parameters, "tokens": best.tokens, "loss": best.loss,
            "tokens_per_parameter": best.tokens / best.parameters,
            "low": one(low), "high": one(high),
            "times_largest_model_of_fit": best.parameters / fitted[0],
            "times_most_tokens_of_fit": best.tokens / fitted[1],
        })
    }
}

impl Race {
    fn json(&self, i: usize, compute: Flop, opens: Option<Date>) -> Value {
        let g = &self.growth[i];
        let behind = g.reaches(compute);
        json!({
            "factor_per_year": self.factors[i],
            "falls_behind": behind.month_text(),
            "falls_behind_year": behind.year(),
            "frontier_at_opening_flop": opens.map(|d| g.at(d).flop()),
            "share_of_frontier_at_opening": opens.map(|d| compute / g.at(d)),
            "years_behind_at_opening": opens.map(|d| g.years_behind(compute, d)),
        })
    }
}

#[allow(clippy::too_many_arguments)]
fn text(
    context: &Context,
    chosen: &Chosen,
    there: &OnSite,
    days: u32,
    compute: [Flop; 3],
    answers: &[Answer],
    fitted: [f64; 2],
    race: &Race,
    opens: Option<Date>,
) -> String {
    let (f, task) = (context.figures(), &chosen.task);
    let flop = |c: Flop| format!("{:.2e} FLOP", c.flop());
    let mfu = there.outcome.mfu.fraction();
    let share = |x: f64| f.value(Dim::Share, x);
    let rows = vec![
        vec!["layout".to_owned(), page::words(&there.layout)],
        vec![
            "dense peak".to_owned(),
            format!(
                "{} × {} in {}",
                f.count(there.layout.chips() as usize),
                f.value(Dim::Flops, task.chip.rate(there.layout.precision).flops()),
                target::precision_word(there.layout.precision)
            ),
        ],
        vec![
            "MFU".to_owned(),
            format!("{} [{} to {}]", share(mfu), share(mfu / task.band.1), share(mfu / task.band.0)),
        ],
        vec!["effective".to_owned(), format!("{} of the time", share(there.goodput.ettr.fraction()))],
        vec![
            "compute".to_owned(),
            format!("{} [{} to {}] in {days} days", flop(compute[1]), flop(compute[0]), flop(compute[2])),
        ],
    ];
    let mut out = format!("{}\n{}", page::title(context, chosen), table(&[Side::Left, Side::Left], &rows));
    out.push_str("\nThe dense model it trains best (C = 6·N·D)\n");
    let mut rows = vec![["law", "weights", "tokens", "per weight", "loss"].map(str::to_owned).to_vec()];
    for a in answers {
        let [low, best, high] = a.best;
        let count = |x: f64| f.value(Dim::Count, x);
        rows.push(vec![
            a.name.to_owned(),
            format!(
                "{} [{}]",
                count(best.parameters),
                f.range(Dim::Count, "", low.parameters, high.parameters)
            ),
            format!("{} [{}]", count(best.tokens), f.range(Dim::Count, "", low.tokens, high.tokens)),
            format!("{:.0}", best.tokens / best.parameters),
            format!("{:.3} [{:.3} to {:.3}]", best.loss, high.loss, low.loss),
        ]);
    }
    out.push_str(&table(&[Side::Left, Side::Right, Side::Right, Side::Right, Side::Right], &rows));
    if let Some(a) = answers.first() {
        out.push_str(&format!(
            "Outside the fit: {:.0} times its largest model, {:.0} times its most tokens. The bands are those of MFU alone.\n",
            a.best[1].parameters / fitted[0],
            a.best[1].tokens / fitted[1],
        ));
    }
    out.push_str(&format!(
        "\nAgainst frontier runs (largest known: {}, {})\n",
        flop(race.largest),
        race.largest_on.month_text()
    ));
    out.push_str(&race.table(compute[1], opens));
    match opens {
        Some(day) => out.push_str(&format!("Opening {}. ", day.month_text())),
        None => out.push_str("No opening: give a factory file for the distance then. "),
    }
    out.push_str(&format!(
        "Growth as now reaches the run held feasible in 2030 ({}) in {}; what comes after is less sure.\nOf that run this one is {:.2e}.\n",
        flop(race.feasible[1]),
        race.growth[1].reaches(race.feasible[1]).month_text(),
        compute[1] / race.feasible[1],
    ));
    out
}

impl Race {
    fn table(&self, compute: Flop, opens: Option<Date>) -> String {
        let mut rows = vec![
            ["growth", "behind from", "frontier at opening", "share of it", "years"]
                .map(str::to_owned)
                .to_vec(),
        ];
        for (g, factor) in self.growth.iter().zip(self.factors) {
            let mut row = vec![format!("× {factor:.2} a year"), g.reaches(compute).month_text()];
            match opens {
                Some(day) => {
                    let years = g.years_behind(compute, day);
                    let word = if years >= 0.0 { "behind" } else { "ahead" };
                    row.extend([
                        format!("{:.2e} FLOP", g.at(day).flop()),
                        format!("{:.2e}", compute / g.at(day)),
                        format!("{:.1} {word}", years.abs()),
                    ]);
                }
                None => row.extend(["", "", ""].map(str::to_owned)),
            }
            rows.push(row);
        }
        table(&[Side::Left, Side::Right, Side::Right, Side::Right, Side::Right], &rows)
    }
}
