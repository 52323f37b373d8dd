//! What it costs to build and to run, who pays, and what an hour costs.

use gigatwin_finance::capex::{Capex, CapexInputs, CapexItem};
use gigatwin_finance::funding::{Funding, FundingInputs, PhaseFunding, PublicForm};
use gigatwin_finance::lcoc::capital_recovery_factor;
use gigatwin_finance::opex::{OpexInputs, OpexYear};
use gigatwin_quantity::{Money, Power, Share};

use super::Physical;
use super::hours::Hours;
use super::sheet::Sheet;
use super::site::SiteYear;
use crate::inputs::Values;
use crate::resolved::{Factory, RuleSet};

/// Money of one draw.
#[derive(Debug, Clone)]
pub(crate) struct Bill {
    /// By phase.
    pub capex: Vec<Capex>,
    pub opex: OpexYear,
    pub funding: Funding,
}

/// All money figures; n/a, all of them, where a price is not known.
pub(crate) fn evaluate(
    f: &Factory,
    v: &Values<'_>,
    p: &Physical,
    year: &SiteYear,
    hours: &Hours,
    sheet: &mut Sheet,
) -> Result<Option<Bill>, String> {
    let Some(capex) = build(f, v, p, sheet)? else {
        nothing(f, sheet);
        return Ok(None);
    };
    let line = |item: CapexItem| -> f64 {
        capex.iter().flat_map(|c| &c.items).filter(|(i, _)| *i == item).map(|(_, m)| m.eur()).sum()
    };
    let computing: f64 = capex.iter().map(|c| c.computing.eur()).sum();
    let plant = line(CapexItem::ShellAndPlant) + line(CapexItem::Design);
    let assets = line(CapexItem::Backup) + line(CapexItem::EnergyAssets);
    let facility = plant + line(CapexItem::Grid) + line(CapexItem::Land) + assets;
    let contingency = line(CapexItem::Contingency);
    let total = computing + facility + contingency;
    sheet.put("cost.systems", line(CapexItem::Systems));
    sheet.put("cost.network", line(CapexItem::Network));
    sheet.put("cost.storage", line(CapexItem::Storage));
    sheet.put("cost.installation", line(CapexItem::Installation));
    sheet.put("cost.capex_computing", computing);
    sheet.put("cost.shell_and_plant", plant);
    sheet.put("cost.grid_connection", line(CapexItem::Grid));
    sheet.put("cost.land", line(CapexItem::Land));
    sheet.put("cost.backup_and_battery", assets);
    sheet.put("cost.capex_facility", facility);
    sheet.put("cost.contingency", contingency);
    sheet.put("cost.capex_total", total);
    sheet.put("cost.computing_per_accelerator", computing / sheet.at("site.accelerators"));
    let heat =
        f.site.heat.as_ref().map_or(0.0, |h| year.facility.heat_sold * v.get(h.price) / Money::from_eur(1.0));
    // Electricity of the heat pump belongs to the heat that is sold.
    let pump = year.energy.cost.eur() - sheet.at("energy.cost_annual");
    let heat = heat - pump;
    let it_power = Power::from_w(sheet.at("site.it_power"));
    let c = &f.costs;
    let opex = OpexYear::build(&OpexInputs {
        energy: Money::from_eur(sheet.at("energy.cost_annual")),
        computing: Money::from_eur(computing),
        facility: Money::from_eur(facility),
        maintenance_share: v.get(c.maintenance),
        plant_maintenance_share: v.get(c.plant_maintenance),
        it_power,
        posts_per_mw: v.number(c.posts),
        cost_per_post: v.get(c.cost_per_post),
        insurance_share: v.get(c.insurance),
        site: v.get(f.defaults.financing.site_cost),
        software: v.get(f.defaults.financing.software_cost) * sheet.at("site.accelerators"),
    })
    .map_err(|e| e.to_string())?;
    sheet.put("cost.maintenance", opex.maintenance.eur());
    sheet.put("cost.staff", opex.staff.eur());
    sheet.put("cost.insurance", opex.insurance.eur());
    sheet.put("cost.site_and_software", (opex.site + opex.software).eur());
    sheet.put("cost.heat_revenue", heat);
    let running = opex.total().eur() - heat;
    sheet.put("cost.opex_annual", running);
    let rate = v.get(f.finance.discount_rate).fraction();
    let life = v.get(f.finance.life).years().max(0.5);
    let plant_life = v.get(f.defaults.financing.plant_life).years().max(life);
    let residual = v.get(f.finance.residual).fraction() / (1.0 + rate).powf(life);
    let annuity = computing * (1.0 - residual) * capital_recovery_factor(rate, life)
        + (facility + contingency) * capital_recovery_factor(rate, plant_life);
    sheet.put("cost.capex_annuity", annuity);
    let per_hour = (annuity + running) / hours.available;
    sheet.put("cost.lcoc_per_accelerator_hour", per_hour);
    sheet.put("cost.lcoc_per_sold_hour", (annuity + running) / hours.used);
    let h100e = sheet.at("site.h100_equivalents");
    sheet.put("cost.lcoc_per_h100e_hour", per_hour * sheet.at("site.accelerators") / h100e);
    work(f, p, per_hour, sheet);
    let funding = fund(f, v, &capex, sheet)?;
    // In the cash flow, energy is net of what heat brings and costs.
    let opex = OpexYear { energy: opex.energy - Money::from_eur(heat), ..opex };
    Ok(Some(Bill { capex, opex, funding }))
}

fn build(f: &Factory, v: &Values<'_>, p: &Physical, sheet: &Sheet) -> Result<Option<Vec<Capex>>, String> {
    let total_peak: f64 = p.machines.iter().map(|m| m.peak.w()).sum();
    let network: Option<f64> = p.networks.price.iter().map(|x| x.map(Money::eur)).sum();
    let Some(network) = network else { return Ok(None) };
    let assets = battery(f, v)
        + sheet.at("site.backup_fuel")
            * gigatwin_quantity::Quantity::base(v.get(f.defaults.general.backup_price));
    let grid = v.get(f.site.firm) + f.site.flexible.map_or(Power::ZERO, |x| v.get(x));
    let c = &f.costs;
    let mut phases = Vec::with_capacity(f.phases.len());
    for phase in 0..f.phases.len() {
        let members = || f.partitions.iter().zip(&p.machines).filter(move |(part, _)| part.phase == phase);
        let mut systems = Money::ZERO;
        for (part, machine) in members() {
            match part.price {
                Some(price) => systems += v.get(price) * machine.units,
                None => return Ok(None),
            }
        }
        let share = members().map(|(_, m)| m.peak.w()).sum::<f64>() / total_peak;
        let first = if Some(phase) == f.partitions.iter().map(|p| p.phase).min() { 1.0 } else { 0.0 };
        let inputs = CapexInputs {
            systems,
            network: Money::from_eur(network * share),
            storage: p.networks.storage_price * share,
            installation_share: v.get(c.installation),
            it_power: Power::from_w(sheet.at("site.it_power") * share),
            shell_and_plant: v.get(c.shell_and_plant),
            ai_premium: Share::ZERO,
            // Land and grid come with the first phase; building follows the machine.
            grid_power: grid * first,
            grid_connection: v.get(c.grid_connection),
            backup_power: backed(f, v) * (sheet.at("site.facility_power") * share),
            backup_cost: v.get(f.defaults.financing.backup_cost),
            energy_assets: Money::from_eur(assets * share),
            land: v.get(c.land) * first,
            design_share: v.get(f.defaults.financing.design_share),
            contingency: v.get(c.contingency),
            contingency_computing: v.get(f.defaults.financing.contingency_computing),
            construction_index: 1.0,
        };
        phases.push(Capex::build(&inputs).map_err(|e| e.to_string())?);
    }
    Ok(Some(phases))
}

/// Share of a watt that backup carries; nothing where there is no backup.
fn backed(f: &Factory, v: &Values<'_>) -> Power {
    if v.get(f.site.backup).s() > 0.0 {
        Power::from_w(v.get(f.site.backed_share).fraction())
    } else {
        Power::ZERO
    }
}

fn battery(f: &Factory, v: &Values<'_>) -> f64 {
    f.energy.battery.as_ref().map_or(0.0, |(_, energy, price)| (v.get(*energy) * v.get(*price)).eur())
}

/// Money figures that need prices.
const MONEY: [&str; 22] = [
    "cost.systems",
    "cost.capex_computing",
    "cost.capex_total",
    "cost.opex_annual",
    "cost.capex_annuity",
    "cost.lcoc_per_accelerator_hour",
    "cost.lcoc_per_sold_hour",
    "cost.lcoc_per_h100e_hour",
    "cost.computing_per_accelerator",
    "funding.union",
    "funding.states",
    "funding.public",
    "funding.private",
    "funding.debt",
    "funding.equity",
    "funding.public_share",
    "funding.union_share_of_computing",
    "funding.states_to_union",
    "finance.irr_equity",
    "finance.irr_project",
    "finance.dscr_min",
    "finance.revenue_annual",
];

fn nothing(f: &Factory, sheet: &mut Sheet) {
    for id in MONEY {
        sheet.put_some(id, None);
    }
    for run in &f.runs {
        sheet.put_some(&format!("training.{}.cost", run.slug), None);
    }
    for service in &f.services {
        sheet.put_some(&format!("serving.{}.cost_per_million_tokens", service.slug), None);
    }
    for tune in &f.tunes {
        sheet.put_some(&format!("tune.{}.cost", tune.slug), None);
    }
    for group in &f.developments {
        sheet.put_some(&format!("develop.{}.cost", group.slug), None);
    }
}

/// What runs and services cost at the levelised cost of an hour.
fn work(f: &Factory, p: &Physical, per_hour: f64, sheet: &mut Sheet) {
    for (run, done) in f.runs.iter().zip(&p.runs) {
        let cost = done.as_ref().map(|r| r.accelerators * r.wall.hours() * per_hour);
        sheet.put_some(&format!("training.{}.cost", run.slug), cost);
    }
    for (service, served) in f.services.iter().zip(&p.services) {
        let cost = served.as_ref().map(|s| s.chips * per_hour / (s.mean_tokens * 3600.0) * 1e6);
        sheet.put_some(&format!("serving.{}.cost_per_million_tokens", service.slug), cost);
    }
    for tune in &f.tunes {
        let hours = p.tunes.iter().find(|(name, _)| *name == tune.slug).map(|(_, hours)| *hours);
        sheet.put_some(&format!("tune.{}.cost", tune.slug), hours.map(|h| h * per_hour));
    }
    for group in &f.developments {
        let hours = sheet.get(&format!("develop.{}.accelerator_hours", group.slug));
        sheet.put_some(&format!("develop.{}.cost", group.slug), hours.map(|h| h * per_hour));
    }
}

pub(crate) fn form(word: &str) -> PublicForm {
    match word {
        "grant" => PublicForm::CapitalShare,
        "hour purchase" => PublicForm::HourPurchase,
        "hour share" => PublicForm::HourShare,
        "share purchase" => PublicForm::SharePurchase,
        "loan" => PublicForm::Loan,
        _ => PublicForm::None,
    }
}

/// Public money in a form, under the tightest of the file's rule sets.
pub(crate) fn divide(
    f: &Factory,
    v: &Values<'_>,
    capex: &[Capex],
    form: PublicForm,
) -> Result<Funding, String> {
    let tightest = |pick: &dyn Fn(&RuleSet) -> Option<f64>| f.rules.iter().filter_map(pick).reduce(f64::min);
    let ceiling = tightest(&|r| r.union_share_max.map(|s| v.get(s).fraction()));
    let public_max = tightest(&|r| r.public_share_max.map(|s| v.get(s).fraction()));
    let cap = |phase: usize| {
        tightest(&|r| {
            if phase == 0 { r.union_cap_phase_1 } else { r.union_cap_phase_2 } // The call knows two phases: a third gets nothing of its own.
                .map(|m| if phase > 1 { 0.0 } else { v.get(m).eur() })
        })
    };
    let matched =
        f.rules.iter().filter_map(|r| r.states_match_min).map(|s| v.get(s).fraction()).reduce(f64::max);
    // Without a rule that gives public money there is none, whatever form is asked for.
    let form = if ceiling.is_none() && public_max.is_none() { PublicForm::None } else { form };
    // A rule that only caps the public share of the whole investment gives it in the two halves of a matching scheme.
    let whole: f64 = capex.iter().map(|c| c.total.eur()).sum();
    let computing: f64 = capex.iter().map(|c| c.computing.eur()).sum();
    let asked = ceiling.unwrap_or_else(|| public_max.map_or(0.0, |m| (m / 2.0 * whole / computing).min(0.5)));
    let inputs = FundingInputs {
        form,
        union_share: Share::from_fraction(asked),
        union_share_max: Share::from_fraction(asked),
        states_match: matched.unwrap_or(1.0),
        states_available: promised(f, v),
        earlier_support: f.finance.earlier_support.map_or(Money::ZERO, |m| v.get(m)),
        public_share_max: public_max.map(Share::from_fraction),
        phases: capex
            .iter()
            .zip(&f.phases)
            .enumerate()
            .map(|(i, (c, phase))| PhaseFunding {
                computing: c.computing,
                facility: c.total - c.computing,
                union_cap: cap(i).map(Money::from_eur),
                probability: v.get(phase.funded),
            })
            .collect(),
        states: f.states.iter().map(|s| (s.code.clone(), v.get(s.share))).collect(),
    };
    Funding::divide(&inputs).map_err(|e| e.to_string())
}

/// What the States can give together so that each stays within its promise; `None` where none has named one.
fn promised(f: &Factory, v: &Values<'_>) -> Option<Money> {
    f.states
        .iter()
        .filter_map(|s| {
            let share = v.get(s.share).fraction();
            s.commitment.filter(|_| share > 0.0).map(|c| v.get(c) * (1.0 / share))
        })
        .reduce(Money::min)
}

/// Public money in the form that the file asks for.
fn fund(f: &Factory, v: &Values<'_>, capex: &[Capex], sheet: &mut Sheet) -> Result<Funding, String> {
    let funding = divide(f, v, capex, form(&f.finance.public_money))?;
    sheet.put("funding.union", funding.expected.union.eur());
    sheet.put("funding.states", funding.expected.states.eur());
    sheet.put("funding.public", funding.expected.public().eur());
    sheet.put("funding.private", funding.expected.private.eur());
    let total = sheet.at("cost.capex_total");
    sheet.put("funding.public_share", funding.expected.public().eur() / total);
    sheet.put(
        "funding.union_share_of_computing",
        funding.expected.union.eur() / sheet.at("cost.capex_computing"),
    );
    sheet.put_some("funding.states_to_union", funding.states_to_union());
    let running =
        f.rules.iter().filter_map(|r| r.union_share_operation).map(|s| v.get(s).fraction()).reduce(f64::min);
    sheet.put("funding.opex_public_share", running.unwrap_or(0.0));
    sheet.put("finance.access_term", v.get(f.finance.life).s());
    for (code, money) in &funding.states {
        let part = if funding.full.states.eur() > 0.0 { *money / funding.full.states } else { 0.0 };
        sheet.put(&format!("state.{code}.contribution"), funding.expected.states.eur() * part);
    }
    Ok(funding)
}
