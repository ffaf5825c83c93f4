//! The written-down schema and the model say the same.
//!
//! What is checked here is only as much of JSON Schema as `results-3.json` uses.

use std::collections::BTreeSet;
use std::path::Path;

use handoff_reports::{from_json, to_json};
use serde_json::Value;

use crate::sample;

const SCHEMA: &str = include_str!("../../schema/results-3.json");

/// Walks a document along the schema.
struct Walk<'a> {
    schema: &'a Value,
    /// What does not fit, and where.
    misfits: Vec<String>,
    /// The properties met, by the definition they belong to.
    met: BTreeSet<(String, String)>,
    /// The fields met in the document: their object, their name, and whether the schema requires them.
    fields: Vec<(String, String, bool)>,
}

impl<'a> Walk<'a> {
    fn through(schema: &'a Value, document: &Value) -> Self {
        let mut walk = Walk { schema, misfits: Vec::new(), met: BTreeSet::new(), fields: Vec::new() };
        walk.visit(schema, "", document, "");
        walk
    }

    fn visit(&mut self, rule: &'a Value, definition: &str, value: &Value, at: &str) {
        if let Some(name) = rule["$ref"].as_str().and_then(|reference| reference.strip_prefix("#/$defs/")) {
            let schema = self.schema;
            return self.visit(&schema["$defs"][name], name, value, at);
        }
        if !fits(rule, value) {
            self.misfits.push(format!("{at}: {value}"));
        }
        match value {
            Value::Object(fields) => self.visit_fields(rule, definition, fields, at),
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    let rule = rule["prefixItems"].get(index).unwrap_or(&rule["items"]);
                    self.visit(rule, definition, item, &format!("{at}/{index}"));
                }
            }
            _ => {}
        }
    }

    fn visit_fields(&mut self, rule: &'a Value, definition: &str, fields: &serde_json::Map<String, Value>, at: &str) {
        let required =
            |name: &str| rule["required"].as_array().is_some_and(|names| names.iter().any(|one| one == name));
        for (name, field) in fields {
            self.met.insert((definition.into(), name.clone()));
            self.fields.push((at.into(), name.clone(), required(name)));
            match rule["properties"].get(name) {
                Some(rule) => self.visit(rule, definition, field, &format!("{at}/{name}")),
                None => self.misfits.push(format!("{at}/{name}: not in the schema")),
            }
        }
    }
}

fn fits(rule: &Value, value: &Value) -> bool {
    let of_type = match rule["type"].as_str() {
        None => true,
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("boolean") => value.is_boolean(),
        Some("integer") => value.is_u64(),
        Some("number") => value.is_number(),
        Some(other) => panic!("a type that this test does not know: {other}"),
    };
    let among = rule["enum"].as_array().is_none_or(|choices| choices.contains(value));
    let constant = rule.get("const").is_none_or(|constant| constant == value);
    of_type && among && constant
}

fn schema() -> Value {
    serde_json::from_str(SCHEMA).expect("the schema is JSON")
}

fn document() -> Value {
    serde_json::from_str(&to_json(&sample()).expect("the sample is JSON")).expect("JSON")
}

#[test]
fn what_is_written_fits_the_schema() {
    let (schema, document) = (schema(), document());
    assert_eq!(Walk::through(&schema, &document).misfits, Vec::<String>::new());
}

#[test]
fn a_misfit_is_seen() {
    let (schema, mut document) = (schema(), document());
    document["seed"] = "seven".into();
    document["scenarios"][0]["architectures"][0]["clock"] = "sundial".into();
    document["machine"]["colour"] = "grey".into();
    assert_eq!(Walk::through(&schema, &document).misfits.len(), 3);
}

#[test]
fn every_property_of_the_schema_is_a_field_of_the_model() {
    let (schema, document) = (schema(), document());
    let met = Walk::through(&schema, &document).met;
    for (definition, rule) in schema["$defs"].as_object().expect("definitions") {
        for name in rule["properties"].as_object().into_iter().flat_map(|properties| properties.keys()) {
            assert!(met.contains(&(definition.clone(), name.clone())), "{definition}.{name} is never written");
        }
    }
}

#[test]
fn the_model_requires_what_the_schema_requires() {
    let (schema, document) = (schema(), document());
    let mut seen = BTreeSet::new();
    for (at, name, required) in Walk::through(&schema, &document).fields {
        // Once for each kind of object and field: their places without the numbers.
        let kind: String = at.split('/').filter(|step| step.parse::<usize>().is_err()).collect::<Vec<_>>().join("/");
        if !seen.insert((kind, name.clone())) {
            continue;
        }
        let mut without = document.clone();
        let object = without.pointer_mut(&at).and_then(Value::as_object_mut).expect("an object");
        object.remove(&name);
        let read = from_json(&without.to_string(), Path::new("without.json"));
        assert_eq!(read.is_err(), required, "without {at}/{name}");
    }
}
