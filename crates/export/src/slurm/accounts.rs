//! The tree of accounts and the classes of access, as a script of `sacctmgr`.

use gigatwin_factory::ClusterTenant;

use super::ClusterExport;
use super::classes::ACCESS_CLASSES;
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
        "# Fills the accounting database: classes of access, then the tree of accounts. Run it as an administrator of Slurm once slurmctld has been
# up: it makes accelerators known to the database. What exists is kept.
# Members come last: sacctmgr -i add user NAME account=ACCOUNT qos=CLASS,… defaultqos=CLASS
set -eu
: \"${SACCTMGR:=sacctmgr -i}\"
# An object that exists already is no fault: sacctmgr then ends with 1 and says so.
add() { $SACCTMGR add \"$@\" || $SACCTMGR show \"$1\" \"$2\" >/dev/null; }

",
    );
    let cluster = export.account_cluster();
    out.push_str(&format!("add cluster {cluster}\n\n# Classes of access\n"));
    let accelerators = export.cluster.accelerators();
    for class in ACCESS_CLASSES {
        out.push_str(&format!("# {}: {}\nadd qos {}\n", class.name, class.purpose, class.name));
    }
    for class in ACCESS_CLASSES {
        let mut set = vec![
            format!("priority={}", class.priority),
            format!("maxwall={}:00:00", class.longest_hours),
            format!("preemptmode={}", if class.requeues { "requeue" } else { "cluster" }),
            "flags=DenyOnLimit".to_owned(),
        ];
        if let Some(permille) = class.user_permille {
            let most = (accelerators * u64::from(permille) / 1000).max(1);
            set.push(format!("maxtresperuser=gres/gpu={most}"));
        }
        if !class.preempts.is_empty() {
            set.push(format!("preempt={}", class.preempts.join(",")));
        }
        out.push_str(&format!("$SACCTMGR modify qos {} set {}\n", class.name, set.join(" ")));
    }
    out.push_str("\n# Accounts: shares in parts of 10,000 of what stands above\n");
    for tenant in &export.cluster.tenants {
        out.push_str(&tenant_lines(tenant, &cluster));
    }
    if export.cluster.tenants.is_empty() {
        out.push_str(&format!("add account site cluster={cluster} fairshare=10000 qos={}\n", all_classes()));
    }
    out
}

fn all_classes() -> String {
    ACCESS_CLASSES.iter().filter(|c| c.name != "reserve").map(|c| c.name).collect::<Vec<_>>().join(",")
}

/// Classes of access that a kind of user may ask for; the reserve is given by decision, not by account.
fn classes_of(kind: &str) -> &'static str {
    match kind {
        "sme" | "industry" => "playground,fastlane,largescale,scavenger",
        "research" => "benchmark,development,regular,extreme,scavenger",
        "public" => "development,regular,extreme,scavenger",
        _ => "playground,fastlane,largescale,benchmark,development,regular,extreme,scavenger",
    }
}

fn tenant_lines(t: &ClusterTenant, cluster: &str) -> String {
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
        classes_of(&t.kind)
    ));
    // States stand below the tenant of the States, classes of users below whoever has them.
    let mut parents = Vec::new();
    for (code, part) in &t.states {
        let state = format!("{name}-{}", ascii(code));
        out.push_str(&format!(
            "add account {state} parent={name} cluster={cluster} fairshare={} qos={}\n",
            shares(part.fraction()),
            classes_of(&t.kind)
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
                classes_of(class)
            ));
        }
    }
    out
}
