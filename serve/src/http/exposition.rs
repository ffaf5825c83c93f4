//! Prometheus' text format, version 0.0.4.

use std::fmt::{Display, Write as _};

/// Metrics, as text.
#[derive(Debug, Default)]
pub(super) struct Exposition {
    text: String,
}

impl Exposition {
    /// A gauge without labels.
    pub fn gauge(&mut self, name: &str, help: &str, value: impl Display) {
        self.family(name, "gauge", help, [(Vec::new(), value)]);
    }

    /// A counter without labels.
    pub fn counter(&mut self, name: &str, help: &str, value: u64) {
        self.family(name, "counter", help, [(Vec::new(), value)]);
    }

    /// A metric with all its samples, each with its labels. One without samples is not mentioned.
    pub fn family<'a, V: Display>(
        &mut self,
        name: &str,
        kind: &str,
        help: &str,
        samples: impl IntoIterator<Item = (Vec<(&'a str, &'a str)>, V)>,
    ) {
        let mut samples = samples.into_iter().peekable();
        if samples.peek().is_none() {
            return;
        }
        // Writing into a String does not fail.
        let _ = writeln!(self.text, "# TYPE {name} {kind}\n# HELP {name} {help}");
        for (labels, value) in samples {
            let labels: Vec<String> =
                labels.iter().map(|(label, value)| format!("{label}=\"{}\"", escaped(value))).collect();
            let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
            let _ = writeln!(self.text, "{name}{labels} {value}");
        }
    }

    /// What was written.
    pub fn into_text(self) -> String {
        self.text
    }
}

/// A label's value, as it stands between quotes.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_stand_below_their_type_and_help_with_their_labels_escaped() {
        let mut exposition = Exposition::default();
        exposition.gauge("connections", "Connections open", 3);
        exposition.family("ready", "gauge", "Ready", [(vec![("queue", "a\"b\\c\nd"), ("vhost", "/")], 7)]);
        exposition.family("absent", "gauge", "Nothing", Vec::<(_, u64)>::new());
        let expected = "# TYPE connections gauge\n# HELP connections Connections open\nconnections 3\n\
                        # TYPE ready gauge\n# HELP ready Ready\nready{queue=\"a\\\"b\\\\c\\nd\",vhost=\"/\"} 7\n";
        assert_eq!(exposition.into_text(), expected);
    }
}
