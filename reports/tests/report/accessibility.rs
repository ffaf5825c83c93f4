//! That the page needs nothing but itself, and can be read by everybody.

use std::collections::{BTreeMap, BTreeSet};

use handoff_reports::model::{Answer, Attempt, End, JobPath, write_jobs, write_paths};

use crate::{Report, between, sample};

#[test]
fn nothing_is_fetched_from_anywhere() {
    let report = Report::of(&sample(), "offline");
    let charts = report.charts.iter().map(|(_, chart)| chart.as_str());
    for document in charts.chain([report.html.as_str()]) {
        let document = document.replace("xmlns=\"http://www.w3.org/2000/svg\"", "").to_lowercase();
        let ways_out =
            ["http:", "https:", "//www", "src=", "srcset=", "url(", "@import", "<link", "<iframe", "<object", "fetch("];
        for way_out in ways_out {
            assert!(!document.contains(way_out), "{way_out}");
        }
        assert!(between(&document, "href=\"", "\"").all(|target| target.starts_with('#')));
    }
    assert!(report.html.len() < 1_000_000, "{} bytes", report.html.len());
}

#[test]
fn twenty_chapters_with_all_their_messages_stay_small() {
    const JOBS: u64 = 2_100;
    let mut results = sample();
    let jobs: Vec<(u64, u64)> = (0..JOBS).map(|job| (job, job * 103)).collect();
    let path = |arrived: u64, job: u64| JobPath {
        admitted: Some(arrived + 5),
        answer: Answer::Accepted,
        answered: arrived + 15,
        released: Some(arrived + 12),
        attempts: vec![Attempt {
            worker: (job % 16) as u32 + 1,
            started: arrived + 30 + job % 700,
            ended: arrived + 1_000 + job % 900,
            end: End::Completed,
        }],
        dead_lettered: None,
    };
    let paths: Vec<(u64, JobPath)> = jobs.iter().map(|(job, arrived)| (*arrived, path(*arrived, *job))).collect();
    let mut chapter = results.scenarios.pop().expect("a chapter");
    let trace = chapter.trace.as_mut().expect("it has a trace");
    trace.jobs = write_jobs(&jobs);
    for lane in &mut trace.lanes {
        lane.paths = write_paths(paths.iter().map(|(arrived, path)| (*arrived, path)));
    }
    for result in &mut chapter.architectures {
        let seconds = (0..=200).map(|point| f64::from(point) * 0.125);
        result.backlog = seconds.clone().map(|second| (second, (second * 77.0) as u64 % 400)).collect();
        result.completions = seconds.clone().map(|second| (second, (second * 96.0) as u64)).collect();
        result.responses = seconds.map(|second| (second, second * 7.123 % 500.0)).collect();
    }
    results.scenarios = vec![chapter; 20];
    let report = Report::of(&results, "twenty-chapters");
    assert!(report.html.len() < 3_000_000, "{} bytes", report.html.len());
}

#[test]
fn identifiers_are_unique_and_references_lead_somewhere() {
    let mut results = sample();
    // Names that differ only in what an anchor cannot say, and one that is an anchor of the page itself.
    results.scenarios[0].name = "Frozen Server".into();
    results.scenarios[2].name = "answer".into();
    let report = Report::of(&results, "identifiers");
    let identifiers: Vec<&str> = between(&report.html, " id=\"", "\"").collect();
    let distinct: BTreeSet<&str> = identifiers.iter().copied().collect();
    assert_eq!(distinct.len(), identifiers.len());
    let links = between(&report.html, "href=\"#", "\"");
    let labels = between(&report.html, "aria-labelledby=\"", "\"").flat_map(|names| names.split(' '));
    for reference in links.chain(labels) {
        assert!(distinct.contains(reference), "{reference}");
    }
    let files: BTreeSet<_> = report.rendered.charts.iter().collect();
    assert_eq!(files.len(), report.charts.len());
}

#[test]
fn every_chart_has_a_title_a_description_and_a_table() {
    let report = Report::of(&sample(), "alternatives");
    let figures: Vec<&str> = between(&report.html, "<figure ", "</figure>").collect();
    assert_eq!(figures.len(), report.charts.len());
    for figure in figures {
        assert!(figure.contains("role=\"img\""));
        assert!(between(figure, "<title id=", "</title>").count() == 1);
        assert!(between(figure, "<desc id=", "</desc>").all(|description| description.len() > 40));
        assert!(figure.contains("<caption>") && figure.contains("<th scope=\"row\">"));
    }
}

#[test]
fn text_and_series_have_the_contrast_of_wcag_aa() {
    let report = Report::of(&sample(), "contrast");
    let colours = colours(&report.html);
    let text = ["ink", "muted", "link", "good", "bad", "unsure"];
    let series = ["call", "queue", "log", "series-4", "series-5", "series-6", "series-7", "series-8"];
    let parts = ["part-worked", "part-waiting", "part-thread", "part-lost"];
    let graphics: Vec<&str> = ["axis", "bad"].into_iter().chain(series).chain(parts).collect();
    for theme in [0, 1] {
        let check = |name: &str, background: &str, least: f64| {
            let contrast = contrast(colours[name][theme], colours[background][theme]);
            assert!(contrast >= least, "{name} on {background}, theme {theme}: {contrast:.2}");
        };
        for name in text {
            check(name, "surface", 4.5);
            check(name, "tint", 4.5);
        }
        for name in &graphics {
            check(name, "surface", 3.0);
        }
        // The cursor, and lines and labels, where something was broken.
        check("ink", "window", 4.5);
        for name in ["call", "queue", "log"] {
            check(name, "window", 3.0);
        }
    }
}

/// Each colour variable of the page's styles: in the light theme and in the dark one.
fn colours(html: &str) -> BTreeMap<&str, [u32; 2]> {
    let colour = |line: &'_ str| -> Option<[u32; 2]> {
        let (light, dark) = line.split_once("light-dark(")?.1.split_once(')')?.0.split_once(", ")?;
        let parse = |text: &str| u32::from_str_radix(text.trim_start_matches('#'), 16).ok();
        Some([parse(light)?, parse(dark)?])
    };
    let variables = html.lines().filter_map(|line| line.trim().strip_prefix("--"));
    variables.filter_map(|line| Some((line.split_once(':')?.0, colour(line)?))).collect()
}

/// The contrast ratio of two colours, as WCAG 2.2 defines it.
fn contrast(left: u32, right: u32) -> f64 {
    let (left, right) = (luminance(left), luminance(right));
    (left.max(right) + 0.05) / (left.min(right) + 0.05)
}

fn luminance(colour: u32) -> f64 {
    let [_, red, green, blue] = colour.to_be_bytes().map(|byte| {
        let channel = f64::from(byte) / 255.0;
        if channel <= 0.04045 { channel / 12.92 } else { ((channel + 0.055) / 1.055).powf(2.4) }
    });
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}
