//! The JSON Schema that editors read is the language's own, and the examples are of that shape.

// A test may fail by panic; that is how it reports.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use gigatwin_factory::document::{RawTable, RawValue, read};
use gigatwin_factory::language::{FACTORY_FILE, Need, Table, Takes};
use gigatwin_factory::schema;
use serde_json::Value;

/// The schema as checked in, at the root of the repository.
const FILE: &str = "gigatwin.schema.json";

#[test]
fn the_checked_in_schema_is_that_of_the_language() {
    let path = common::root().join(FILE);
    // A package of the crate alone does not carry the file.
    let Ok(text) = std::fs::read_to_string(&path) else { return };
    let checked_in: Value = serde_json::from_str(&text).unwrap();
    assert!(
        checked_in == schema(),
        "{FILE} is not up to date: write the output of `gigatwin schema` into it"
    );
}

#[test]
fn every_example_is_without_errors() {
    let examples = common::examples();
    assert!(examples.len() >= 4, "only {} examples", examples.len());
    for (name, text) in examples {
        let loaded = common::loaded(&name, &text);
        assert_eq!(common::errors(&loaded), Vec::<String>::new(), "{name}");
        assert!(loaded.factory.is_some(), "{name}");
    }
}

#[test]
fn every_key_of_the_language_stands_in_the_schema() {
    same_keys(&FACTORY_FILE, &schema(), "");
}

/// Asserts that a table of the language and an object of the schema have the same keys, all the way down.
fn same_keys(table: &Table, object: &Value, path: &str) {
    let properties = object["properties"].as_object().unwrap_or_else(|| panic!("{path} has no properties"));
    assert_eq!(object["additionalProperties"], Value::Bool(false), "{path} lets unknown keys pass");
    assert_eq!(properties.len(), table.fields.len(), "{path}");
    let required: Vec<&str> =
        object["required"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    for field in table.fields {
        let path = format!("{path}.{}", field.key);
        let property = properties.get(field.key).unwrap_or_else(|| panic!("{path} is not in the schema"));
        assert_eq!(required.contains(&field.key), field.need == Need::Required, "{path}");
        assert!(
            property["description"].as_str().is_some_and(|d| d.starts_with(field.doc)),
            "{path} is not described"
        );
        match field.takes {
            Takes::Table(inner) => same_keys(inner, property, &path),
            Takes::Tables(inner) => same_keys(inner, &property["items"], &path),
            Takes::Named(inner) => same_keys(inner, &property["additionalProperties"], &path),
            _ => {}
        }
    }
}

#[test]
fn the_schema_accepts_the_examples() {
    let schema = schema();
    for (name, text) in common::examples() {
        let document = read(&name, text.into_bytes(), &|_, _| Err("nothing is read here".to_owned()));
        let mut faults = Vec::new();
        validate(&json(&document.table), &schema, &schema, &name, &mut faults);
        assert_eq!(faults, Vec::<String>::new());
    }
}

#[test]
fn the_schema_rejects_what_the_language_rejects() {
    let schema = schema();
    for wrong in ["{}", "{\"format\": 1, \"unknown\": 2}", "{\"format\": \"one\"}", "[]"] {
        let mut faults = Vec::new();
        validate(&serde_json::from_str(wrong).unwrap(), &schema, &schema, "file", &mut faults);
        assert!(!faults.is_empty(), "{wrong} passes");
    }
}

fn json(table: &RawTable) -> Value {
    fn value(raw: &RawValue) -> Value {
        match raw {
            RawValue::Text(text) => text.clone().into(),
            RawValue::Number(n) if n.fract() == 0.0 => (*n as i64).into(),
            RawValue::Number(n) => (*n).into(),
            RawValue::Bool(b) => (*b).into(),
            RawValue::List(items) => items.iter().map(|i| value(&i.value)).collect(),
            RawValue::Table(table) => json(table),
            RawValue::Broken => panic!("broken syntax"),
        }
    }
    table
        .iter()
        .map(|(key, node)| (key.clone(), value(&node.value)))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// The part of JSON Schema that this schema uses.
fn validate(value: &Value, schema: &Value, root: &Value, path: &str, faults: &mut Vec<String>) {
    if let Some(reference) = schema["$ref"].as_str() {
        let definition = &root["$defs"][reference.trim_start_matches("#/$defs/")];
        return validate(value, definition, root, path, faults);
    }
    if let Some(choices) = schema["anyOf"].as_array() {
        let fits = |choice: &Value| {
            let mut own = Vec::new();
            validate(value, choice, root, path, &mut own);
            own.is_empty()
        };
        if !choices.iter().any(fits) {
            faults.push(format!("{path}: {value} fits none of the choices"));
        }
    }
    if let Some(words) = schema["enum"].as_array()
        && !words.contains(value)
    {
        faults.push(format!("{path}: {value} is none of {words:?}"));
    }
    let types: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let is = |kind: &&str| match *kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "number" => value.is_number(),
        "integer" => value.is_i64(),
        "boolean" => value.is_boolean(),
        other => panic!("{path}: the schema names the type {other}"),
    };
    if !types.is_empty() && !types.iter().any(is) {
        faults.push(format!("{path}: {value} is no {types:?}"));
        return;
    }
    if let (Some(least), Some(number)) = (schema["minimum"].as_f64(), value.as_f64())
        && number < least
    {
        faults.push(format!("{path}: {number} is below {least}"));
    }
    if let Some(items) = value.as_array() {
        for (i, item) in items.iter().enumerate() {
            validate(item, &schema["items"], root, &format!("{path}.{}", i + 1), faults);
        }
    }
    let Some(object) = value.as_object() else { return };
    for key in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if !object.contains_key(key) {
            faults.push(format!("{path}: {key} is missing"));
        }
    }
    for (key, item) in object {
        let inside = format!("{path}.{key}");
        match (schema["properties"].get(key), &schema["additionalProperties"]) {
            (Some(property), _) => validate(item, property, root, &inside, faults),
            (None, Value::Bool(false)) => faults.push(format!("{inside} is unknown")),
            (None, named @ Value::Object(_)) => validate(item, named, root, &inside, faults),
            _ => {}
        }
    }
}
