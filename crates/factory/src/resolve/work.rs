use gigatwin_catalog::{Kind, ModelShape, Precision, model_shape};
use gigatwin_quantity::{Share, Time};

use super::builder::Builder;
use super::machine::unknown_name;
use crate::check::TableNode;
use crate::diagnostic::Span;
use crate::inputs::{In, Plain, Values};
use crate::language::work as language;
use crate::outcome::slug;
use crate::resolved::{
    Demand, Drafting, Federation, GivenEngine, GivenLayout, GivenPools, Operations, Partition, PoolForm,
    Recurring, Service, TrainingRun,
};

pub(super) fn precision(word: &str) -> Precision {
    match word {
        "fp8" => Precision::Fp8,
        "fp4" => Precision::Fp4,
        _ => Precision::Bf16,
    }
}

/// The partition that a run or service stands on.
pub(super) fn on(
    b: &mut Builder<'_>,
    root: &TableNode,
    node: &TableNode,
    path: &str,
    partitions: &[Partition],
) -> Option<usize> {
    let (name, span) = node.text("on")?;
    b.choice(path, "on", name);
    let wanted = slug(name);
    let found = partitions.iter().position(|p| p.slug == wanted);
    let known = || root.tables("partition").iter().filter_map(|t| t.text("name")).map(|t| t.0);
    // A partition with faults of its own is defined all the same.
    if found.is_none() && !known().any(|n| slug(n) == wanted) {
        unknown_name(b, "partition", name, span, known());
    }
    found
}

pub(super) fn model(b: &mut Builder<'_>, node: &TableNode, path: &str) -> Option<(ModelShape, String)> {
    let (id, span) = node.text("model")?;
    b.choice(path, "model", id);
    let entry = b.entry(Kind::Models, id, span)?;
    match model_shape(&entry) {
        Ok(shape) => Some((shape, entry.name)),
        Err(e) => {
            b.error("G305", span, e.to_string(), "gigatwin catalog check lists all faults");
            None
        }
    }
}

pub(super) fn named(
    b: &mut Builder<'_>,
    node: &TableNode,
    what: &str,
    seen: &mut Vec<String>,
) -> Option<(String, Span)> {
    let (name, span) = node.text("name")?;
    let slug = slug(name);
    if seen.contains(&slug) {
        b.error(
            "G303",
            span,
            format!("there are two {what}s \"{name}\""),
            format!("give each {what} a name of its own"),
        );
        return None;
    }
    seen.push(slug.clone());
    Some((slug, span))
}

pub(super) fn runs(b: &mut Builder<'_>, root: &TableNode, partitions: &[Partition]) -> Vec<TrainingRun> {
    let mut runs: Vec<TrainingRun> = Vec::new();
    let mut seen = Vec::new();
    for node in root.tables("train") {
        let Some((slug, span)) = named(b, node, "training run", &mut seen) else { continue };
        let path = format!("train.{slug}");
        let model = model(b, node, &path);
        let partition = on(b, root, node, &path, partitions);
        let tokens = b.given(node, "tokens", &path);
        let sequence = b.quantity(&language::TRAIN, node, "sequence", &path);
        let batch_tokens = b.quantity(&language::TRAIN, node, "batch", &path);
        let precision = precision(&b.word(&language::TRAIN, node, "precision", &path));
        let share = b.quantity::<Share>(&language::TRAIN, node, "share", &path);
        let layout = node.table("layout").map(|l| layout(b, l, &format!("{path}.layout")));
        let run = (|| {
            let (model, model_name) = model?;
            Some(TrainingRun {
                slug,
                model,
                model_name,
                partition: partition?,
                tokens,
                sequence: sequence?,
                batch_tokens: batch_tokens?,
                precision,
                share: share?,
                layout,
            })
        })();
        if let Some(run) = run {
            if let Some(l) = &run.layout {
                fits(b, &run, l, partitions, node.table("layout").map_or(span, |t| t.span));
            }
            runs.push(run);
        }
    }
    for (i, partition) in partitions.iter().enumerate() {
        let sum = super::base_sum(b, runs.iter().filter(|r| r.partition == i).map(|r| r.share));
        let several = runs.iter().filter(|r| r.partition == i).count() > 1;
        if several && sum > 1.0 + 1e-9 {
            let node = root
                .tables("train")
                .iter()
                .rev()
                .find(|n| n.text("on").is_some_and(|o| slug(o.0) == partition.slug));
            let span = node.map_or(root.span, |n| n.span_of("share"));
            let message =
                format!("training runs on partition \"{}\" take {:.0} % of it", partition.slug, 100.0 * sum);
            b.error("G401", span, message, "give each run a share; together at most 100 %");
        }
    }
    runs
}

fn layout(b: &mut Builder<'_>, node: &TableNode, path: &str) -> GivenLayout {
    let mut whole = |key: &str| b.whole(&language::LAYOUT, node, key, path);
    let (tp, cp, pp, vpp, ep) = (whole("tp"), whole("cp"), whole("pp"), whole("vpp"), whole("ep"));
    let (micro_batch, zero) = (whole("micro_batch"), whole("zero"));
    let dp = node.whole("dp");
    if let Some(dp) = dp {
        b.choice(path, "dp", &dp.to_string());
    }
    let recompute = b.word(&language::LAYOUT, node, "recompute", path);
    GivenLayout { tp, cp, pp, vpp, ep, dp, micro_batch, recompute, zero }
}

/// A layout that needs more accelerators than its partition has contradicts the file.
fn fits(b: &mut Builder<'_>, run: &TrainingRun, layout: &GivenLayout, partitions: &[Partition], span: Span) {
    let Some(partition) = partitions.get(run.partition) else { return };
    let base = b.inputs.base();
    let values = crate::inputs::Values::new(&b.inputs, &base);
    let accelerators =
        crate::evaluate::machine::units(partition, &values) * values.number(partition.per_unit);
    let wanted = f64::from(layout.tp)
        * f64::from(layout.cp)
        * f64::from(layout.pp)
        * f64::from(layout.dp.unwrap_or(1));
    if wanted > accelerators {
        let message = format!(
            "the layout wants {wanted:.0} accelerators, partition \"{}\" has {accelerators:.0}",
            partition.slug
        );
        b.error("G403", span, message, "tp × cp × pp × dp must not exceed the partition");
    }
}

pub(super) fn services(b: &mut Builder<'_>, root: &TableNode, partitions: &[Partition]) -> Vec<Service> {
    let mut services = Vec::new();
    let mut seen = Vec::new();
    let empty = TableNode::default();
    for node in root.tables("serve") {
        let Some((slug, span)) = named(b, node, "service", &mut seen) else { continue };
        let path = format!("serve.{slug}");
        let model = model(b, node, &path);
        let partition = on(b, root, node, &path, partitions);
        let precision = precision(&b.word(&language::SERVE, node, "precision", &path));
        let demand_node = node.table("demand").unwrap_or(&empty);
        let demand_path = format!("{path}.demand");
        let demand = demand(b, demand_node, &demand_path, span, node.table("demand").is_some());
        let prompt = b.given(demand_node, "prompt", &demand_path);
        let answer = b.given(demand_node, "answer", &demand_path);
        let peak = b.quantity(&language::DEMAND, demand_node, "peak", &demand_path);
        let objective = node.table("objective").unwrap_or(&empty);
        let objective_path = format!("{path}.objective");
        let ttft = b.quantity(&language::OBJECTIVE, objective, "ttft_p99", &objective_path);
        let tpot = b.quantity(&language::OBJECTIVE, objective, "tpot_p99", &objective_path);
        let day = b.word(&language::DEMAND, demand_node, "day", &demand_path);
        let engine = engine(b, node.table("engine").unwrap_or(&empty), &format!("{path}.engine"), prompt);
        let pools = pools(b, node.table("pools").unwrap_or(&empty), &format!("{path}.pools"));
        let service = (|| {
            let (model, model_name) = model?;
            Some(Service {
                slug,
                model,
                model_name,
                partition: partition?,
                precision,
                demand: demand?,
                prompt: prompt?,
                answer: answer?,
                peak: peak?,
                ttft: ttft?,
                tpot: tpot?,
                engine: engine?,
                day,
                pools: pools?,
            })
        })();
        services.extend(service);
    }
    services
}

fn engine(
    b: &mut Builder<'_>,
    node: &TableNode,
    path: &str,
    prompt: Option<In<Plain>>,
) -> Option<GivenEngine> {
    let prefix_hit = b.given(node, "prefix_hit", path);
    let chunk = b.given(node, "chunk", path);
    let tokens = b.whole(&language::ENGINE, node, "draft_tokens", path);
    let drafting = if tokens > 0 {
        let acceptance = b.quantity(&language::ENGINE, node, "draft_acceptance", path);
        let cost = b.quantity(&language::ENGINE, node, "draft_cost", path);
        let scatter = b.quantity(&language::ENGINE, node, "draft_scatter", path);
        Some(Drafting { tokens, acceptance: acceptance?, cost: cost?, scatter: scatter? })
    } else {
        None
    };
    let groups = b.whole(&language::ENGINE, node, "prefix_groups", path);
    let shared_prefix = b.given(node, "shared_prefix", path).map(|tokens| (tokens, groups));
    let given = GivenEngine { prefix_hit, chunk, drafting, shared_prefix };
    makes_sense(b, node, &given, prompt).then_some(given)
}

/// Settings that contradict each other or the prompts, every range at its mode.
fn makes_sense(
    b: &mut Builder<'_>,
    node: &TableNode,
    given: &GivenEngine,
    prompt: Option<In<Plain>>,
) -> bool {
    let base = b.inputs.base();
    let mut faults: Vec<(&'static str, &str, String, &str)> = Vec::new();
    {
        let v = crate::inputs::Values::new(&b.inputs, &base);
        if let (Some((tokens, _)), Some(prompt)) = (given.shared_prefix, prompt) {
            let (tokens, prompt) = (v.number(tokens), v.number(prompt));
            if tokens > prompt {
                let message =
                    format!("prompts share {tokens:.0} tokens, but the mean prompt has {prompt:.0}");
                faults.push(("G674", "shared_prefix", message, "share at most the mean prompt"));
            }
        }
        if let Some(d) = &given.drafting {
            let (mean, scatter) = (v.get(d.acceptance).fraction(), v.get(d.scatter).fraction());
            let most = 0.95 * (mean * (1.0 - mean)).max(0.0).sqrt();
            if scatter > most {
                let message = format!(
                    "an acceptance of {:.0} % on average cannot scatter by {:.0} %: at most by {:.0} %",
                    100.0 * mean,
                    100.0 * scatter,
                    100.0 * most
                );
                faults.push(("G675", "draft_scatter", message, "give a smaller draft_scatter"));
            }
        }
    }
    let fine = faults.is_empty();
    for (code, key, message, hint) in faults {
        b.error(code, node.span_of(key), message, hint);
    }
    fine
}

fn pools(b: &mut Builder<'_>, node: &TableNode, path: &str) -> Option<GivenPools> {
    let form = match b.word(&language::POOLS, node, "form", path).as_str() {
        "separate" => PoolForm::Separate,
        "together" => PoolForm::Together,
        _ => PoolForm::Best,
    };
    let (prefill, decode) = (node.whole("prefill"), node.whole("decode"));
    for (key, n) in [("prefill", prefill), ("decode", decode)] {
        if let Some(n) = n {
            b.choice(path, key, &n.to_string());
        }
    }
    let ratio = match (prefill, decode) {
        (Some(prefill), Some(decode)) => Some(gigatwin_serving::Ratio { prefill, decode }),
        (None, None) => None,
        (one, _) => {
            let key = if one.is_some() { "prefill" } else { "decode" };
            let message = "a ratio of pools needs both prefill and decode";
            b.error(
                "G673",
                node.span_of(key),
                message,
                "give both, such as prefill = 2, decode = 3, or neither",
            );
            return None;
        }
    };
    if ratio.is_some() && form == PoolForm::Together {
        let message = "replicas that do both have no ratio of pools";
        b.error(
            "G673",
            node.span_of("prefill"),
            message,
            "form = \"separate\", or leave prefill and decode out",
        );
        return None;
    }
    Some(GivenPools { form, ratio })
}

fn demand(b: &mut Builder<'_>, node: &TableNode, path: &str, span: Span, given: bool) -> Option<Demand> {
    let users = b.given(node, "users", path);
    let each = b.given(node, "requests_per_user_day", path);
    let per_day = b.given(node, "requests_per_day", path);
    let tokens = b.given(node, "tokens_per_day", path);
    match (users, each, per_day, tokens) {
        (Some(users), Some(requests_per_user_day), None, None) => {
            Some(Demand::Users { users, requests_per_user_day })
        }
        (None, None, Some(per_day), None) => Some(Demand::PerDay(per_day)),
        (None, None, None, Some(tokens)) => Some(Demand::Tokens(tokens)),
        _ => {
            if given {
                let message = "demand needs one of users with requests_per_user_day, requests_per_day, and tokens_per_day";
                let at = if node.span == Span::default() { span } else { node.span };
                b.error("G105", at, message, "give exactly one of the three");
            }
            None
        }
    }
}

pub(super) fn operations(b: &mut Builder<'_>, node: &TableNode) -> Option<Operations> {
    let utilisation = b.quantity(&language::OPERATIONS, node, "utilisation", "operations");
    let node_failure_rate = b.quantity(&language::OPERATIONS, node, "node_failure_rate", "operations");
    let repair = b.quantity(&language::OPERATIONS, node, "repair", "operations");
    let maintenance: Option<In<Share>> = b.quantity(&language::OPERATIONS, node, "maintenance", "operations");
    let window = node.table("window").and_then(|w| recurring(b, w, "operations.window"));
    if let (Some(w), Some(share)) = (&window, maintenance)
        && node.quantity("maintenance").is_some()
        && let Some(every) = w.every
    {
        let base = b.inputs.base();
        let values = Values::new(&b.inputs, &base);
        let (said, drawn) = (values.get(share).fraction(), values.get(w.length).s() / values.get(every).s());
        if (said - drawn).abs() > 0.1 * said.max(drawn) {
            let message = format!(
                "operations.window takes {:.1} % of the time, operations.maintenance {:.1} %",
                100.0 * drawn,
                100.0 * said
            );
            let hint = format!(
                "run counts with the share, operate with the window: write maintenance = \"{:.1} %\"",
                100.0 * drawn
            );
            b.error("G665", node.span_of("maintenance"), message, hint);
        }
    }
    Some(Operations {
        window,
        utilisation: utilisation?,
        node_failure_rate: node_failure_rate?,
        repair: repair?,
        maintenance: maintenance?,
    })
}

/// A span that comes again and again: longer than nothing, and shorter than the time from one to the next.
pub(super) fn recurring(b: &mut Builder<'_>, node: &TableNode, path: &str) -> Option<Recurring> {
    let length = b.given::<Time>(node, "length", path)?;
    let every = b.given::<Time>(node, "every", path);
    let first = b.given::<Time>(node, "first", path);
    let base = b.inputs.base();
    let values = Values::new(&b.inputs, &base);
    let (span, period) = (values.get(length).s(), every.map(|e| values.get(e).s()));
    let start = first.map(|f| values.get(f).s());
    let hours = |s: f64| s / 3_600.0;
    if span <= 0.0 {
        let message = format!("{path} lasts {:.1} h", hours(span));
        b.error("G665", node.span_of("length"), message, "give a length above zero");
        return None;
    }
    if let Some(period) = period
        && period <= span
    {
        let message = format!("{path} comes every {:.1} h and lasts {:.1} h", hours(period), hours(span));
        b.error(
            "G665",
            node.span_of("every"),
            message,
            "the time from one to the next must be longer than one lasts",
        );
        return None;
    }
    if start.is_some_and(|s| s < 0.0) {
        b.error(
            "G665",
            node.span_of("first"),
            format!("{path} begins before the run"),
            "count from its start",
        );
        return None;
    }
    Some(Recurring { length, every, first })
}

/// Other sites and the rule between them.
pub(super) fn federation(b: &mut Builder<'_>, node: &TableNode) -> Option<Federation> {
    let mut sites = Vec::new();
    for (id, span) in node.texts("sites") {
        match b.catalog.entry(Kind::AiFactories, id) {
            Ok(entry) => {
                b.entries.insert((Kind::AiFactories, entry.id.clone()));
                sites.push(entry.id);
            }
            Err(e) => b.catalog_error(&e, *span),
        }
    }
    let routing = b.word(&language::FEDERATION, node, "routing", "federation");
    b.choice("federation", "sites", &sites.join(" "));
    (!sites.is_empty()).then_some(Federation { sites, routing })
}
