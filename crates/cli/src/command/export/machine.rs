//! Exports of the machine as a whole, for schedulers.

use std::path::Path;

use gigatwin_export::slurm::{ClusterExport, Placement};
use gigatwin_export::{ExportError, ExportFile};
use gigatwin_factory::outcome::Stamp;
use gigatwin_factory::site_cluster;
use serde_json::json;

use super::deliver;
use crate::args::export::{Machine, OnThisHost, SlurmMachine};
use crate::context::Context;
use crate::exit::{Exit, Fault};
use crate::files;
use crate::json::stamp as stamp_json;

/// Ports end here.
const LAST_PORT: u32 = 65_535;

pub(super) fn slurm(context: &Context, args: &SlurmMachine) -> Result<Exit, Fault> {
    let out = args.machine.out.as_deref();
    let placement = match (args.on_this_host, out) {
        (Some(how), Some(folder)) => {
            let (host, root) = (host(), absolute(context, folder)?);
            match how {
                OnThisHost::Emulated => Placement::Emulated { host, root, port: args.port },
                OnThisHost::Planned => Placement::Planned { host, root, port: args.port },
            }
        }
        _ => Placement::Site,
    };
    write(context, &args.machine, &placement, |e| {
        let needed = u32::from(args.port) + 9 + e.cluster.nodes();
        if matches!(e.placement, Placement::Emulated { .. }) && needed > LAST_PORT {
            return Err(ExportError::Unsupported {
                engine: "one host",
                what: format!(
                    "{} nodes from port {} on: ports end at {LAST_PORT}",
                    e.cluster.nodes(),
                    args.port
                ),
                instead: "use --on-this-host planned, which needs one port",
            });
        }
        Ok(gigatwin_export::slurm::slurm(e))
    })
}

pub(super) fn kueue(context: &Context, args: &Machine) -> Result<Exit, Fault> {
    write(context, args, &Placement::Site, gigatwin_export::kueue)
}

fn write(
    context: &Context,
    args: &Machine,
    placement: &Placement,
    files: impl Fn(&ClusterExport<'_>) -> Result<Vec<ExportFile>, ExportError>,
) -> Result<Exit, Fault> {
    let catalog = context.catalog()?;
    let Some(usable) = context.usable(&args.file, &catalog)? else { return Ok(Exit::NotUnderstood) };
    let stamp = Stamp {
        version: env!("CARGO_PKG_VERSION"),
        seed: context.seed,
        inputs_sha256: usable.factory.sha256.clone(),
    };
    let cluster = match site_cluster(&usable.factory) {
        Ok(cluster) => cluster,
        Err(reason) => return no(context, &stamp, &reason),
    };
    let header = format!(
        "gigatwin {} · {} · inputs {}",
        stamp.version,
        args.file.display(),
        &stamp.inputs_sha256[..12.min(stamp.inputs_sha256.len())],
    );
    let export = ClusterExport { name: &usable.factory.name, cluster: &cluster, placement, header: &header };
    match files(&export) {
        Ok(files) => {
            deliver(context, args.out.as_deref(), &stamp, &files)?;
            Ok(Exit::Done)
        }
        Err(e) => no(context, &stamp, &e.to_string()),
    }
}

/// Short name of this host, which Slurm compares with its own.
fn host() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    name.trim().split('.').next().filter(|n| !n.is_empty()).unwrap_or("localhost").to_owned()
}

/// Slurm wants absolute paths. The folder is made where it is not there.
fn absolute(context: &Context, folder: &Path) -> Result<String, Fault> {
    std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::canonicalize(folder))
        .map(|p| p.display().to_string())
        .map_err(|e| files::cannot_write(&context.messages, folder, &e))
}

fn no(context: &Context, stamp: &Stamp, reason: &str) -> Result<Exit, Fault> {
    if context.json {
        context.json(&json!({ "gigatwin": stamp_json(stamp), "files": [], "infeasible": reason }))?;
    } else {
        context.console.must_say(&format!("Cannot: {reason}\n"));
    }
    Ok(Exit::No)
}
