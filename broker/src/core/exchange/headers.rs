//! Header bindings: a message goes where its headers agree with the binding's arguments, all of them or any
//! (AMQP 0-9-1, 3.1.3.4, and RabbitMQ's `x-match`).
//!
//! Every pattern is looked at for every message, as in RabbitMQ: routing is linear in the number of patterns.

use std::collections::BTreeMap;

use crate::amqp::codec::{Table, Value};
use crate::core::binding::{Pattern, Target, Targets};
use crate::core::command::Refusal;

/// Patterns of headers, and what is bound with them.
#[derive(Debug, Default)]
pub(super) struct HeaderBindings {
    patterns: BTreeMap<Pattern, Targets>,
}

impl HeaderBindings {
    /// Tells `found` what is bound with patterns that match.
    pub fn route(&self, headers: Table<'_>, found: impl FnMut(Target)) {
        let matching = self.patterns.iter().filter(|(pattern, _)| matches(pattern.arguments(), headers));
        matching.flat_map(|(_, targets)| targets.iter()).for_each(found);
    }

    /// What is bound.
    pub fn targets(&self) -> impl Iterator<Item = Target> {
        self.patterns.values().flat_map(Targets::iter)
    }

    /// Whether nothing is bound.
    pub fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    /// Adds a binding.
    pub fn bind(&mut self, target: Target, pattern: &Pattern) {
        self.patterns.entry(pattern.clone()).or_default().insert(target);
    }

    /// Removes a binding that is there.
    pub fn unbind(&mut self, target: Target, pattern: &Pattern) {
        if let Some(targets) = self.patterns.get_mut(pattern) {
            targets.remove(target);
            if targets.is_empty() {
                self.patterns.remove(pattern);
            }
        }
    }
}

/// What `x-match` can say: whether one header is enough, and whether arguments that begin with `x-` count.
fn match_rule(name: &str) -> Option<(bool, bool)> {
    match name {
        "all" => Some((false, false)),
        "any" => Some((true, false)),
        "all-with-x" => Some((false, true)),
        "any-with-x" => Some((true, true)),
        _ => None,
    }
}

/// Checks the arguments of a binding to a headers exchange.
pub(in crate::core) fn check_match(arguments: Table<'_>) -> Result<(), Refusal> {
    let text = match arguments.get("x-match") {
        None => return Ok(()),
        Some(Value::LongString(name)) if str::from_utf8(name).ok().and_then(match_rule).is_some() => return Ok(()),
        Some(Value::LongString(name)) => {
            format!("value <<\"{}\">>; expected all, any, all-with-x, or any-with-x", name.escape_ascii())
        }
        Some(other) => format!("type {}; expected longstr", other.type_name()),
    };
    Err(Refusal::InvalidBinding(format!("Invalid x-match field {text}")))
}

/// Whether a message with these headers goes where these arguments say. Without `x-match` it is `all`.
fn matches(arguments: Table<'_>, headers: Table<'_>) -> bool {
    let rule = arguments.get("x-match").and_then(Value::as_str).and_then(match_rule);
    let (is_any, with_x) = rule.unwrap_or((false, false));
    let wanted = |name: &[u8]| name != b"x-match" && (with_x || !name.starts_with(b"x-"));
    let mut arguments = arguments.iter().filter(|(name, _)| wanted(name));
    let agrees = |(name, argument)| headers.iter().any(|(header, value)| header == name && equal(argument, value));
    if is_any { arguments.any(agrees) } else { arguments.all(agrees) }
}

/// Whether a header has the value that an argument asks for. Numbers of any width are equal if their values are; an
/// argument without a value asks for no more than the header's presence.
fn equal(argument: Value<'_>, value: Value<'_>) -> bool {
    let float = |value| match value {
        Value::Float(float) => Some(f64::from(float)),
        Value::Double(float) => Some(float),
        _ => None,
    };
    match (argument.as_integer(), value.as_integer()) {
        (Some(argument), Some(value)) => argument == value,
        _ if float(argument).is_some() => float(argument) == float(value),
        _ => argument == Value::Void || argument == value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::amqp::codec::TableBuilder;

    fn table(entries: &[(&str, Value<'_>)]) -> TableBuilder {
        let mut table = TableBuilder::new();
        for (name, value) in entries {
            table.insert(name, *value);
        }
        table
    }

    fn text(text: &str) -> Value<'_> {
        Value::LongString(text.as_bytes())
    }

    #[test]
    fn all_asks_for_every_argument_and_any_for_one() {
        let headers = table(&[("a", text("1")), ("b", text("2"))]);
        for (rule, arguments, expected) in [
            ("all", &[("a", text("1")), ("b", text("2"))][..], true),
            ("all", &[("a", text("1")), ("c", text("3"))], false),
            ("all", &[("a", text("2"))], false),
            ("all", &[], true),
            ("any", &[("a", text("1")), ("c", text("3"))], true),
            ("any", &[("a", text("2")), ("c", text("3"))], false),
            ("any", &[], false),
        ] {
            let mut arguments = table(arguments);
            arguments.insert("x-match", text(rule));
            assert_eq!(matches(arguments.as_table(), headers.as_table()), expected, "{rule} {arguments:?}");
        }
        assert!(matches(table(&[("a", text("1"))]).as_table(), headers.as_table()), "all is what is not said");
    }

    #[test]
    fn values_agree_by_what_they_mean() {
        let agrees = |argument, value| matches(table(&[("h", argument)]).as_table(), table(&[("h", value)]).as_table());
        assert!(agrees(Value::ShortShortInt(5), Value::LongLongInt(5)));
        assert!(agrees(Value::Float(0.5), Value::Double(0.5)));
        assert!(agrees(Value::Void, text("anything")));
        assert!(!agrees(Value::LongInt(1), text("1")));
        assert!(!agrees(Value::Boolean(true), Value::LongInt(1)));
        assert!(!agrees(text("a"), Value::Void));
    }

    #[test]
    fn arguments_that_begin_with_x_count_only_when_asked_for() {
        let headers = table(&[("x-key", text("1"))]);
        let with = |rule| table(&[("x-match", text(rule)), ("x-key", text("1"))]);
        let wrong = |rule| table(&[("x-match", text(rule)), ("x-key", text("2"))]);
        assert!(!matches(with("any").as_table(), headers.as_table()));
        assert!(matches(with("any-with-x").as_table(), headers.as_table()));
        assert!(matches(wrong("all").as_table(), headers.as_table()));
        assert!(!matches(wrong("all-with-x").as_table(), headers.as_table()));
    }

    #[test]
    fn another_rule_is_refused() {
        for rule in ["all", "any", "all-with-x", "any-with-x"] {
            assert!(check_match(table(&[("x-match", text(rule))]).as_table()).is_ok());
        }
        let refusal = check_match(table(&[("x-match", text("some"))]).as_table());
        let words = "Invalid x-match field value <<\"some\">>; expected all, any, all-with-x, or any-with-x";
        assert_eq!(refusal, Err(Refusal::InvalidBinding(words.into())));
        assert!(check_match(table(&[("x-match", Value::LongInt(1))]).as_table()).is_err());
    }
}
