//! What stands in the accounting database of a cluster, from its dumps.

use std::collections::BTreeMap;
use std::path::Path;

use gigatwin_operations::{
    DumpError, DumpedLimits, LeftOut, Multifactor, PastUse, ShareTree, SlurmConf, Trace,
    read_association_limits, read_associations, read_past_use, read_qualities, read_quality_limits,
};

use crate::args::operate::Operate;
use crate::context::Context;
use crate::exit::Fault;
use crate::files as disk;

/// What the dumps of the accounting database say, where they are given.
pub(super) struct Database {
    pub shares: ShareTree,
    /// Of the qualities of service, by name.
    pub priorities: BTreeMap<String, f64>,
    /// Of qualities and of associations.
    pub limits: Vec<DumpedLimits>,
    pub past_use: Option<PastUse>,
    pub texts: Vec<String>,
}

impl Database {
    /// Reads the dumps. Jobs of the trace then name leaves of the share tree.
    pub fn read(
        context: &Context,
        args: &Operate,
        conf: &SlurmConf,
        trace: &mut Trace,
        left_out: &mut Vec<LeftOut>,
        notes: &mut Vec<String>,
    ) -> Result<Database, Fault> {
        let shares = trace.flat_shares();
        let mut found = Database {
            shares,
            priorities: BTreeMap::new(),
            limits: Vec::new(),
            past_use: None,
            texts: Vec::new(),
        };
        let weighs =
            |weight: fn(&Multifactor) -> f64| conf.priority.as_ref().is_some_and(|p| weight(p) > 0.0);
        if let Some(path) = &args.associations {
            let text = disk::read_text(&context.messages, path)?;
            found.shares = associations(path, &text, trace, left_out, notes)?;
            let limits = read_association_limits(&text).map_err(|e| broken(path, e))?;
            found.take(path, limits, text, left_out, notes);
        } else if weighs(|p| p.fair_share) {
            notes.push(
                "shares stand in the accounting database (--associations): accounts count alike".to_owned(),
            );
        }
        if let Some(path) = &args.qos {
            let text = disk::read_text(&context.messages, path)?;
            let (priorities, rows) = read_qualities(&text).map_err(|e| broken(path, e))?;
            left_out.extend(of_dump(path, &rows));
            found.priorities = priorities;
            let limits = read_quality_limits(&text).map_err(|e| broken(path, e))?;
            found.take(path, limits, text, left_out, notes);
        } else if weighs(|p| p.qos) {
            notes.push(
                "priorities of qualities of service stand in the accounting database (--qos): all count alike"
                    .to_owned(),
            );
        }
        if let Some(path) = &args.sshare {
            let text = disk::read_text(&context.messages, path)?;
            let used = read_past_use(&text).map_err(|e| broken(path, e))?;
            left_out.extend(of_dump(path, &used.left_out));
            found.past_use = Some(used);
            found.texts.push(text);
            if !weighs(|p| p.fair_share) {
                notes.push(
                    "--sshare changes nothing: fair share has no weight in the configuration".to_owned(),
                );
            }
        } else if weighs(|p| p.fair_share) && args.warm_up == 0.0 {
            notes.push("past use is not known (--sshare, --warm-up): all accounts start without".to_owned());
        }
        Ok(found)
    }

    fn take(
        &mut self,
        path: &Path,
        limits: DumpedLimits,
        text: String,
        left_out: &mut Vec<LeftOut>,
        notes: &mut Vec<String>,
    ) {
        left_out.extend(of_dump(path, &limits.left_out));
        notes.extend(limits.notes.clone());
        self.limits.push(limits);
        self.texts.push(text);
    }
}

/// The share tree; jobs then name its leaves.
fn associations(
    path: &Path,
    text: &str,
    trace: &mut Trace,
    left_out: &mut Vec<LeftOut>,
    notes: &mut Vec<String>,
) -> Result<ShareTree, Fault> {
    let found = read_associations(text).map_err(|e| broken(path, e))?;
    let (tree, leaves) = found.tree(&trace.tenants).map_err(|e| broken(path, e))?;
    let strangers = found.strangers(&trace.tenants);
    if !strangers.is_empty() {
        notes.push(format!(
            "{} accounts of the trace are not among the associations and get one share at the top",
            strangers.len()
        ));
    }
    notes.extend(found.notes.clone());
    left_out.extend(of_dump(path, &found.left_out));
    for job in &mut trace.jobs {
        job.tenant = leaves.get(job.tenant as usize).copied().unwrap_or(0);
    }
    Ok(tree)
}

/// Rows of a dump that are passed over, with the name of the dump.
fn of_dump(path: &Path, rows: &[LeftOut]) -> Vec<LeftOut> {
    let named = |l: &LeftOut| LeftOut { reason: format!("{}: {}", path.display(), l.reason), ..l.clone() };
    rows.iter().map(named).collect()
}

fn broken(path: &Path, e: DumpError) -> Fault {
    Fault::NotUnderstood {
        code: e.code,
        // There are several dumps: the page must say which.
        message: format!("{}: {}", path.display(), e.message),
        hint: e.hint.to_owned(),
        file: Some(path.display().to_string()),
    }
}
