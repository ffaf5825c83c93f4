//! The report as a reader meets it: the files that `render` writes from a sample of results.

mod accessibility;
mod advice;
mod committed;
mod compare;
mod files;
mod forms;
mod json;
mod page;
mod schema;

use std::path::{Path, PathBuf};

use handoff_reports::model::Results;
use handoff_reports::{Rendered, from_json, render};

/// Three scenarios, a benchmark, a sweep and broken brokers. Made up, but of the kind that runs give, and with every
/// optional field present at least once.
const SAMPLE: &str = include_str!("../fixtures/results.json");

fn sample() -> Results {
    from_json(SAMPLE, Path::new("results.json")).expect("the sample is valid")
}

/// A folder of the test's own. What an earlier run left in it is gone.
fn folder(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
    let _ = std::fs::remove_dir_all(&folder);
    folder
}

/// A rendered report, read back.
struct Report {
    rendered: Rendered,
    html: String,
    markdown: String,
    /// The charts, each with its file name.
    charts: Vec<(String, String)>,
}

impl Report {
    fn of(results: &Results, test: &str) -> Report {
        let rendered = render(results, &folder(test)).expect("the report is rendered");
        let read = |path: &Path| std::fs::read_to_string(path).expect("the file was written");
        let name = |path: &Path| path.file_name().expect("a file").to_string_lossy().into_owned();
        Report {
            html: read(&rendered.html),
            markdown: read(&rendered.markdown),
            charts: rendered.charts.iter().map(|path| (name(path), read(path))).collect(),
            rendered,
        }
    }
}

/// The texts between each `start` and the next `end` after it.
fn between<'a>(text: &'a str, start: &'a str, end: &'a str) -> impl Iterator<Item = &'a str> {
    text.split(start).skip(1).filter_map(move |rest| rest.split_once(end).map(|(inside, _)| inside))
}
