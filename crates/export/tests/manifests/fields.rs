//! Manifests against the fields of their objects: compiled facts of published packages (`validation/exports/kubernetes_fields.csv`).

use std::collections::BTreeMap;
use std::sync::LazyLock;

use yaml_rust2::{Yaml, YamlLoader};

const TABLE: &str = include_str!("../../../../validation/exports/kubernetes_fields.csv");

/// What is known of a field.
struct Field {
    kind: &'static str,
    required: bool,
    rule: &'static str,
}

/// By object: its fields by path.
type Fields = BTreeMap<&'static str, BTreeMap<&'static str, Field>>;

static FIELDS: LazyLock<Fields> = LazyLock::new(|| {
    let mut all = Fields::new();
    for row in TABLE.lines().filter(|l| !l.starts_with('#')).skip(1) {
        let r: Vec<&str> = row.splitn(5, ',').collect();
        let field = Field { kind: r[2], required: r[3] == "required", rule: r[4] };
        all.entry(r[0]).or_default().insert(r[1], field);
    }
    all
});

/// Kind, version of its API, and whether its objects live in a namespace.
const KINDS: [(&str, &str, bool); 10] = [
    ("ClusterQueue", "kueue.x-k8s.io/v1beta2", false),
    ("Cohort", "kueue.x-k8s.io/v1beta2", false),
    ("LocalQueue", "kueue.x-k8s.io/v1beta2", true),
    ("ResourceFlavor", "kueue.x-k8s.io/v1beta2", false),
    ("Topology", "kueue.x-k8s.io/v1beta2", false),
    ("WorkloadPriorityClass", "kueue.x-k8s.io/v1beta2", false),
    ("LeaderWorkerSet", "leaderworkerset.x-k8s.io/v1", true),
    ("Deployment", "apps/v1", true),
    ("Service", "v1", true),
    ("Namespace", "v1", false),
];

/// The objects of a file, or why it is no YAML.
pub fn objects(text: &str) -> Result<Vec<Yaml>, String> {
    YamlLoader::load_from_str(text).map_err(|e| e.to_string())
}

/// What the API server would refuse of each object by itself, with its place.
pub fn faults(text: &str) -> Vec<String> {
    let list = match objects(text) {
        Ok(list) => list,
        Err(e) => return vec![e],
    };
    let mut found = truth_words(text);
    for object in &list {
        let kind = object["kind"].as_str().unwrap_or("nothing");
        let Some((_, version, inside)) = KINDS.iter().find(|k| k.0 == kind) else {
            found.push(format!("{kind} is not in the table"));
            continue;
        };
        if object["apiVersion"].as_str() != Some(version) {
            found.push(format!("{kind}: the table has it of {version}"));
        }
        if !inside && !object["metadata"]["namespace"].is_badvalue() {
            found.push(format!("{kind}: objects of a cluster have no namespace"));
        }
        let longest = if ["Namespace", "Service", "LeaderWorkerSet"].contains(&kind) { 63 } else { 253 };
        let name = object["metadata"]["name"].as_str().unwrap_or_default();
        let letter = !["Service", "LeaderWorkerSet"].contains(&kind)
            || name.starts_with(|c: char| c.is_ascii_lowercase());
        if !(subdomain(name, longest) && letter) {
            found.push(format!("{kind}: {name:?} is no name"));
        }
        walk(kind, "", object, &mut found);
    }
    found
}

/// Kubernetes reads YAML 1.1, where these words without quotes are truth values.
fn truth_words(text: &str) -> Vec<String> {
    let plain = |l: &&str| {
        let value = l.rsplit_once(": ").map_or_else(|| l.trim().trim_start_matches("- "), |v| v.1);
        ["y", "n", "yes", "no", "on", "off"].contains(&value.to_lowercase().as_str())
    };
    text.lines().filter(plain).map(|l| format!("{:?} is a truth value", l.trim())).collect()
}

/// Fields of an object at a path below `object` of the table.
fn walk(object: &str, at: &str, node: &Yaml, found: &mut Vec<String>) {
    let Some(fields) = FIELDS.get(object) else { return found.push(format!("{object} is not in the table")) };
    let Some(map) = node.as_hash() else { return found.push(format!("{object} {at}: no map")) };
    let top = at.is_empty();
    for (key, value) in map {
        let Some(key) = key.as_str() else {
            found.push(format!("{object} {at}: {key:?} is no key"));
            continue;
        };
        if top && ["apiVersion", "kind"].contains(&key) && KINDS.iter().any(|k| k.0 == object) {
            continue;
        }
        if top && key == "metadata" {
            walk("ObjectMeta", "", value, found);
            continue;
        }
        let path = if top { key.to_owned() } else { format!("{at}.{key}") };
        match fields.get(path.as_str()) {
            None => found.push(format!("{object} has no {path}")),
            Some(field) => hold(object, &path, field, value, found),
        }
    }
    for (path, _) in fields.iter().filter(|f| f.1.required) {
        let (above, key) = path.rsplit_once('.').unwrap_or(("", path));
        if above == at && node[key].is_badvalue() {
            found.push(format!("{object} {path} is missing"));
        }
    }
}

/// A value against its type and rule, and what lies below it.
fn hold(object: &str, path: &str, field: &Field, value: &Yaml, found: &mut Vec<String>) {
    if let Some(items) = value.as_vec().filter(|_| field.kind.ends_with("[]")) {
        if let Some((low, high)) = range(field.rule, "items ")
            && !(low..=high).contains(&items.len())
        {
            found.push(format!("{object} {path}: {} of {}", items.len(), field.rule));
        }
        let item = Field { kind: field.kind.trim_end_matches("[]"), required: false, rule: "" };
        for one in items {
            hold(object, &format!("{path}[]"), &item, one, found);
        }
        return;
    }
    let fits = match (field.kind, value) {
        ("any", _) => true,
        ("string", Yaml::String(s)) => keeps(field.rule, s),
        ("integer", Yaml::Integer(_)) | ("boolean", Yaml::Boolean(_)) => true,
        ("int-or-string", Yaml::Integer(_) | Yaml::String(_)) => true,
        ("quantity", Yaml::Integer(n)) => *n >= 0,
        ("quantity", Yaml::String(s)) => quantity(s),
        // Labels and annotations are text; amounts of resources quantities.
        ("map", Yaml::Hash(map)) => {
            let amounts = path.ends_with("limits") || path.ends_with("requests");
            let labels = path.ends_with("abels") || path.ends_with("selector");
            let kept = range(field.rule, "items ").is_none_or(|(_, high)| map.len() <= high);
            kept && map.iter().all(|(k, v)| match (k.as_str(), v) {
                (Some(k), Yaml::String(s)) => {
                    label_name(k) && (!labels || s.is_empty() || label(s)) && (!amounts || quantity(s))
                }
                (Some(k), Yaml::Integer(n)) => amounts && label_name(k) && *n >= 0,
                _ => false,
            })
        }
        ("object", Yaml::Hash(_)) => {
            if [".template", ".leaderTemplate", ".workerTemplate"].iter().any(|end| path.ends_with(end)) {
                walk("PodTemplate", "", value, found);
            } else {
                walk(object, path, value, found);
            }
            true
        }
        _ => false,
    };
    if !fits {
        found.push(format!("{object} {path} is a {} {}, not {value:?}", field.kind, field.rule));
    }
}

/// Does a text keep the rule of its field?
fn keeps(rule: &str, text: &str) -> bool {
    if let Some(words) = rule.strip_prefix("one of ") {
        return words.split('|').any(|w| w == text);
    }
    let most = |word: &str| rule.strip_prefix(word).and_then(|n| n.parse::<usize>().ok());
    most("name ").is_none_or(|n| subdomain(text, n))
        && most("label ").is_none_or(|n| text.len() <= n && label_name(text))
        && most("length ").is_none_or(|n| text.chars().count() <= n)
}

fn range(rule: &str, word: &str) -> Option<(usize, usize)> {
    let (low, high) = rule.strip_prefix(word)?.split_once('-')?;
    Some((low.parse().ok()?, high.parse().ok()?))
}

/// A DNS subdomain (RFC 1123).
fn subdomain(text: &str, longest: usize) -> bool {
    let part = |p: &str| {
        let inside = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        !p.is_empty() && p.chars().all(inside) && !p.starts_with('-') && !p.ends_with('-')
    };
    text.len() <= longest && text.split('.').all(part)
}

/// A name between letters or digits.
fn label(text: &str) -> bool {
    let ends = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    text.len() <= 63
        && ends(text.chars().next())
        && ends(text.chars().last())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
}

/// A label's key or a resource: a name, after a subdomain and a slash or not.
fn label_name(text: &str) -> bool {
    text.split_once('/').map_or_else(|| label(text), |(domain, name)| subdomain(domain, 253) && label(name))
}

/// A number with a suffix of the SI or a binary one.
fn quantity(text: &str) -> bool {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let suffix = &text[digits.len()..];
    digits.parse::<f64>().is_ok_and(|v| v >= 0.0)
        && ["", "n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"]
            .contains(&suffix)
}
