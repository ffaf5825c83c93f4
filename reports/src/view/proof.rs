//! Why to believe the report: what was checked, how hard it was tried to break, and whether the checkers can see.

use crate::format;
use crate::model::{Defect, Exploration, Results};
use crate::table::{Cell, Figure, Row, Table};

/// The section on proof.
pub(crate) struct Proof<'a> {
    /// What every run is checked against.
    pub(crate) invariants: Table,
    /// The sweep, if there was one.
    pub(crate) exploration: Option<Sweep<'a>>,
    /// The broken brokers, if any were run.
    pub(crate) defects: Option<Table>,
    /// Theory against simulation, if they were compared.
    pub(crate) theory: Option<Table>,
}

/// A sweep over random workloads and faults.
pub(crate) struct Sweep<'a> {
    /// What it was.
    pub(crate) exploration: &'a Exploration,
    /// Its figures.
    pub(crate) figures: Table,
    /// What it met.
    pub(crate) sometimes: Table,
}

/// What the checkers look for: the promise, what it means for somebody who relies on it, and how a breach is called.
const INVARIANTS: [[&str; 3]; 11] = [
    ["at-least-once", "What was confirmed is done, dead-lettered, or removed by a policy that was asked for.", "lost"],
    ["no invention", "What is delivered was published, with the same bytes and properties.", "invented, corrupted"],
    ["destructive read", "Once an acknowledgement was taken, the message never comes back.", "resurrected"],
    ["FIFO", "First deliveries keep the queue’s order; a requeued message returns to where it was.", "reordered"],
    ["one holder", "At every instant a message is in exactly one place.", "double-held"],
    ["delivery count", "Each delivery says how often the message was delivered before.", "miscounted"],
    [
        "dead letter",
        "A message is set aside exactly when its policy says, once for each cause, unchanged.",
        "dead-lettered early, late, twice, never",
    ],
    ["prefetch", "A consumer never holds more than it asked for.", "overfetched"],
    ["push", "No message waits while a consumer could take it.", "starved"],
    ["conservation", "Every message taken is accounted for, after every step.", "leaked"],
    ["bounded", "Limits hold under any client, and the producer learns it.", "unbounded"],
];

impl<'a> Proof<'a> {
    pub(super) fn new(results: &'a Results) -> Self {
        Proof {
            invariants: invariants(),
            exploration: results.exploration.as_ref().map(sweep),
            defects: (!results.defects.is_empty()).then(|| defects(results)),
            theory: (!results.theory.is_empty()).then(|| theory(results)),
        }
    }
}

fn invariants() -> Table {
    let rows = INVARIANTS.map(|[name, promise, anomaly]| Row {
        label: name.into(),
        cells: [promise, anomaly].map(|text| Cell::Text(text.into())).into(),
    });
    let columns = ["promise", "a breach is called"];
    Table::plain("What every history of the broker is checked for", "invariant", &columns, rows.into())
}

fn sweep(exploration: &Exploration) -> Sweep<'_> {
    let row = |label: &str, cell: Cell| Row { label: label.into(), cells: vec![cell] };
    let count = |label, value, field| row(label, Figure::count(value, format!("/exploration/{field}")).into());
    let figures = vec![
        count("seeds", exploration.seeds, "seeds"),
        count("first seed", exploration.from, "from"),
        row("profile", Cell::Text(exploration.profile.clone())),
        count("faults that changed something", exploration.faults_injected, "faults_injected"),
        count("faults that changed nothing", exploration.faults_inert, "faults_inert"),
        count("violations", exploration.violations, "violations"),
        row("seconds on the real clock", Figure::number(exploration.seconds, "/exploration/seconds").into()),
    ];
    let sometimes = exploration.sometimes.iter().enumerate().map(|(index, sometimes)| Row {
        label: sometimes.event.clone(),
        cells: vec![Figure::count(sometimes.count, format!("/exploration/sometimes/{index}/count")).into()],
    });
    Sweep {
        exploration,
        figures: Table::plain("Random workloads under random faults", "sweep", &["figure"], figures),
        sometimes: Table::plain("Events a sweep must meet", "event", &["times"], sometimes.collect()),
    }
}

fn defects(results: &Results) -> Table {
    let rows = results.defects.iter().enumerate().map(|(index, defect)| {
        let figure = |value: Option<u64>, field: &str| {
            value.map(|value| Cell::from(Figure::count(value, format!("/defects/{index}/{field}"))))
        };
        Row {
            label: defect.defect.clone(),
            cells: vec![
                Cell::Text(defect.invariant.clone()),
                Cell::Text(caught(defect)),
                figure(defect.seeds_needed, "seeds_needed").unwrap_or(Cell::Missing),
                figure(defect.messages, "messages").unwrap_or(Cell::Missing),
                figure(defect.faults, "faults").unwrap_or(Cell::Missing),
            ],
        }
    });
    let caption = format!("{} brokers, each broken in one way", format::count(results.defects.len() as u64));
    let columns = ["to be caught as", "caught", "seeds needed", "messages after shrinking", "faults after shrinking"];
    Table::plain(&caption, "defect", &columns, rows.collect())
}

/// Whether the right name caught it.
fn caught(defect: &Defect) -> String {
    match &defect.caught_by {
        Some(name) if *name == defect.invariant => "✓ yes".into(),
        Some(name) => format!("✗ as {name}"),
        None => "✗ not caught".into(),
    }
}

fn theory(results: &Results) -> Table {
    let rows = results.theory.iter().enumerate().map(|(index, check)| {
        let figure = |value: f64, field: &str| Cell::from(Figure::number(value, format!("/theory/{index}/{field}")));
        Row {
            label: format!("{}, {}: {}", check.case, check.architecture.label(), check.figure),
            cells: vec![
                figure(check.theory, "theory"),
                figure(check.simulated, "simulated"),
                figure(check.half_width, "half_width"),
                Cell::Text(if check.agrees { "✓ yes" } else { "✗ no" }.into()),
            ],
        }
    });
    let agree = results.theory.iter().filter(|check| check.agrees).count();
    let caption = format!("Theory against simulation: {agree} of {} figures agree", results.theory.len());
    Table::plain(&caption, "system and figure", &["theory", "simulated", "±", "agrees"], rows.collect())
}
