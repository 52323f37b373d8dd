//! The tree of accounts and the classes of access, as a script of `sacctmgr`.

use gigatwin_factory::ClusterTenant;
use gigatwin_programme::access::AccessClass;

use super::ClusterExport;
use super::names::ascii;

/// Shares are whole numbers: parts of ten thousand.
const WHOLE: f64 = 10_000.0;

fn shares(part: f64) -> u64 {
    (part * WHOLE).round().max(1.0) as u64
}

pub(super) fn script(export: &ClusterExport<'_>) -> String {
    let mut out = String::from("#!/bin/sh\n");
    out.push_str(&export.comment());
    out.push_str(
        "# Fills the accounting database: classes of access, then the tree of accounts. Run it as an administrator while slurmctld runs (it registers the accelerators as a
# resource), then restart slurmctld. What exists is kept; a second run changes limits alone.
# A project is an account below its tenant, with its hours as a limit in accelerator-minutes, and its members:
#   sacctmgr -i add account PROJECT parent=ACCOUNT grptresmins=gres/gpu=3000000
#   sacctmgr -i add user NAME account=PROJECT qos=CLASS,… defaultqos=CLASS
set -eu
: \"${SACCTMGR:=sacctmgr -i}\"
# An object that exists already is no fault: sacctmgr then ends with 1 and says so.
add() { $SACCTMGR add \"$@\" || $SACCTMGR show \"$1\" \"$2\" >/dev/null; }

",
    );
    let cluster = export.account_cluster();
    out.push_str(&format!("add cluster {cluster}\n\n# Classes of access\n"));
    let accelerators = export.cluster.accelerators();
    let classes = &export.cluster.classes;
    for class in classes {
        let hours = class.project_hours.map_or_else(String::new, |h| {
            format!("; a project has {h:.0} accelerator-hours at most (grptresmins=gres/gpu={:.0})", h * 60.0)
        });
        out.push_str(&format!("# {}: {}{hours}\nadd qos {}\n", class.id, class.purpose, class.id));
    }
    for class in classes {
        let mut set = vec![
            format!("priority={}", priority(class)),
            format!("maxwall={}:00:00", longest_hours(class)),
            format!("preemptmode={}", if class.requeues { "requeue" } else { "cluster" }),
            "flags=DenyOnLimit".to_owned(),
        ];
        if let Some(part) = class.user_share {
            let most = ((accelerators as f64 * part.fraction() + 1e-9) as u64).max(1);
            set.push(format!("maxtresperuser=gres/gpu={most}"));
        }
        if !class.preempts.is_empty() {
            set.push(format!("preempt={}", class.preempts.join(",")));
        }
        out.push_str(&format!("$SACCTMGR modify qos {} set {}\n", class.id, set.join(" ")));
    }
    out.push_str("\n# Accounts: shares in parts of 10,000 of what stands above\n");
    for tenant in &export.cluster.tenants {
        out.push_str(&tenant_lines(tenant, classes, &cluster));
    }
    if export.cluster.tenants.is_empty() {
        out.push_str(&format!("add account site cluster={cluster} fairshare=10000 qos={}\n", given(classes)));
    }
    out
}

/// Share of the factor of quality of service in the priority, 0 to 1,000.
pub fn priority(class: &AccessClass) -> u32 {
    (1_000.0 * class.priority.fraction()).round() as u32
}

/// Longest job in whole hours.
pub(super) fn longest_hours(class: &AccessClass) -> u32 {
    (class.time_limit.s() / 3_600.0).ceil() as u32
}

/// All but the reserve, which is given by decision and not by account.
fn given(classes: &[AccessClass]) -> String {
    classes.iter().filter(|c| !c.called).map(|c| c.id.as_str()).collect::<Vec<_>>().join(",")
}

/// Classes of access that a kind of tenant or user may ask for.
fn classes_of(classes: &[AccessClass], kind: &str) -> String {
    let open: Vec<&str> =
        classes.iter().filter(|c| !c.called && c.is_open_to(kind)).map(|c| c.id.as_str()).collect();
    if open.is_empty() { given(classes) } else { open.join(",") }
}

fn tenant_lines(t: &ClusterTenant, classes: &[AccessClass], cluster: &str) -> String {
    let name = ascii(&t.name);
    let mut out = String::new();
    let share = match t.share {
        Some(part) => shares(part.fraction()),
        None => {
            out.push_str(&format!(
                "# the file does not decide the hours of {name}: one share until it does\n"
            ));
            1
        }
    };
    out.push_str(&format!(
        "add account {name} cluster={cluster} fairshare={share} qos={}\n",
        classes_of(classes, &t.kind)
    ));
    // States stand below the tenant of the States, classes of users below whoever has them.
    let mut parents = Vec::new();
    for (code, part) in &t.states {
        let state = format!("{name}-{}", ascii(code));
        out.push_str(&format!(
            "add account {state} parent={name} cluster={cluster} fairshare={} qos={}\n",
            shares(part.fraction()),
            classes_of(classes, &t.kind)
        ));
        parents.push(state);
    }
    if parents.is_empty() {
        parents.push(name);
    }
    for parent in &parents {
        for (class, part) in &t.classes {
            out.push_str(&format!(
                "add account {parent}-{} parent={parent} cluster={cluster} fairshare={} qos={}\n",
                ascii(class),
                shares(part.fraction()),
                classes_of(classes, class)
            ));
        }
    }
    out
}
