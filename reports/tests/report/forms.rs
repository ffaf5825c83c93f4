//! The forms agree with each other, and none of them lets a text become markup.

use std::path::Path;

use handoff_reports::from_json;
use handoff_reports::model::Results;
use serde_json::Value;

use crate::{Report, SAMPLE, between, sample};

const HOSTILE: &str = "<b>|\"'&`_*</script>";

/// The sample with something hostile in every text that is free.
fn hostile() -> Results {
    let mut document: Value = serde_json::from_str(SAMPLE).expect("the sample is JSON");
    poison("", &mut document);
    from_json(&document.to_string(), Path::new("hostile.json")).expect("only texts were changed")
}

fn poison(key: &str, value: &mut Value) {
    match value {
        Value::String(text) => {
            let is_a_choice = matches!(key, "architecture" | "clock" | "verdict" | "jobs" | "bystanders" | "paths")
                || (key == "name" && matches!(text.as_str(), "lost" | "duplicated" | "order" | "recovery"));
            if !is_a_choice {
                text.push_str(HOSTILE);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| poison(key, item)),
        Value::Object(fields) => fields.iter_mut().for_each(|(name, field)| poison(name, field)),
        _ => {}
    }
}

#[test]
fn no_text_becomes_markup() {
    let report = Report::of(&hostile(), "hostile");
    assert!(!report.html.contains("<b>"));
    assert_eq!(report.html.matches("</script>").count(), 2, "the page's own, and one trace");
    for (name, chart) in &report.charts {
        assert!(!chart.contains("<b>"), "{name}");
        assert!(name.chars().all(|character| character.is_ascii_alphanumeric() || "-.".contains(character)), "{name}");
    }
    let outside_fences: String = report.markdown.split("```").step_by(2).collect();
    let outside_code: String = outside_fences.split("``").step_by(2).collect();
    assert!(outside_code.contains("\\<b\\>"));
    assert!(!outside_code.contains("<b>"));
}

#[test]
fn a_hostile_text_does_not_break_a_markdown_table() {
    let report = Report::of(&hostile(), "hostile-tables");
    let columns = |line: &str| line.replace("\\|", "").matches('|').count();
    let mut lines = report.markdown.lines().peekable();
    while let Some(line) = lines.next() {
        if let Some(next) = lines.peek().filter(|next| line.starts_with('|') && next.starts_with('|')) {
            assert_eq!(columns(line), columns(next), "{line}\n{next}");
        }
    }
}

#[test]
fn the_markdown_has_every_scenario_and_every_chart_beside_it() {
    let results = sample();
    let report = Report::of(&results, "markdown");
    for scenario in &results.scenarios {
        assert!(report.markdown.contains(&scenario.title) && report.markdown.contains(&scenario.command));
    }
    let shown: Vec<&str> = between(&report.markdown, "](charts/", ")").collect();
    let written: Vec<&str> = report.charts.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(shown, written);
}

#[test]
fn the_markdown_shows_the_figures_of_the_page() {
    let report = Report::of(&sample(), "markdown-figures");
    let of_page = |heading: &str| {
        let row =
            between(&report.html, &format!("<th scope=\"row\">{heading}</th>"), "</tr>").next().map(str::to_owned);
        let row = row.unwrap_or_default();
        between(&row, "\">", "</data>").map(str::to_owned).collect::<Vec<_>>()
    };
    let row = format!("| p99 | {} |", of_page("p99").join(" | "));
    assert!(report.markdown.contains(&row), "{row}");
}

#[test]
fn a_chart_of_its_own_brings_its_styles() {
    let report = Report::of(&sample(), "charts");
    for (name, chart) in &report.charts {
        assert!(chart.starts_with("<svg xmlns=") && chart.trim_end().ends_with("</svg>"), "{name}");
        assert!(chart.contains("<style>") && chart.contains("color-scheme: light dark"), "{name}");
    }
    assert!(!between(&report.html, "<figure ", "</figure>").any(|figure| figure.contains("<style>")));
}
