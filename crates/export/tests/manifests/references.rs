//! What objects of one file say of one another, as Kueue's and Kubernetes' own checks want it.

use std::collections::BTreeSet;

use yaml_rust2::Yaml;

/// What does not fit together.
pub fn faults(objects: &[Yaml]) -> Vec<String> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    for o in objects {
        let name = |key: &str| o["metadata"][key].as_str().unwrap_or_default().to_owned();
        let id = (o["kind"].as_str().unwrap_or_default().to_owned(), name("namespace"), name("name"));
        if !seen.insert(id.clone()) {
            found.push(format!("{id:?} is there twice"));
        }
        if !id.1.is_empty() && !names(objects, "Namespace").contains(id.1.as_str()) {
            found.push(format!("{id:?}: no such namespace"));
        }
    }
    for o in objects {
        found.extend(queue(o, objects));
        match o["kind"].as_str() {
            Some("ResourceFlavor") => found.extend(flavor(o, objects)),
            Some("Topology") => found.extend(levels(o)),
            Some("Deployment") => {
                found.extend(pods(&o["spec"]["template"]));
                if !within(&o["spec"]["selector"]["matchLabels"], &o["spec"]["template"]) {
                    found.push("a Deployment does not select its own pods".to_owned());
                }
            }
            Some("LeaderWorkerSet") => {
                let group = &o["spec"]["leaderWorkerTemplate"];
                found.extend(["leaderTemplate", "workerTemplate"].iter().flat_map(|t| pods(&group[*t])));
            }
            Some("Service") => found.extend(service(o, objects)),
            _ => {}
        }
    }
    found
}

/// Names of the objects of a kind.
pub fn names<'a>(objects: &'a [Yaml], kind: &str) -> BTreeSet<&'a str> {
    let of_kind = objects.iter().filter(|o| o["kind"].as_str() == Some(kind));
    of_kind.filter_map(|o| o["metadata"]["name"].as_str()).collect()
}

fn items(node: &Yaml) -> &[Yaml] {
    node.as_vec().map_or(&[], Vec::as_slice)
}

/// References and resource groups of Cohorts, ClusterQueues and LocalQueues.
fn queue(o: &Yaml, objects: &[Yaml]) -> Vec<String> {
    let (spec, mut found) = (&o["spec"], Vec::new());
    for (key, kind) in [("cohortName", "Cohort"), ("parentName", "Cohort"), ("clusterQueue", "ClusterQueue")]
    {
        if let Some(name) = spec[key].as_str()
            && !names(objects, kind).contains(name)
        {
            found.push(format!("{key}: there is no {kind} {name}"));
        }
    }
    // A circle of parents stops all who are in it.
    let parent = |name: &str| {
        let is =
            |c: &&Yaml| c["kind"].as_str() == Some("Cohort") && c["metadata"]["name"].as_str() == Some(name);
        objects.iter().find(is).and_then(|c| c["spec"]["parentName"].as_str())
    };
    let mut at = spec["parentName"].as_str();
    for _ in 0..=objects.len() {
        at = at.and_then(parent);
    }
    if at.is_some() {
        found.push("parents of Cohorts go in a circle".to_owned());
    }
    let (mut flavors, mut resources) = (BTreeSet::new(), BTreeSet::new());
    for group in items(&spec["resourceGroups"]) {
        let covered = items(&group["coveredResources"]);
        if !covered.iter().all(|r| resources.insert(r.as_str())) {
            found.push("a resource is in two groups".to_owned());
        }
        for f in items(&group["flavors"]) {
            let name = f["name"].as_str().unwrap_or_default();
            if !flavors.insert(name) {
                found.push(format!("the flavor {name} is there twice"));
            }
            if !names(objects, "ResourceFlavor").contains(name) {
                found.push(format!("there is no flavor {name}"));
            }
            if !items(&f["resources"]).iter().map(|r| &r["name"]).eq(covered) {
                found.push(format!("{name}: not the covered resources in their order"));
            }
        }
    }
    if flavors.len() > 256 {
        found.push("more than 256 flavors".to_owned());
    }
    found
}

fn flavor(o: &Yaml, objects: &[Yaml]) -> Vec<String> {
    let Some(topology) = o["spec"]["topologyName"].as_str() else { return Vec::new() };
    let mut found = Vec::new();
    if !names(objects, "Topology").contains(topology) {
        found.push(format!("there is no topology {topology}"));
    }
    if o["spec"]["nodeLabels"].as_hash().is_none_or(|l| l.is_empty()) {
        found.push("a flavor with a topology needs a label of its nodes".to_owned());
    }
    found
}

fn levels(o: &Yaml) -> Vec<String> {
    let labels: Vec<&str> =
        items(&o["spec"]["levels"]).iter().filter_map(|l| l["nodeLabel"].as_str()).collect();
    let mut found = Vec::new();
    if labels.iter().collect::<BTreeSet<_>>().len() < labels.len() {
        found.push("a level is there twice".to_owned());
    }
    if labels.iter().rev().skip(1).any(|l| *l == "kubernetes.io/hostname") {
        found.push("hosts are the lowest level".to_owned());
    }
    found
}

/// Are these labels among those of the pods?
fn within(labels: &Yaml, template: &Yaml) -> bool {
    let own = &template["metadata"]["labels"];
    labels
        .as_hash()
        .is_some_and(|l| !l.is_empty() && l.iter().all(|(k, v)| k.as_str().is_some_and(|k| own[k] == *v)))
}

/// Named ports of a pod.
fn ports(template: &Yaml) -> BTreeSet<&str> {
    let containers = items(&template["spec"]["containers"]).iter();
    containers.flat_map(|c| items(&c["ports"])).filter_map(|p| p["name"].as_str()).collect()
}

/// Volumes that are mounted are there, ports that are probed too.
fn pods(template: &Yaml) -> Vec<String> {
    let mut found = Vec::new();
    let volumes: BTreeSet<_> =
        items(&template["spec"]["volumes"]).iter().filter_map(|v| v["name"].as_str()).collect();
    for c in items(&template["spec"]["containers"]) {
        for mount in items(&c["volumeMounts"]).iter().filter_map(|m| m["name"].as_str()) {
            if !volumes.contains(mount) {
                found.push(format!("there is no volume {mount}"));
            }
        }
        for probe in ["startupProbe", "readinessProbe", "livenessProbe"] {
            if let Some(port) = c[probe]["httpGet"]["port"].as_str()
                && !ports(template).contains(port)
            {
                found.push(format!("{probe}: there is no port {port}"));
            }
        }
        if c["resources"]["limits"] != c["resources"]["requests"] {
            found.push("devices are requested as they are limited".to_owned());
        }
    }
    found.extend(ports(template).iter().filter(|p| p.len() > 15).map(|p| format!("{p} is too long")));
    found
}

/// A Service finds pods of the file, with the port it names.
fn service(o: &Yaml, objects: &[Yaml]) -> Vec<String> {
    let spec = &o["spec"];
    let group = |d: &'_ Yaml| d["spec"]["leaderWorkerTemplate"]["leaderTemplate"].clone();
    let templates = objects.iter().flat_map(|d| [d["spec"]["template"].clone(), group(d)]);
    let mut chosen = templates.filter(|t| within(&spec["selector"], t));
    let wanted: Vec<&str> = items(&spec["ports"]).iter().filter_map(|p| p["targetPort"].as_str()).collect();
    let served = chosen.any(|t| wanted.iter().all(|p| ports(&t).contains(p)));
    if served { Vec::new() } else { vec!["a Service finds no pods with its ports".to_owned()] }
}
