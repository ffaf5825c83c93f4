//! What stands on the page, and that it is what the results say.

use std::collections::BTreeSet;

use handoff_reports::model::{Architecture, Clock, Percentiles, Results};
use serde_json::Value;

use crate::{Report, between, sample};

/// Every figure on the page: where it stands in the results, its exact value, and its text.
fn figures(html: &str) -> Vec<(String, String, String)> {
    let figure = |element: &str| {
        let (value, rest) = element.split_once("\" data-at=\"")?;
        let (pointer, text) = rest.split_once("\">")?;
        Some((pointer.to_owned(), value.to_owned(), text.to_owned()))
    };
    between(html, "<data value=\"", "</data>").filter_map(figure).collect()
}

#[test]
fn every_figure_is_the_one_in_the_results() {
    let results = sample();
    let report = Report::of(&results, "page-figures");
    let document = serde_json::to_value(&results).expect("results are JSON");
    let figures = figures(&report.html);
    assert!(figures.len() > 200, "only {} figures found", figures.len());
    for (pointer, value, text) in figures {
        let expected = document.pointer(&pointer).and_then(Value::as_f64);
        assert_eq!(expected, value.parse().ok(), "{pointer}");
        let shown = text.replace(',', "").parse::<f64>();
        if let (Ok(shown), Some(expected)) = (shown, expected) {
            assert!((shown - expected).abs() <= expected.abs() * 0.006, "{pointer}: {text} for {expected}");
        }
    }
}

#[test]
fn no_figure_is_left_out() {
    let results = sample();
    let report = Report::of(&results, "page-complete");
    let shown: BTreeSet<String> = figures(&report.html).into_iter().map(|(pointer, ..)| pointer).collect();
    for pointer in expected_pointers(&results) {
        assert!(shown.contains(&pointer), "{pointer}");
    }
}

fn expected_pointers(results: &Results) -> Vec<String> {
    let percentiles = ["count", "p50", "p90", "p99", "p999", "max"];
    let counts = [
        "arrived",
        "accepted",
        "rejected",
        "failed",
        "timed_out",
        "completed",
        "lost",
        "duplicated",
        "dead_lettered",
        "attempts",
        "peak_backlog",
    ];
    let durations = ["response_ms", "completion_ms"];
    let durations = durations.iter().flat_map(|field| percentiles.map(|one| format!("{field}/{one}")));
    let mut fields: Vec<String> = durations.collect();
    let mut pointers = Vec::new();
    for (index, benchmark) in results.benchmarks.iter().enumerate() {
        let places = 0..benchmark.targets.len();
        pointers.extend(places.flat_map(|place| {
            let of_target = |field: &String| format!("/benchmarks/{index}/targets/{place}/{field}");
            fields.iter().map(of_target).collect::<Vec<_>>()
        }));
    }
    fields.extend(counts.map(str::to_owned));
    for (index, scenario) in results.scenarios.iter().enumerate() {
        let places = 0..scenario.architectures.len();
        pointers.extend(places.flat_map(|place| {
            let of_result = |field: &String| format!("/scenarios/{index}/architectures/{place}/{field}");
            fields.iter().map(of_result).collect::<Vec<_>>()
        }));
    }
    pointers
}

#[test]
fn every_scenario_has_a_chapter_with_all_architectures() {
    let results = sample();
    let report = Report::of(&results, "page-chapters");
    let chapters: Vec<&str> = report.html.split("<section class=\"chapter\"").skip(1).collect();
    for (scenario, chapter) in results.scenarios.iter().zip(chapters) {
        for text in [&scenario.title, &scenario.question, &scenario.command] {
            assert!(chapter.contains(text.as_str()), "{}: {text}", scenario.name);
        }
        for architecture in Architecture::ALL {
            let heading = format!("<th scope=\"col\">{}</th>", architecture.label());
            assert!(chapter.contains(&heading), "{}: {heading}", scenario.name);
        }
        for claim in &scenario.claims {
            assert!(chapter.contains(&claim.because), "{}: {}", scenario.name, claim.because);
        }
        assert_eq!(chapter.matches("<figure ").count(), 5, "{}", scenario.name);
    }
}

#[test]
fn only_a_chapter_with_a_trace_can_be_played() {
    let report = Report::of(&sample(), "page-traces");
    assert_eq!(report.html.matches("<script type=\"application/json\" class=\"trace\">").count(), 1);
    assert_eq!(report.html.matches("class=\"scrubber\"").count(), 1);
    assert!(report.html.contains("One job in 2 is drawn"));
}

#[test]
fn a_verdict_that_is_not_valid_comes_with_what_shows_it_and_the_command_for_it() {
    let results = sample();
    let report = Report::of(&results, "page-witnesses");
    let guarantees = results.scenarios.iter().flat_map(|scenario| &scenario.architectures);
    let witnessed: Vec<_> =
        guarantees.flat_map(|result| &result.guarantees).filter(|guarantee| guarantee.witness.is_some()).collect();
    assert!(!witnessed.is_empty());
    for guarantee in witnessed {
        for text in [&guarantee.reason, &guarantee.replay] {
            let text = text.as_deref().expect("the sample is whole");
            assert!(report.html.contains(text) && report.markdown.contains(text), "{text}");
        }
    }
}

#[test]
fn the_page_opens_on_the_answer() {
    let report = Report::of(&sample(), "page-answer");
    let cards: Vec<usize> = ["For a quick lookup", "for slow work", "for replay, and many readers"]
        .iter()
        .map(|headline| report.html.to_lowercase().find(&headline.to_lowercase()).expect("the card is there"))
        .collect();
    let first_chapter = report.html.find("class=\"chapter\"").expect("a chapter");
    assert!(cards.is_sorted() && cards.iter().all(|card| *card < first_chapter));
}

#[test]
fn a_card_without_its_scenario_says_so() {
    let mut results = sample();
    results.scenarios.retain(|scenario| scenario.name != "frozen-server");
    let report = Report::of(&results, "page-missing-scenario");
    assert_eq!(report.html.matches("No figure: not in this run.").count(), 6, "three for this, three for replay");
}

#[test]
fn results_of_nothing_are_still_a_report() {
    let mut results = sample();
    results.scenarios.clear();
    results.benchmarks.clear();
    results.defects.clear();
    results.exploration = None;
    results.theory.clear();
    results.systems = None;
    let report = Report::of(&results, "page-empty");
    assert_eq!(report.charts.len(), 0);
    for sentence in
        ["No benchmark was part", "No sweep was part", "No broken broker was part", "Theory was not compared"]
    {
        assert!(report.html.contains(sentence), "{sentence}");
        assert!(report.markdown.contains(sentence), "{sentence}");
    }
}

#[test]
fn percentiles_of_no_jobs_are_missing_not_zero() {
    let mut results = sample();
    results.scenarios[0].architectures[0].response_ms = Percentiles::default();
    let report = Report::of(&results, "page-no-jobs");
    let shown: Vec<_> = figures(&report.html).into_iter().map(|(pointer, ..)| pointer).collect();
    assert!(!shown.contains(&"/scenarios/0/architectures/0/response_ms/p50".to_owned()));
    assert!(shown.contains(&"/scenarios/0/architectures/0/response_ms/count".to_owned()));
}

#[test]
fn simulated_and_measured_time_share_no_chart() {
    let mut results = sample();
    results.scenarios[0].architectures[1].clock = Clock::Measured;
    let report = Report::of(&results, "page-clocks");
    let (simulated, measured) = (Clock::Simulated.label(), Clock::Measured.label());
    for (name, chart) in &report.charts {
        assert!(chart.contains(simulated) != chart.contains(measured), "{name}");
        let own = name.starts_with("scenario-quick-lookup");
        assert!(!own || chart.contains("queue\n") == chart.contains(measured), "{name}");
    }
    let measured_charts = report.charts.iter().filter(|(name, _)| name.ends_with("-measured.svg")).count();
    assert_eq!(measured_charts, 5);
}

#[test]
fn a_claim_that_could_not_be_judged_neither_holds_nor_fails() {
    let report = Report::of(&sample(), "page-unjudged");
    assert_eq!(report.html.matches("</span> not judged</span>").count(), 1);
    assert!(report.html.contains("6 of 8 claims hold, 1 not judged"));
}

#[test]
fn a_disagreement_with_theory_is_not_hidden() {
    let report = Report::of(&sample(), "page-theory");
    assert!(report.html.contains("1 of 2 figures agree") && report.html.contains("✗ no"));
}

#[test]
fn an_uncaught_defect_is_not_hidden() {
    let report = Report::of(&sample(), "page-defects");
    assert!(report.html.contains("✗ not caught"));
}
