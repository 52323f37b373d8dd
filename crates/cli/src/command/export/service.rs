//! Exports of a service.

use gigatwin_export::{ExportError, ExportFile, PoolRole, ServiceExport};
use gigatwin_factory::outcome::Stamp;
use gigatwin_factory::{ServiceForm, site_services};
use gigatwin_serving::Deployment;
use serde_json::json;

use super::deliver;
use crate::args::export::ServiceJob;
use crate::command::serving::choose;
use crate::context::Context;
use crate::exit::{Exit, Fault};
use crate::json::stamp as stamp_json;

pub(super) fn run(
    context: &Context,
    args: &ServiceJob,
    write: impl Fn(&ServiceExport<'_>) -> Result<Vec<ExportFile>, ExportError>,
) -> Result<Exit, Fault> {
    let catalog = context.catalog()?;
    let Some(usable) = context.usable(&args.file, &catalog)? else { return Ok(Exit::NotUnderstood) };
    let stamp = Stamp {
        version: env!("CARGO_PKG_VERSION"),
        seed: context.seed,
        inputs_sha256: usable.factory.sha256.clone(),
    };
    let services = match site_services(&usable.factory) {
        Ok(list) => list,
        Err(reason) => return no(context, &stamp, &reason),
    };
    let service = choose(&services, args.service.as_deref())?;
    let plan = match &service.plan {
        Ok(plan) => plan,
        Err(reason) => return no(context, &stamp, reason),
    };
    // One export for each kind of replica.
    let parts = match plan {
        ServiceForm::Together(c) => vec![Part {
            name: service.name.clone(),
            role: None,
            deployment: c.deployment,
            replicas: c.replicas,
            batch: c.batch,
            rate: c.rate_per_replica,
        }],
        ServiceForm::Separate(p) => vec![
            Part {
                name: format!("{}-prefill", service.name),
                role: Some(PoolRole::Prefill),
                deployment: p.prefill.deployment,
                replicas: p.prefill_replicas,
                batch: service.engine.max_batch,
                rate: p.prefill.rate,
            },
            Part {
                name: format!("{}-decode", service.name),
                role: Some(PoolRole::Decode),
                deployment: p.decode.deployment,
                replicas: p.decode_replicas,
                batch: p.decode.batch,
                rate: p.decode.rate,
            },
        ],
    };
    let (ttft, tpot) = match plan {
        ServiceForm::Together(c) => (c.ttft_p99, c.tpot_p99),
        ServiceForm::Separate(p) => (p.ttft_p99, p.decode.tpot_p99),
    };
    let mut files = Vec::new();
    for part in parts {
        let d = part.deployment;
        let header = format!(
            "gigatwin {} · {} · service {} · inputs {}\npredicted at the limit: {:.3} requests/s per replica, p99 of the first token {}, p99 per output token {}\nlayout: {} x {} (tp {}, pp {}, ep {}, attention copies {})",
            stamp.version,
            args.file.display(),
            service.name,
            &stamp.inputs_sha256[..12.min(stamp.inputs_sha256.len())],
            part.rate,
            ttft,
            tpot,
            d.chips(),
            service.chip_id,
            d.tp,
            d.pp,
            d.ep,
            d.dp_attention,
        );
        let export = ServiceExport {
            name: &part.name,
            model: &service.model_id,
            chip: &service.chip_id,
            role: part.role,
            deployment: d,
            replicas: part.replicas,
            batch: part.batch,
            context: service.model.context,
            chunk: service.engine.chunk_tokens.max(1.0) as u32,
            memory: service.engine.memory_utilisation.fraction(),
            per_node: service.per_node.max(1.0) as u32,
            header: &header,
        };
        match write(&export) {
            Ok(more) => files.extend(more),
            Err(e) => return no(context, &stamp, &e.to_string()),
        }
    }
    deliver(context, args.out.as_deref(), &stamp, &files)?;
    Ok(Exit::Done)
}

/// One kind of replica.
struct Part {
    name: String,
    role: Option<PoolRole>,
    deployment: Deployment,
    replicas: u32,
    batch: u32,
    rate: f64,
}

fn no(context: &Context, stamp: &Stamp, reason: &str) -> Result<Exit, Fault> {
    if context.json {
        context.json(&json!({ "gigatwin": stamp_json(stamp), "files": [], "infeasible": reason }))?;
    } else {
        context.console.must_say(&format!("Cannot: {reason}\n"));
    }
    Ok(Exit::No)
}
