//! Which run is meant: one of a factory file, or a model on a system, which becomes a small factory of its own.

use gigatwin_catalog::{Catalog, Precision};
use gigatwin_factory::diagnostic::Sources;
use gigatwin_factory::outcome::{Stamp, slug};
use gigatwin_factory::training::{TrainingTask, runs_on, training_tasks};
use gigatwin_factory::{Factory, load};
use gigatwin_quantity::{Dim, parse};
use gigatwin_training::{Layout, LayoutError, Placement, Recompute, Schedule, Zero, nearest_valid};

use crate::args::training::{Again, Order, Seating, Sizes, Target};
use crate::context::Context;
use crate::diagnostics::{self, Finding};
use crate::exit::Fault;
use crate::files;

/// Name of the options in diagnostics and headers.
const OPTIONS: &str = "<options>";

/// A run that can be looked at.
pub struct Chosen {
    /// The factory around it.
    pub factory: Factory,
    /// Whether it is a site of the user's: its prices mean something.
    pub own_site: bool,
    /// The run.
    pub task: TrainingTask,
    /// What makes answers comparable.
    pub stamp: Stamp,
    /// Name of the file, or of the options.
    pub source: String,
}

fn fault(code: &'static str, message: impl Into<String>, hint: impl Into<String>) -> Fault {
    Fault::NotUnderstood { code, message: message.into(), hint: hint.into(), file: None }
}

/// Finds the run. `None` where faults of the file, of the options or of the layout in `sizes` have been reported.
///
/// # Errors
/// Where the options name no run, or a file is out of reach.
pub fn choose(context: &Context, target: &Target, sizes: Option<&Sizes>) -> Result<Option<Chosen>, Fault> {
    choose_on(context, target, None, sizes)
}

/// Finds the run, among those on one partition where it is given. `None` where faults of the file have been reported.
///
/// # Errors
/// Where the options name no run, or a file is out of reach.
pub fn choose_on(
    context: &Context,
    target: &Target,
    partition: Option<&str>,
    sizes: Option<&Sizes>,
) -> Result<Option<Chosen>, Fault> {
    let catalog = context.catalog()?;
    let (factory, source) = match &target.file {
        Some(path) => match context.usable(path, &catalog)? {
            Some(usable) => (usable.factory, path.display().to_string()),
            None => return Ok(None),
        },
        None => match synthetic(context, target, &catalog)? {
            Some(factory) => (factory, OPTIONS.to_owned()),
            None => return Ok(None),
        },
    };
    let mut tasks = training_tasks(&factory)
        .map_err(|reason| fault("G520", format!("{source}: {reason}"), "gigatwin run says more"))?;
    if let Some(partition) = partition {
        let there = runs_on(&factory, &slug(partition));
        let all: Vec<String> = tasks.iter().map(|t| t.name.clone()).collect();
        tasks.retain(|t| there.contains(&t.name));
        if tasks.is_empty() {
            return Err(fault(
                "G302",
                format!("{source} has no training run on a partition \"{partition}\""),
                format!("--run, one of: {}", all.join(", ")),
            ));
        }
    }
    let mut task = pick(tasks, target, &source)?;
    let stamp = Stamp {
        version: env!("CARGO_PKG_VERSION"),
        seed: context.seed,
        inputs_sha256: factory.sha256.clone(),
    };
    if let Some(mut text) = change(&mut task, target)? {
        // The layout's faults too; batch and sequence of zero have been told.
        if let Some(Err(more)) = sizes.map(|s| given_layout(&task, s)) {
            let told = |f: &Finding| {
                f.message.contains("the global batch must") || f.message.contains("the sequence must")
            };
            text.extend(more.into_iter().filter(|f| !told(f)));
        }
        diagnostics::findings(context, Some(&source), &text)?;
        return Ok(None);
    }
    Ok(Some(Chosen { own_site: target.file.is_some(), factory, task, stamp, source }))
}

fn pick(tasks: Vec<TrainingTask>, target: &Target, source: &str) -> Result<TrainingTask, Fault> {
    let names: Vec<String> = tasks.iter().map(|t| t.name.clone()).collect();
    let list = names.join(", ");
    let mut tasks = tasks;
    match &target.run {
        Some(wanted) => match tasks.iter().position(|t| t.name == slug(wanted)) {
            Some(i) => Ok(tasks.swap_remove(i)),
            None => Err(fault(
                "G302",
                format!("{source} has no training run \"{wanted}\""),
                if list.is_empty() { "it has none at all".to_owned() } else { format!("it has: {list}") },
            )),
        },
        None if tasks.len() == 1 => Ok(tasks.swap_remove(0)),
        None if tasks.is_empty() => {
            Err(fault("G520", format!("{source} has no training run"), "give it a [[train]] table"))
        }
        None => Err(fault(
            "G520",
            format!("{source} has several training runs"),
            format!("--run, one of: {list}"),
        )),
    }
}

/// A small factory around a model and a system. Place and prices are those of Frankfurt; only what depends on neither is shown.
fn synthetic(context: &Context, target: &Target, catalog: &Catalog) -> Result<Option<Factory>, Fault> {
    let (Some(model), Some(system), Some(chips)) = (&target.model, &target.system, target.chips) else {
        let missing: Vec<&str> = [
            ("--model", target.model.is_none()),
            ("--system", target.system.is_none()),
            ("--chips", target.chips.is_none()),
        ]
        .iter()
        .filter(|m| m.1)
        .map(|m| m.0)
        .collect();
        return Err(fault(
            "G520",
            format!("no factory file, and {} not given", missing.join(", ")),
            "give a factory file, or --model, --system and --chips",
        ));
    };
    let quote = |text: &str| format!("{text:?}");
    let text = format!(
        "format = 1\n[factory]\nname = \"options\"\ncountry = \"DE\"\n[site]\nplace = \"frankfurt\"\ngrid = {{ firm = \"1000 MW\" }}\n\
         [[partition]]\nname = \"partition\"\nsystem = {}\naccelerators = {}\n\
         [[train]]\nname = \"run\"\nmodel = {}\non = \"partition\"\n",
        quote(system),
        chips.max(1),
        quote(model),
    );
    let mut loaded = load(OPTIONS, text.into_bytes(), &files::extended, catalog);
    match loaded.factory.take() {
        Some(factory) => Ok(Some(factory)),
        None => {
            report_options(context, &loaded.sources, &loaded.diagnostics)?;
            Ok(None)
        }
    }
}

fn report_options(
    context: &Context,
    sources: &Sources,
    list: &[gigatwin_factory::diagnostic::Diagnostic],
) -> Result<(), Fault> {
    // The text is ours; a place in it would mean nothing to the reader.
    let _ = sources;
    let findings: Vec<Finding> = list
        .iter()
        .map(|d| Finding { code: d.code, message: d.message.clone(), hint: d.hint.clone() })
        .collect();
    diagnostics::findings(context, None, &findings)
}

fn none_of(what: &str) -> Finding {
    Finding {
        code: "G521",
        message: format!("{what} must be at least one"),
        hint: "give a number above zero".to_owned(),
    }
}

/// Puts the options of the command line in. Gives what is wrong with them, if anything.
fn change(task: &mut TrainingTask, target: &Target) -> Result<Option<Vec<Finding>>, Fault> {
    let mut wrong = Vec::new();
    if let Some(n) = target.chips {
        if n == 0 {
            wrong.push(none_of("--chips"));
        }
        if target.file.is_some() && n > task.chips {
            wrong.push(Finding {
                code: "G522",
                message: format!("--chips {n} is more than the run has ({})", task.chips),
                hint: format!("at most {}", task.chips),
            });
        }
        task.chips = n;
    }
    if let Some(n) = target.seq {
        if n == 0 {
            wrong.push(none_of("--seq"));
        }
        if target.batch.is_none() && n > 0 {
            // The batch in tokens stays.
            let tokens = f64::from(task.global_batch) * f64::from(task.sequence);
            task.global_batch = (tokens / f64::from(n)).round().max(1.0) as u32;
        }
        task.sequence = n;
        task.layout = None;
    }
    if let Some(n) = target.batch {
        if n == 0 {
            wrong.push(none_of("--batch"));
        }
        task.global_batch = n;
        task.layout = None;
    }
    if let Some(word) = &target.precision {
        match word.as_str() {
            "bf16" => task.precision = Precision::Bf16,
            "fp8" => task.precision = Precision::Fp8,
            "fp4" => task.precision = Precision::Fp4,
            _ => wrong.push(Finding {
                code: "G104",
                message: format!("--precision: there is no number format \"{word}\""),
                hint: "one of: bf16, fp8, fp4".to_owned(),
            }),
        }
        if let Some(l) = &mut task.layout {
            l.precision = task.precision;
        }
    }
    let has = match task.precision {
        Precision::Bf16 => true,
        Precision::Fp8 => task.chip.fp8.is_some(),
        Precision::Fp4 => task.chip.fp4.is_some(),
    };
    if !has {
        let best = if task.chip.fp8.is_some() { "fp8" } else { "bf16" };
        wrong.push(Finding {
            code: "G526",
            message: format!("{} has no {} matrix units", task.chip_id, precision_word(task.precision)),
            hint: format!("its narrowest format is {best}"),
        });
    }
    if let Some(text) = &target.tokens {
        match parse(text, Dim::Count) {
            Ok(m) if m.value >= 1.0 => {
                task.tokens = m.value;
                task.tokens_given = true;
            }
            Ok(_) => wrong.push(Finding {
                code: "G527",
                message: "a run needs at least one token".to_owned(),
                hint: "--tokens 15T, or leave it out for twenty per active parameter".to_owned(),
            }),
            Err(e) => wrong.push(Finding {
                code: "G201",
                message: format!("--tokens: {e}"),
                hint: "such as 15T or 300bn".to_owned(),
            }),
        }
    }
    Ok((!wrong.is_empty()).then_some(wrong))
}

/// The format's name.
pub fn precision_word(p: Precision) -> &'static str {
    match p {
        Precision::Bf16 => "bf16",
        Precision::Fp8 => "fp8",
        Precision::Fp4 => "fp4",
    }
}

/// The layout of options, else of the file. `Ok(None)`: neither says one.
///
/// # Errors
/// All rules it breaks, each with its code and the nearest valid layout.
pub fn given_layout(task: &TrainingTask, sizes: &Sizes) -> Result<Option<Layout>, Vec<Finding>> {
    let layout = if sizes.any() {
        from_sizes(task, sizes)
    } else {
        match task.layout {
            Some(l) => l,
            None => return Ok(None),
        }
    };
    let faults = faults(task, &layout, sizes.any() && sizes.dp.is_none());
    if faults.is_empty() { Ok(Some(layout)) } else { Err(faults) }
}

fn from_sizes(task: &TrainingTask, s: &Sizes) -> Layout {
    let one = |n: Option<u32>| n.unwrap_or(1);
    let (tp, cp, pp) = (one(s.tp), one(s.cp), one(s.pp));
    let block = u64::from(tp) * u64::from(cp) * u64::from(pp);
    let dp = s.dp.unwrap_or_else(|| u32::try_from(u64::from(task.chips) / block.max(1)).unwrap_or(0).max(1));
    Layout {
        tp,
        cp,
        pp,
        vpp: one(s.vpp),
        ep: one(s.ep),
        etp: s.etp,
        dp,
        micro_batch: one(s.micro_batch),
        recompute: match s.recompute {
            None | Some(Again::Selective) => Recompute::Selective,
            Some(Again::None) => Recompute::None,
            Some(Again::Full) => Recompute::Full,
        },
        zero: match s.zero {
            Some(0) => Zero::Replicated,
            None | Some(1) => Zero::Optimizer,
            Some(2) => Zero::Gradients,
            Some(_) => Zero::Weights,
        },
        schedule: match s.schedule {
            None | Some(Order::OneForwardOneBackward) => Schedule::OneForwardOneBackward,
            Some(Order::ZeroBubble) => Schedule::ZeroBubble,
            Some(Order::DualPipe) => Schedule::DualPipe,
        },
        placement: match s.placement {
            None | Some(Seating::ContextDataPipeline) => Placement::ContextDataPipeline,
            Some(Seating::ContextPipelineData) => Placement::ContextPipelineData,
            Some(Seating::PipelineContextData) => Placement::PipelineContextData,
            Some(Seating::DataPipelineContext) => Placement::DataPipelineContext,
            Some(Seating::DataContextPipeline) => Placement::DataContextPipeline,
            Some(Seating::PipelineDataContext) => Placement::PipelineDataContext,
        },
        sequence_parallel: tp > 1,
        ..Layout::single(task.global_batch, task.sequence, task.precision)
    }
}

/// Every rule a layout breaks on a run's accelerators; the first finding carries the nearest valid layout.
fn faults(task: &TrainingTask, l: &Layout, fill: bool) -> Vec<Finding> {
    let used = u32::try_from(l.chips()).unwrap_or(u32::MAX);
    let mut list: Vec<(&'static str, String)> = Vec::new();
    if l.chips() > u64::from(task.chips) {
        let text = format!(
            "the layout uses {} accelerators (tensor {} × context {} × pipeline {} × data {}), the run has {}",
            l.chips(),
            l.tp,
            l.cp,
            l.pp,
            l.dp,
            task.chips
        );
        list.push(("G522", text));
    }
    for fault in l.faults(&task.model, used) {
        let code = match &fault {
            LayoutError::Zero(_) => "G521",
            LayoutError::WorldSize { .. } => "G522",
            LayoutError::NotDivisible { what, .. } if what.starts_with("expert") => "G525",
            LayoutError::NotDivisible { by_what, .. } if by_what.starts_with("expert") => "G525",
            LayoutError::NotDivisible { .. } => "G523",
            LayoutError::TooFewLayers { .. } | LayoutError::InterleavingWithoutPipeline { .. } => "G524",
            LayoutError::NoExperts(_) => "G525",
        };
        list.push((code, fault.to_string()));
    }
    if list.is_empty() {
        return Vec::new();
    }
    let hint = nearest_valid(&task.model, task.chips, l, fill).map_or_else(
        || "no layout near it is valid: gigatwin training plan finds one".to_owned(),
        |n| format!("the nearest valid layout is {}", options_of(&n, l)),
    );
    list.into_iter()
        .enumerate()
        .map(|(i, (code, message))| Finding {
            code,
            message,
            hint: if i == 0 { hint.clone() } else { String::new() },
        })
        .collect()
}

/// A layout as options: those that differ from another, or all sizes above one.
fn options_of(l: &Layout, from: &Layout) -> String {
    let mut out = Vec::new();
    for (name, a, b) in [
        ("tp", l.tp, from.tp),
        ("cp", l.cp, from.cp),
        ("pp", l.pp, from.pp),
        ("vpp", l.vpp, from.vpp),
        ("ep", l.ep, from.ep),
        ("etp", l.expert_tp(), from.expert_tp()),
        ("dp", l.dp, from.dp),
        ("micro-batch", l.micro_batch, from.micro_batch),
        ("batch", l.global_batch, from.global_batch),
    ] {
        if a != b || a > 1 && name != "batch" {
            out.push(format!("--{name} {a}"));
        }
    }
    if out.is_empty() { "--tp 1".to_owned() } else { out.join(" ") }
}
