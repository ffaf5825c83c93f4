//! What `handoff bench --all` found: a table for each workload, the knees, and what the broker is meant to reach.

use handoff_bench::document::{Document, LeftOut};
use handoff_bench::figure::Figure;
use handoff_bench::suite::{self, BASE, Goal, Group, Knee, Summary};

use super::show::{self, MISSING};
use crate::{output, terminal};

/// A column: its heading, and what stands in it for a target beside the one that all are measured against.
type Column = (&'static str, fn(&Summary<'_>, Option<&Summary<'_>>) -> Option<String>);

/// A column in which no target has anything is not shown.
const COLUMNS: [Column; 18] = [
    ("messages/s", |one, _| median(one, Figure::MessagesPerS)),
    ("95 %", |one, _| Some(show::interval(&one.estimate(Figure::MessagesPerS)?))),
    ("x broker", |one, base| ratio(one, base, Figure::MessagesPerS)),
    ("p50 µs", |one, _| microseconds(one, Figure::P50Us)),
    ("p90", |one, _| microseconds(one, Figure::P90Us)),
    ("p99", |one, _| microseconds(one, Figure::P99Us)),
    ("p99.9", |one, _| microseconds(one, Figure::P999Us)),
    ("max", |one, _| microseconds(one, Figure::MaxUs)),
    ("CPU s/million", |one, _| median(one, Figure::CpuSPerMillion)),
    ("x broker", |one, base| ratio(one, base, Figure::CpuSPerMillion)),
    ("peak MiB", |one, _| mebibytes(one, Figure::PeakBytes)),
    ("filled/s", |one, _| median(one, Figure::FillPerS)),
    ("drained/s", |one, _| median(one, Figure::DrainPerS)),
    ("B/message", |one, _| median(one, Figure::WaitingBytes)),
    ("MiB after", |one, _| mebibytes(one, Figure::AfterBytes)),
    ("B/connection", |one, _| median(one, Figure::ConnectionBytes)),
    ("came again", |one, _| median(one, Figure::Redelivered)),
    ("verdict", |one, _| Some(if one.is_valid() { "valid".to_owned() } else { one.findings().to_string() })),
];

/// Prints all of it.
pub fn print(document: &Document) -> anyhow::Result<()> {
    let groups = suite::by_workload(document.systems());
    groups.iter().try_for_each(|group| print_group(group, document))?;
    print_knees(&document.knees)?;
    print_targets(document)?;
    print_left_out(document, &groups)?;
    print_failures(&document.failures)?;
    output::line("goals, by the medians")?;
    suite::judge(&groups).iter().try_for_each(print_goal)
}

fn print_group(group: &Group<'_>, document: &Document) -> anyhow::Result<()> {
    let base = group.base();
    let cells = |(_, cell): &Column| group.summaries.iter().map(|one| cell(one, base)).collect::<Vec<_>>();
    let columns: Vec<(&str, Vec<Option<String>>)> = COLUMNS
        .iter()
        .map(|column| (column.0, cells(column)))
        .filter(|(_, cells)| cells.iter().any(Option::is_some))
        .collect();
    let header: Vec<&str> = [""].into_iter().chain(columns.iter().map(|(name, _)| *name)).collect();
    let rows = group.summaries.iter().enumerate().map(|(place, one)| {
        let cells = columns.iter().map(|(_, cells)| cells[place].clone().unwrap_or(MISSING.to_owned()));
        [name(one)].into_iter().chain(cells).collect()
    });
    let repetitions = group.summaries.iter().map(Summary::repetitions).max().unwrap_or_default();
    output::line(&format!("{}: {}; medians of {repetitions}", group.id, group.workload))?;
    output::table(&header, rows)?;
    let of_group = document.left_out.iter().filter(|left_out| left_out.workload_id.as_deref() == Some(group.id));
    of_group
        .map(|left_out| format!("{}: {}", left_out.target, left_out.reason))
        .try_for_each(|line| output::line(&line))?;
    if group.summaries.iter().any(Summary::is_generator_limited) {
        output::line("* the generator was at its limit: the target may be faster than this")?;
    }
    output::line("")
}

fn name(summary: &Summary<'_>) -> String {
    format!("{}{}", summary.target, if summary.is_generator_limited() { " *" } else { "" })
}

fn median(one: &Summary<'_>, figure: Figure) -> Option<String> {
    Some(show::number(one.estimate(figure)?.median))
}

fn microseconds(one: &Summary<'_>, figure: Figure) -> Option<String> {
    Some(format!("{:.0}", one.estimate(figure)?.median))
}

fn mebibytes(one: &Summary<'_>, figure: Figure) -> Option<String> {
    Some(show::number(one.estimate(figure)?.median / f64::from(1 << 20)))
}

/// With its interval, but for the target that all are measured against.
fn ratio(one: &Summary<'_>, base: Option<&Summary<'_>>, figure: Figure) -> Option<String> {
    if one.target == BASE {
        return Some("1".to_owned());
    }
    Some(show::estimate(&one.ratio_to(base?, figure)?))
}

fn print_knees(knees: &[Knee]) -> anyhow::Result<()> {
    if knees.is_empty() {
        return Ok(());
    }
    output::line("knee: the highest rate of 16 B messages, open loop, of which 98 % arrived, p99 below 100 ms")?;
    let rows = knees.iter().map(|knee| {
        let at_knee = knee.points.iter().find(|point| Some(point.rate_per_s) == knee.rate_per_s);
        let mark = if knee.generator_limited { " *" } else { "" };
        vec![
            format!("{}{mark}", knee.target),
            knee.rate_per_s.map_or(MISSING.to_owned(), show::number),
            at_knee.map_or(MISSING.to_owned(), |point| point.p50_us.to_string()),
            at_knee.map_or(MISSING.to_owned(), |point| point.p99_us.to_string()),
        ]
    });
    output::table(&["", "messages/s", "p50 µs", "p99"], rows)?;
    if knees.iter().any(|knee| knee.generator_limited) {
        output::line("* the generator was at its limit: the knee is at least this")?;
    }
    output::line("")
}

/// What each target is.
fn print_targets(document: &Document) -> anyhow::Result<()> {
    let mut told: Vec<&str> = Vec::new();
    for run in document.systems() {
        if !told.contains(&run.target.as_str()) {
            told.push(&run.target);
            let about = &run.about;
            output::line(&format!("{}: {}; {}; {}", run.target, about.version, about.configuration, about.durability))?;
        }
    }
    output::line("")
}

/// What was left out, unless it was told with its workload. Targets that lack the same thing share a line.
fn print_left_out(document: &Document, groups: &[Group<'_>]) -> anyhow::Result<()> {
    let is_told = |id: &Option<String>| id.as_ref().is_some_and(|id| groups.iter().any(|group| group.id == id));
    let mut untold: Vec<&LeftOut> =
        document.left_out.iter().filter(|left_out| !is_told(&left_out.workload_id)).collect();
    untold.sort_by_key(|left_out| (&left_out.workload_id, &left_out.reason));
    if untold.is_empty() {
        return Ok(());
    }
    for alike in untold.chunk_by(|one, next| (&one.workload_id, &one.reason) == (&next.workload_id, &next.reason)) {
        let targets: Vec<&str> = alike.iter().map(|left_out| left_out.target.as_str()).collect();
        let under = alike[0].workload_id.as_ref().map(|id| format!(" under {id}")).unwrap_or_default();
        output::line(&format!("not measured: {}{under}: {}", targets.join(", "), alike[0].reason))?;
    }
    output::line("")
}

fn print_failures(failures: &[String]) -> anyhow::Result<()> {
    if failures.is_empty() {
        return Ok(());
    }
    output::line(&terminal::bad("failed").to_string())?;
    failures.iter().try_for_each(|failure| output::line(failure))?;
    output::line("")
}

fn print_goal(goal: &Goal) -> anyhow::Result<()> {
    let word = match goal.holds {
        Some(true) => terminal::good("holds         "),
        Some(false) => terminal::bad("does not hold "),
        None => terminal::plain("unknown       "),
    };
    output::line(&format!("{word}  {}: {}", goal.goal, goal.found))
}
