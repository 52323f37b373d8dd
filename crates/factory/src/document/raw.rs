use indexmap::IndexMap;

use crate::diagnostic::Span;

/// A value as written, with its place.
#[derive(Debug, Clone)]
pub struct RawNode {
    /// The value.
    pub value: RawValue,
    /// Where it stands.
    pub span: Span,
    /// Where its key stands (its own place for list items).
    pub key_span: Span,
}

/// What TOML can say.
#[derive(Debug, Clone)]
pub enum RawValue {
    /// Text.
    Text(String),
    /// A number, integer or float.
    Number(f64),
    /// A flag.
    Bool(bool),
    /// A list.
    List(Vec<RawNode>),
    /// A table.
    Table(RawTable),
    /// Something on a line of broken syntax: it is there, but what it says is not known.
    Broken,
}

/// Keys in the order written.
pub type RawTable = IndexMap<String, RawNode>;

impl RawValue {
    /// The type's name in messages.
    pub fn word(&self) -> &'static str {
        match self {
            RawValue::Text(_) => "text",
            RawValue::Number(_) => "a number",
            RawValue::Bool(_) => "true or false",
            RawValue::List(_) => "a list",
            RawValue::Table(_) => "a table",
            RawValue::Broken => "broken syntax",
        }
    }
}

/// Lays `over` on `base`: tables merge key by key, lists of named tables merge by name, all else is replaced.
pub fn layer(base: &mut RawTable, over: RawTable) {
    for (key, node) in over {
        match base.get_mut(&key) {
            Some(below) => layer_node(below, node),
            None => {
                base.insert(key, node);
            }
        }
    }
}

fn layer_node(below: &mut RawNode, over: RawNode) {
    match (&mut below.value, over.value) {
        (RawValue::Table(a), RawValue::Table(b)) => {
            below.span = over.span;
            below.key_span = over.key_span;
            layer(a, b);
        }
        (RawValue::List(a), RawValue::List(b)) if b.iter().all(|n| name_of(n).is_some()) && !b.is_empty() => {
            for item in b {
                match a.iter_mut().find(|n| name_of(n) == name_of(&item)) {
                    Some(same) => layer_node(same, item),
                    None => a.push(item),
                }
            }
        }
        (_, value) => *below = RawNode { value, span: over.span, key_span: over.key_span },
    }
}

fn name_of(node: &RawNode) -> Option<&str> {
    match &node.value {
        RawValue::Table(t) => match t.get("name").map(|n| &n.value) {
            Some(RawValue::Text(name)) => Some(name),
            _ => None,
        },
        _ => None,
    }
}
