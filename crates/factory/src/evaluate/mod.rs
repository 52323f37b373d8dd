//! From a resolved factory and one vector of values to the figures: file → machine → fabric → training and serving →
//! operations → facility → energy → finance → programme gates.

pub(crate) mod adapt;
pub(crate) mod cash;
pub(crate) mod gates;
pub(crate) mod hours;
pub(crate) mod machine;
pub(crate) mod money;
pub(crate) mod network;
pub(crate) mod schedule;
pub(crate) mod serve;
pub(crate) mod sheet;
pub(crate) mod site;
pub(crate) mod train;
pub(crate) mod uses;

use gigatwin_serving::site::{SiteDay, SiteInputs};

use crate::inputs::Values;
use crate::outcome::Infeasible;
use crate::resolved::Factory;
use gates::Judged;
use machine::Machine;
use network::Networks;
use serve::{Served, ServicePlan};
use sheet::Sheet;
use train::{Run, RunPlan};

/// What the planners chose in the base case; a draw varies the figures, not the choices.
#[derive(Debug, Clone)]
pub(crate) struct Plans {
    pub runs: Vec<RunPlan>,
    pub services: Vec<ServicePlan>,
    pub tunes: Vec<adapt::TunePlan>,
}

/// The part of a draw that prices, costs and utilisation do not touch.
#[derive(Debug, Clone)]
pub(crate) struct Physical {
    pub machines: Vec<Machine>,
    pub networks: Networks,
    pub runs: Vec<Option<Run>>,
    pub services: Vec<Option<Served>>,
    /// Fine-tuning: name and accelerator-hours of a job.
    pub tunes: Vec<(String, f64)>,
    /// The day of the site; absent where the machine is.
    pub day: Option<(SiteInputs, SiteDay)>,
    pub sheet: Sheet,
    pub infeasible: Vec<Infeasible>,
}

/// Everything that one draw says.
#[derive(Debug, Clone)]
pub(crate) struct Evaluation {
    pub sheet: Sheet,
    pub gates: Vec<Judged>,
    pub infeasible: Vec<Infeasible>,
    pub notes: Vec<(String, String)>,
}

/// Lets the planners choose layouts and deployments in the base case.
pub(crate) fn plan(f: &Factory, v: &Values<'_>) -> Plans {
    let mut sheet = Sheet::default();
    let machines = match machine::evaluate(f, v, &mut sheet) {
        Ok(machines) => machines,
        Err(reason) => {
            return Plans {
                runs: f.runs.iter().map(|_| RunPlan::Infeasible(reason.clone())).collect(),
                services: f.services.iter().map(|_| ServicePlan::Infeasible(reason.clone())).collect(),
                tunes: adapt::no_plans(f, &reason),
            };
        }
    };
    let networks = network::evaluate(f, v, &machines, &mut sheet);
    Plans {
        runs: train::plans(f, v, &machines, &networks),
        services: serve::plans(f, v, &machines, &networks),
        tunes: adapt::plans(f, v, &machines, &networks),
    }
}

/// Machine, networks, training and serving.
pub(crate) fn physical(f: &Factory, v: &Values<'_>, plans: &Plans) -> Physical {
    let mut sheet = Sheet::default();
    let mut infeasible = Vec::new();
    let machines = match machine::evaluate(f, v, &mut sheet) {
        Ok(machines) => machines,
        Err(reason) => {
            infeasible.push(Infeasible { what: "site".to_owned(), reason });
            sheet.put_some("site.accelerators", None);
            Vec::new()
        }
    };
    if machines.is_empty() {
        let networks = Networks::default();
        return Physical {
            machines,
            networks,
            runs: Vec::new(),
            services: Vec::new(),
            tunes: Vec::new(),
            day: None,
            sheet,
            infeasible,
        };
    }
    let networks = network::evaluate(f, v, &machines, &mut sheet);
    infeasible.extend(networks.infeasible.iter().cloned());
    let runs = train::evaluate(f, v, &machines, &networks, &plans.runs, &mut sheet, &mut infeasible);
    let services =
        serve::evaluate(f, v, &machines, &networks, &plans.services, &runs, &mut sheet, &mut infeasible);
    let (inputs, day) = adapt::evaluate(
        f,
        v,
        &machines,
        &networks,
        &runs,
        &services,
        &plans.services,
        &plans.tunes,
        &mut sheet,
        &mut infeasible,
    );
    let tunes =
        inputs.tunes.iter().zip(&day.tunes).map(|(t, d)| (t.name.clone(), d.job.chip_hours)).collect();
    Physical { machines, networks, runs, services, tunes, day: Some((inputs, day)), sheet, infeasible }
}

/// Operations, facility, energy, finance and gates on top of the physical part.
pub(crate) fn finish(f: &Factory, v: &Values<'_>, physical: &Physical, words: bool) -> Evaluation {
    let mut e = Evaluation {
        sheet: physical.sheet.clone(),
        gates: Vec::new(),
        infeasible: physical.infeasible.clone(),
        notes: if words { physical.networks.notes.clone() } else { Vec::new() },
    };
    if physical.machines.is_empty() {
        return e;
    }
    let fail = |e: &mut Evaluation, what: &str, reason: String| {
        e.infeasible.push(Infeasible { what: what.to_owned(), reason });
    };
    let mut hours = match hours::available(f, v, &physical.machines, &mut e.sheet) {
        Ok(hours) => hours,
        Err(reason) => {
            fail(&mut e, "operations", reason);
            return e;
        }
    };
    let openings = match schedule::evaluate(f, v, &mut e.sheet) {
        Ok(openings) => openings,
        Err(reason) => {
            fail(&mut e, "schedule", reason);
            return e;
        }
    };
    e.notes.push(("schedule.critical".to_owned(), openings.critical.clone()));
    match site::evaluate(f, v, physical, hours.running(), &mut e.sheet) {
        Ok(year) => {
            energy_of_work(f, v, physical, &year, &mut e.sheet);
            match money::evaluate(f, v, physical, &year, &hours, &mut e.sheet) {
                Ok(Some(bill)) => {
                    uses::put(f, v, physical, hours.running(), &mut e.sheet);
                    if let Err(reason) = hours::divide(f, v, &mut hours, Some(&bill.funding), &mut e.sheet) {
                        fail(&mut e, "tenants", reason);
                    }
                    match cash::evaluate(f, v, physical, &bill, &hours, &openings, &mut e.sheet) {
                        Ok(note) => {
                            if note.starts_with("debt cannot") {
                                fail(&mut e, "finance.debt", note.clone());
                            }
                            e.notes.push(("finance.debt".to_owned(), note));
                        }
                        Err(reason) => fail(&mut e, "finance", reason),
                    }
                }
                Ok(None) => {
                    uses::put(f, v, physical, hours.running(), &mut e.sheet);
                    if let Err(reason) = hours::divide(f, v, &mut hours, None, &mut e.sheet) {
                        fail(&mut e, "tenants", reason);
                    }
                }
                Err(reason) => fail(&mut e, "finance", reason),
            }
        }
        Err(reason) => fail(&mut e, "energy", reason),
    }
    e.gates = gates::evaluate(f, &e.sheet, words);
    e
}

/// Energy and emissions of runs and services: their accelerators' share of the racks' power, with the site's overhead.
fn energy_of_work(f: &Factory, v: &Values<'_>, p: &Physical, year: &site::SiteYear, sheet: &mut Sheet) {
    let carbon = v.get(f.energy.carbon_intensity);
    let per_joule = gigatwin_quantity::Quantity::base(carbon);
    let common = p.networks.power + p.networks.storage_power;
    let all: f64 = p.machines.iter().map(|m| m.accelerators).sum();
    for (run, done) in f.runs.iter().zip(&p.runs) {
        let id = |key: &str| format!("training.{}.{key}", run.slug);
        let joules = done.as_ref().and_then(|r| {
            let machine = &p.machines[run.partition];
            let power = machine::power(machine, train::mix(r)).ok()?;
            let it =
                power.mean.w() * r.accelerators / machine.accelerators + common.w() * r.accelerators / all;
            Some(it * r.wall.s() * year.pue)
        });
        sheet.put_some(&id("energy"), joules);
        sheet.put_some(&id("carbon"), joules.map(|j| j * per_joule));
    }
    for (service, served) in f.services.iter().zip(&p.services) {
        let joules = served.as_ref().and_then(|s| {
            let machine = &p.machines[service.partition];
            let power = machine::power(machine, serve::mix(s)).ok()?;
            let it = power.mean.w() * s.chips / machine.accelerators + common.w() * s.chips / all;
            Some(it * year.pue / s.mean_tokens)
        });
        sheet.put_some(&format!("serving.{}.energy_per_token", service.slug), joules);
    }
    // Accelerator-hours of a day in the states of training, decoding and waiting.
    let day = |partition: usize, hours: Option<f64>, [train, decode]: [f64; 2]| {
        let machine = &p.machines[partition];
        let power = machine::power(machine, adapt::mix(train, decode)).ok()?;
        let each = power.mean.w() / machine.accelerators + common.w() / all;
        Some(each * hours? * 3600.0 * year.pue)
    };
    for t in &f.tunes {
        let at = |key: &str| sheet.get(&format!("tune.{}.{key}", t.slug));
        let rollout = at("rollout").unwrap_or(0.0);
        let joules = day(t.partition, at("accelerator_hours"), [1.0 - rollout, rollout]);
        sheet.put_some(&format!("tune.{}.energy", t.slug), joules);
    }
    for d in &f.developments {
        let at = |key: &str| sheet.get(&format!("develop.{}.{key}", d.slug));
        let busy = at("busy").unwrap_or(0.0);
        let joules = day(d.partition, at("accelerator_hours"), [busy, 0.0]);
        sheet.put_some(&format!("develop.{}.energy", d.slug), joules);
    }
}
