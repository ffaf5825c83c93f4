//! Why to believe the report: what was checked, how hard it was tried to break, and whether the checkers can see.

use crate::format;
use crate::model::{Exploration, Results};
use crate::table::{Cell, Figure, Row, Table};

/// The section on proof.
pub(crate) struct Proof<'a> {
    /// What every run is checked against.
    pub(crate) invariants: Table,
    /// The sweep, if there was one.
    pub(crate) exploration: Option<Sweep<'a>>,
    /// The broken brokers, if any were run.
    pub(crate) defects: Option<Table>,
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

/// The promises, each with what it means for somebody who relies on it.
const INVARIANTS: [(&str, &str); 12] = [
    ("at-least-once", "What was confirmed is done, dead-lettered, or removed by a policy that was asked for."),
    ("no invention", "What is delivered was published, with the same bytes and properties."),
    ("destructive read", "Once an acknowledgement has been taken, the message never comes back."),
    ("FIFO", "First deliveries keep the order of the queue; a requeued message returns to where it was."),
    ("one holder", "At every instant a message is in exactly one place."),
    ("delivery count", "The n-th delivery says that it is the n-th."),
    ("dead letter", "A message is set aside exactly when its policy says, once for each cause, unchanged."),
    ("prefetch", "A consumer never holds more than it asked for."),
    ("push", "Nothing stays ready while a consumer could take it."),
    ("crash", "What a dead consumer held is requeued: at once if it hung up, within two heartbeats if it fell silent."),
    ("conservation", "Taken = ready + unacknowledged + acknowledged + dead-lettered + removed, after every step."),
    ("bounded", "Limits hold under any client, and the producer learns of it."),
];

impl<'a> Proof<'a> {
    pub(super) fn new(results: &'a Results) -> Self {
        Proof {
            invariants: invariants(),
            exploration: results.exploration.as_ref().map(sweep),
            defects: (!results.defects.is_empty()).then(|| defects(results)),
        }
    }
}

fn invariants() -> Table {
    let rows = INVARIANTS
        .iter()
        .map(|(name, promise)| Row { label: (*name).into(), cells: vec![Cell::Text((*promise).into())] });
    Table::plain("What the broker promises, checked in every history", "invariant", &["promise"], rows.collect())
}

fn sweep(exploration: &Exploration) -> Sweep<'_> {
    let row = |label: &str, cell: Cell| Row { label: label.into(), cells: vec![cell] };
    let count = |value: u64, field: &str| Cell::from(Figure::count(value, format!("/exploration/{field}")));
    let figures = vec![
        row("seeds", count(exploration.seeds, "seeds")),
        row(
            "first seed",
            Figure {
                text: exploration.from.to_string(),
                value: exploration.from.to_string(),
                pointer: "/exploration/from".into(),
            }
            .into(),
        ),
        row("profile", Cell::Text(exploration.profile.clone())),
        row("faults that changed something", count(exploration.faults_injected, "faults_injected")),
        row("faults that changed nothing", count(exploration.faults_inert, "faults_inert")),
        row("violations", count(exploration.violations, "violations")),
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
                figure(defect.seeds_needed, "seeds_needed").unwrap_or_else(|| Cell::Text("not caught".into())),
                figure(defect.size_after_shrinking, "size_after_shrinking").unwrap_or(Cell::Missing),
            ],
        }
    });
    let caption = format!("{} broken brokers and what caught them", format::count(results.defects.len() as u64));
    Table::plain(&caption, "defect", &["caught as", "seeds needed", "steps after shrinking"], rows.collect())
}
