//! JSON Schema of the factory file, made from the declaration of the language.

use serde_json::{Map, Value, json};

use crate::language::{FACTORY_FILE, Field, Need, Table, Takes};

/// The schema (draft 2020-12), for editors; `#:schema ./gigatwin.schema.json` in a file's first line uses it.
pub fn schema() -> Value {
    let mut root = table(&FACTORY_FILE);
    if let Value::Object(map) = &mut root {
        map.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
        map.insert("title".to_owned(), json!("gigatwin factory file"));
        map.insert("$defs".to_owned(), json!({ "quantity": quantity() }));
    }
    root
}

/// A number, a text with unit, or a range of either. Which units a key takes stands in its description; `gigatwin check`
/// tests them.
fn quantity() -> Value {
    let point = json!({ "type": ["string", "number"] });
    let of = |keys: &[&str]| {
        let properties: Map<String, Value> = keys.iter().map(|k| ((*k).to_owned(), point.clone())).collect();
        json!({ "type": "object", "properties": properties, "required": keys, "additionalProperties": false })
    };
    json!({ "anyOf": [
        { "type": "string" },
        { "type": "number" },
        of(&["low", "mode", "high"]),
        of(&["low", "high"]),
        of(&["p10", "p50", "p90"]),
    ] })
}

fn table(table: &Table) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for field in table.fields {
        properties.insert(field.key.to_owned(), property(field));
        if field.need == Need::Required {
            required.push(json!(field.key));
        }
    }
    json!({
        "type": "object",
        "description": table.doc,
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

fn property(field: &Field) -> Value {
    let mut doc = field.doc.to_owned();
    let mut value = match field.takes {
        Takes::Quantity(dim) => {
            doc.push_str(&format!(" Write {}.", dim.word()));
            json!({ "$ref": "#/$defs/quantity" })
        }
        Takes::Whole(least) => json!({ "type": "integer", "minimum": least }),
        Takes::Text | Takes::Name(_) => json!({ "type": "string", "minLength": 1 }),
        Takes::Word(words) => json!({ "enum": words }),
        Takes::WordOrShare(words) => {
            json!({ "anyOf": [{ "enum": words }, { "$ref": "#/$defs/quantity" }] })
        }
        Takes::Flag => json!({ "type": "boolean" }),
        Takes::Catalog(kind) => {
            doc.push_str(&format!(" See gigatwin catalog list {}.", kind.folder()));
            json!({ "type": "string", "minLength": 1 })
        }
        Takes::CatalogList(kind) => {
            doc.push_str(&format!(" See gigatwin catalog list {}.", kind.folder()));
            json!({ "type": "array", "items": { "type": "string" } })
        }
        Takes::Table(inner) => table(inner),
        Takes::Tables(inner) => json!({ "type": "array", "items": table(inner) }),
        Takes::Named(inner) => json!({ "type": "object", "additionalProperties": table(inner) }),
    };
    match field.need {
        Need::Word(word) => doc.push_str(&format!(" Default: {word}.")),
        Need::Default(room, key) => doc.push_str(&format!(" Default: {room}.{key} of the catalog.")),
        Need::Required | Need::Optional => {}
    }
    if let Value::Object(map) = &mut value {
        map.insert("description".to_owned(), json!(doc));
    }
    value
}
