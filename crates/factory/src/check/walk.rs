use gigatwin_quantity::Dim;

use super::node::{Node, TableNode};
use super::quantity::quantity;
use crate::diagnostic::{Diagnostic, Span};
use crate::document::{RawNode, RawTable, RawValue};
use crate::language::{Field, Need, Table, Takes};

/// Checks a table of the document against its declaration. What cannot be understood is reported and left out, so that
/// all faults of a file come at once.
pub fn check(raw: &RawTable, span: Span, table: &'static Table, out: &mut Vec<Diagnostic>) -> TableNode {
    let mut node = TableNode { span, ..TableNode::default() };
    for (key, value) in raw {
        match table.field(key) {
            Some(field) => {
                if let Some(checked) = check_value(value, field, out) {
                    node.fields.insert(field.key, checked);
                }
            }
            None => out.push(unknown_key(key, value.key_span, table)),
        }
    }
    for field in table.fields {
        if field.need == Need::Required && !raw.contains_key(field.key) {
            let message = format!("{} is missing", field.key);
            out.push(Diagnostic::error("G102", span, message, format!("{}: {}", field.key, field.doc)));
        }
    }
    node
}

fn unknown_key(key: &str, span: Span, table: &'static Table) -> Diagnostic {
    let keys = table.fields.iter().map(|f| f.key);
    let hint = match nearest(key, keys.clone()) {
        Some(near) => format!("did you mean \"{near}\"?"),
        None => format!("allowed here: {}", keys.collect::<Vec<_>>().join(", ")),
    };
    Diagnostic::error("G101", span, format!("unknown key \"{key}\""), hint)
}

/// Entries in one list, beyond which a file is a mistake (and checking it would take long).
const MOST: usize = 500;

/// The nearest of several words, if any is near enough to be meant.
pub(crate) fn nearest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .map(|c| (strsim::damerau_levenshtein(&c.to_lowercase(), &word.to_lowercase()), c))
        .filter(|(d, c)| *d <= 1 + c.len().max(word.len()) / 4)
        .min_by_key(|(d, _)| *d)
        .map(|(_, c)| c)
}

fn check_value(value: &RawNode, field: &'static Field, out: &mut Vec<Diagnostic>) -> Option<Node> {
    let wrong = |expected: &str, out: &mut Vec<Diagnostic>| {
        let message = format!("{} wants {expected}, found {}", field.key, value.value.word());
        out.push(Diagnostic::error("G103", value.span, message, field.doc));
        None
    };
    match (field.takes, &value.value) {
        // Lists and tables keep what is whole in them; all else on a line of broken syntax has been reported.
        (_, RawValue::Broken) if !matches!(field.takes, Takes::Quantity(_)) => None,
        (Takes::Quantity(dim), _) => Some(Node::Quantity(quantity(value, dim, out))),
        (Takes::Whole(least), RawValue::Number(number)) => {
            let whole = number.fract() == 0.0 && *number <= f64::from(u32::MAX);
            if !whole || *number < f64::from(least) {
                let message =
                    format!("{} wants a whole number of at least {least}, found {number}", field.key);
                out.push(Diagnostic::error("G211", value.span, message, field.doc));
                return None;
            }
            Some(Node::Whole(*number as u32, value.span))
        }
        (Takes::Whole(_), _) => wrong("a whole number", out),
        (Takes::Text | Takes::Catalog(_) | Takes::Name(_), RawValue::Text(text)) => {
            if text.trim().is_empty() {
                out.push(Diagnostic::error("G104", value.span, format!("{} is empty", field.key), field.doc));
                return None;
            }
            Some(Node::Text(text.clone(), value.span))
        }
        (Takes::Text | Takes::Catalog(_) | Takes::Name(_), _) => wrong("text", out),
        (Takes::Word(words), RawValue::Text(text)) => word(text, words, value, field, out),
        (Takes::Word(_), _) => wrong("a word", out),
        (Takes::WordOrShare(words), RawValue::Text(text)) => {
            if words.contains(&text.as_str()) || !text.trim_end().ends_with('%') {
                return word(text, words, value, field, out);
            }
            Some(Node::Quantity(quantity(value, Dim::Share, out)))
        }
        (Takes::WordOrShare(_), RawValue::Number(_) | RawValue::Table(_)) => {
            Some(Node::Quantity(quantity(value, Dim::Share, out)))
        }
        (Takes::WordOrShare(_), _) => wrong("a word or a share", out),
        (Takes::Flag, RawValue::Bool(flag)) => Some(Node::Flag(*flag, value.span)),
        (Takes::Flag, _) => wrong("true or false", out),
        (Takes::CatalogList(_), RawValue::List(items)) => {
            let mut ids = Vec::new();
            for item in items {
                match &item.value {
                    RawValue::Text(id) => ids.push((id.clone(), item.span)),
                    RawValue::Broken => {}
                    other => {
                        let message =
                            format!("{} wants a list of ids, found {} in it", field.key, other.word());
                        out.push(Diagnostic::error("G103", item.span, message, field.doc));
                    }
                }
            }
            Some(Node::Texts(ids))
        }
        (Takes::CatalogList(_), _) => wrong("a list of ids", out),
        (Takes::Table(table), RawValue::Table(raw)) => Some(Node::Table(check(raw, value.span, table, out))),
        (Takes::Table(_), _) => wrong("a table", out),
        (Takes::Tables(_), RawValue::List(items)) if items.len() > MOST => {
            let message = format!("{} has {} entries; a site has at most {MOST}", field.key, items.len());
            out.push(Diagnostic::error("G210", value.span, message, "merge entries that are alike"));
            None
        }
        (Takes::Tables(table), RawValue::List(items)) => {
            let mut tables = Vec::new();
            for item in items {
                match &item.value {
                    RawValue::Table(raw) => tables.push(check(raw, item.span, table, out)),
                    RawValue::Broken => {}
                    other => {
                        let message =
                            format!("{} wants a list of tables, found {} in it", field.key, other.word());
                        out.push(Diagnostic::error("G103", item.span, message, field.doc));
                    }
                }
            }
            Some(Node::Tables(tables))
        }
        (Takes::Tables(_), RawValue::Table(_)) => {
            let message = format!("{} is a list: each one stands under [[{}]]", field.key, field.key);
            out.push(Diagnostic::error(
                "G103",
                value.key_span,
                message,
                format!("write [[{}]] with double brackets", field.key),
            ));
            None
        }
        (Takes::Tables(_), _) => wrong("a list of tables", out),
        (Takes::Named(table), RawValue::Table(raw)) => {
            let mut named = Vec::new();
            for (name, item) in raw {
                match &item.value {
                    RawValue::Table(inner) => {
                        named.push((name.clone(), item.key_span, check(inner, item.span, table, out)));
                    }
                    RawValue::Broken => {}
                    other => {
                        let message = format!("{}.{name} wants a table, found {}", field.key, other.word());
                        out.push(Diagnostic::error(
                            "G103",
                            item.span,
                            message,
                            format!("write [{}.{name}]", field.key),
                        ));
                    }
                }
            }
            Some(Node::Named(named))
        }
        (Takes::Named(_), _) => wrong("named tables", out),
    }
}

fn word(
    text: &str,
    words: &'static [&'static str],
    value: &RawNode,
    field: &'static Field,
    out: &mut Vec<Diagnostic>,
) -> Option<Node> {
    if words.contains(&text) {
        return Some(Node::Text(text.to_owned(), value.span));
    }
    let hint = match nearest(text, words.iter().copied()) {
        Some(near) => format!("did you mean \"{near}\"?"),
        None => format!("one of: {}", words.join(", ")),
    };
    out.push(Diagnostic::error("G104", value.span, format!("{} cannot be \"{text}\"", field.key), hint));
    None
}
