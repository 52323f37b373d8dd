//! A whole machine for Kueue: topology, flavors, cohorts, queues and priorities of Kubernetes.

use std::collections::BTreeMap;

use gigatwin_factory::{ClusterPartition, ClusterTenant};

use crate::slurm::{CORES, ClusterExport, MEMORY_MB, ascii};
use crate::{ExportError, ExportFile};

/// Labels that nodes need so that gangs lie close together. A label set of this project's own: sites map theirs onto it.
const LABEL: &str = "topology.gigatwin";

/// A queue: one leaf of the tree of tenants.
struct Leaf {
    name: String,
    cohort: String,
    share: f64,
}

/// The objects of a machine for Kueue (`kueue.x-k8s.io/v1beta2`, Kueue 0.15 and later), in one file.
///
/// Partitions become flavors with a topology, tenants cohorts below the site's, their leaves queues with a quota in proportion to their hours; what
/// whole accelerators leave over, and the hours of nobody, stand in the site's own cohort, from which all may borrow.
///
/// # Errors
/// Where the resource name of an accelerator is not known here.
pub fn kueue(export: &ClusterExport<'_>) -> Result<Vec<ExportFile>, ExportError> {
    // A workload whose pods ask for a resource that no queue covers is never admitted: processors and memory are covered too.
    let mut covered: Vec<&'static str> = Vec::new();
    for p in &export.cluster.partitions {
        let name = resource(&p.accelerator)?;
        if !covered.contains(&name) {
            covered.push(name);
        }
    }
    let partitions = &export.cluster.partitions;
    let comment: String = export.header.lines().map(|l| format!("# {l}\n")).collect();
    let mut out = format!(
        "{comment}# Kueue 0.15 and later. Processors and memory are a lower bound per accelerator; correct them to your hosts. Label each node with {LABEL}/partition, /network, /leaf and /domain, as topology.conf of export slurm names them.
# Fair sharing among cohorts needs fairSharing.preemptionStrategies in Kueue's configuration.
"
    );
    for p in &export.cluster.partitions {
        let name = ascii(&p.name);
        let mut levels = vec![format!("{LABEL}/network"), format!("{LABEL}/leaf")];
        if p.nodes_per_domain > 1 {
            levels.push(format!("{LABEL}/domain"));
        }
        levels.push("kubernetes.io/hostname".to_owned());
        let levels: String = levels.iter().map(|l| format!("    - nodeLabel: {l}\n")).collect();
        object(&mut out, "Topology", &name, None, &format!("  levels:\n{levels}"));
        object(
            &mut out,
            "ResourceFlavor",
            &name,
            None,
            &format!("  nodeLabels:\n    {LABEL}/partition: {name}\n  topologyName: {name}\n"),
        );
    }
    let site = export_name(export);
    let leaves = leaves(&export.cluster.tenants, &site);
    let mut left: BTreeMap<String, u64> = BTreeMap::new();
    let quota = |p: &ClusterPartition, share: f64| {
        let all = u64::from(p.nodes) * u64::from(p.per_node);
        ((all as f64 * share).floor() as u64).min(all)
    };
    for p in &export.cluster.partitions {
        let given: u64 = leaves.iter().map(|l| quota(p, l.share)).sum();
        let all = u64::from(p.nodes) * u64::from(p.per_node);
        left.insert(p.name.clone(), all.saturating_sub(given));
    }
    let rest = resource_groups(partitions, &covered, |p| left.get(&p.name).copied().unwrap_or(0));
    object(&mut out, "Cohort", &site, None, &rest);
    for (name, parent, weight) in cohorts(&export.cluster.tenants, &site) {
        object(
            &mut out,
            "Cohort",
            &name,
            None,
            &format!("  parentName: {parent}\n  fairSharing:\n    weight: \"{weight}\"\n"),
        );
    }
    for class in &export.cluster.classes {
        out.push_str(&format!(
            "---\napiVersion: kueue.x-k8s.io/v1beta2\nkind: WorkloadPriorityClass\nmetadata:\n  name: {}\nvalue: {}\ndescription: \"{}\"\n",
            class.id,
            crate::slurm::priority(class),
            class.purpose
        ));
    }
    for leaf in &leaves {
        let resources = resource_groups(partitions, &covered, |p| quota(p, leaf.share));
        let spec = format!(
            "  cohortName: {}
  namespaceSelector:
    matchLabels:
      kubernetes.io/metadata.name: {}
  queueingStrategy: BestEffortFIFO
  fairSharing:
    weight: \"{}\"
  preemption:
    reclaimWithinCohort: Any
    withinClusterQueue: LowerPriority
{resources}",
            leaf.cohort,
            leaf.name,
            weight(leaf.share)
        );
        object(&mut out, "ClusterQueue", &leaf.name, None, &spec);
        out.push_str(&format!("---\napiVersion: v1\nkind: Namespace\nmetadata:\n  name: {}\n", leaf.name));
        object(
            &mut out,
            "LocalQueue",
            "default",
            Some(&leaf.name),
            &format!("  clusterQueue: {}\n", leaf.name),
        );
    }
    Ok(vec![ExportFile { name: "kueue.yaml".to_owned(), text: out }])
}

fn export_name(export: &ClusterExport<'_>) -> String {
    ascii(export.name)
}

fn object(out: &mut String, kind: &str, name: &str, namespace: Option<&str>, spec: &str) {
    let namespace = namespace.map_or_else(String::new, |n| format!("  namespace: {n}\n"));
    out.push_str(&format!(
        "---\napiVersion: kueue.x-k8s.io/v1beta2\nkind: {kind}\nmetadata:\n  name: {name}\n{namespace}spec:\n{spec}"
    ));
}

/// One group of all resources; a flavor per partition, with nothing of the accelerators of others.
fn resource_groups(
    partitions: &[ClusterPartition],
    covered: &[&'static str],
    quota: impl Fn(&ClusterPartition) -> u64,
) -> String {
    let names: Vec<String> = covered.iter().chain(&["cpu", "memory"]).map(|r| format!("\"{r}\"")).collect();
    let mut out =
        format!("  resourceGroups:\n    - coveredResources: [{}]\n      flavors:\n", names.join(", "));
    for p in partitions {
        let count = quota(p);
        out.push_str(&format!("        - name: {}\n          resources:\n", ascii(&p.name)));
        let mut line = |name: &str, value: String| {
            out.push_str(&format!("            - name: {name}\n              nominalQuota: {value}\n"));
        };
        for name in covered {
            // The name was found when the list was made.
            let own = resource(&p.accelerator).is_ok_and(|r| r == *name);
            line(name, if own { count } else { 0 }.to_string());
        }
        line("cpu", (count * u64::from(CORES)).to_string());
        line("memory", format!("{}M", count * u64::from(MEMORY_MB)));
    }
    out
}

/// A weight with three decimals; never zero, which would mean the last in line.
fn weight(share: f64) -> String {
    format!("{:.3}", share.max(0.001))
}

fn share_of(t: &ClusterTenant) -> f64 {
    t.share.map_or(0.0, gigatwin_quantity::Share::fraction)
}

/// Cohorts below the site's: name, parent, weight.
fn cohorts(tenants: &[ClusterTenant], site: &str) -> Vec<(String, String, String)> {
    let mut out = Vec::new();
    for t in tenants {
        let name = ascii(&t.name);
        if t.states.is_empty() && t.classes.is_empty() {
            continue;
        }
        out.push((name.clone(), site.to_owned(), weight(share_of(t))));
        if !t.classes.is_empty() {
            for (code, part) in &t.states {
                out.push((format!("{name}-{}", ascii(code)), name.clone(), weight(part.fraction())));
            }
        }
    }
    out
}

/// Queues: the leaves of the tree of tenants.
fn leaves(tenants: &[ClusterTenant], site: &str) -> Vec<Leaf> {
    let mut out = Vec::new();
    for t in tenants {
        let (name, share) = (ascii(&t.name), share_of(t));
        let states: Vec<(String, f64)> =
            t.states.iter().map(|(c, p)| (format!("{name}-{}", ascii(c)), share * p.fraction())).collect();
        let parents = if states.is_empty() { vec![(name.clone(), share)] } else { states };
        for (parent, part) in parents {
            if t.classes.is_empty() {
                let cohort = if parent == name { site.to_owned() } else { name.clone() };
                out.push(Leaf { name: parent, cohort, share: part });
            } else {
                out.extend(t.classes.iter().map(|(class, p)| Leaf {
                    name: format!("{parent}-{}", ascii(class)),
                    cohort: parent.clone(),
                    share: part * p.fraction(),
                }));
            }
        }
    }
    out
}

/// The name under which Kubernetes counts an accelerator.
pub(crate) fn resource(chip: &str) -> Result<&'static str, ExportError> {
    const NVIDIA: [&str; 13] = [
        "a100", "h100", "h200", "b200", "b300", "gb200", "gb300", "gh200", "l40", "v100", "rubin", "vr",
        "rtx",
    ];
    match chip {
        c if c.starts_with("mi") => Ok("amd.com/gpu"),
        c if NVIDIA.iter().any(|n| c.starts_with(n)) => Ok("nvidia.com/gpu"),
        c if c.starts_with("gaudi") => Ok("habana.ai/gaudi"),
        c if c.starts_with("tpu") => Ok("google.com/tpu"),
        other => Err(ExportError::Unsupported {
            engine: "Kubernetes",
            what: format!("{other}: its resource name is not known here"),
            instead: "write the resource of your device plugin by hand",
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::slurm::Placement;
    use crate::slurm::sample;

    fn text() -> String {
        let cluster = sample();
        let export =
            ClusterExport { name: "Site", cluster: &cluster, placement: &Placement::Site, header: "h" };
        kueue(&export).expect("file")[0].text.clone()
    }

    /// Every quota of a resource, over all cohorts and queues.
    fn sum(text: &str, flavor: &str, resource: &str) -> u64 {
        let mut at = "";
        let mut total = 0;
        let mut lines = text.lines().map(str::trim).peekable();
        while let Some(line) = lines.next() {
            if let Some(name) = line.strip_prefix("- name: ") {
                if matches!(lines.peek(), Some(&"resources:")) {
                    at = name;
                } else if name == resource && at == flavor {
                    let quota = lines.next().and_then(|l| l.strip_prefix("nominalQuota: ")).expect("a quota");
                    total += quota.parse::<u64>().expect("a number");
                }
            }
        }
        total
    }

    #[test]
    fn quotas_add_up_to_the_machine() {
        let text = text();
        assert_eq!(sum(&text, "train", "nvidia.com/gpu"), 40 * 4);
        assert_eq!(sum(&text, "old", "amd.com/gpu"), 3 * 8);
        assert_eq!(sum(&text, "old", "nvidia.com/gpu"), 0);
        assert_eq!(sum(&text, "train", "cpu"), 40 * 4 * u64::from(CORES));
    }

    #[test]
    fn objects_name_what_is_there() {
        let text = text();
        let of = |kind: &str| -> Vec<String> {
            let head = format!("kind: {kind}\nmetadata:\n  name: ");
            text.split(&head).skip(1).filter_map(|t| t.lines().next()).map(str::to_owned).collect()
        };
        let cohorts = of("Cohort");
        for line in text.lines() {
            let line = line.trim();
            for key in ["cohortName: ", "parentName: "] {
                if let Some(name) = line.strip_prefix(key) {
                    assert!(cohorts.contains(&name.to_owned()), "{name} of {cohorts:?}");
                }
            }
            if let Some(name) = line.strip_prefix("clusterQueue: ") {
                assert!(of("ClusterQueue").contains(&name.to_owned()), "{name}");
            }
        }
        assert_eq!(of("ClusterQueue"), ["union-sme", "union-research", "states-de", "states-fr", "industry"]);
        assert_eq!(of("Topology"), of("ResourceFlavor"));
        assert!(text.lines().all(|l| !l.contains('\t') && (l.len() - l.trim_start().len()) % 2 == 0));
    }
}
