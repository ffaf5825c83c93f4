//! The charts of the comparison of systems.

use crate::chart::{self, Bar, Chart, KneeSeries, Mark, PercentileSeries, Subject};
use crate::error::ReportError;
use crate::model::{Clock, Estimate, SystemResult, Systems};

const READ_TAIL: &str = "All at the same rate, at most half of what the slowest keeps up with, so that every system is \
    at ease. Each step to the right is ten times rarer; the last point of a line is the longest of all.";
const READ_KNEES: &str = "Each line is one system at rising rates. Up to its knee it keeps up; beyond it messages wait \
    longer and longer.";

/// A figure that is drawn as bars.
struct Measure {
    name: &'static str,
    title: &'static str,
    reading: &'static str,
    unit: &'static str,
    /// The field of the results that it stands in.
    field: &'static str,
    read: fn(&SystemResult) -> Option<Estimate>,
    is_most_first: bool,
}

const THROUGHPUT: Measure = Measure {
    name: "throughput",
    title: "Throughput",
    reading: "As fast as confirms and consumers allow. The relay understands nothing and only carries the bytes: what no \
        broker can exceed here.",
    unit: "messages a second",
    field: "messages_per_s",
    read: |result| Some(result.messages_per_s),
    is_most_first: true,
};

const CPU: Measure = Measure {
    name: "cpu",
    title: "Processor time",
    reading: "Of the system's own process under the same load. What a broker does not use is left for the work.",
    unit: "seconds per million messages",
    field: "cpu_s_per_million",
    read: |result| result.cpu_s_per_million,
    is_most_first: false,
};

const MEMORY: Measure = Measure {
    name: "memory",
    title: "Memory",
    reading: "The most that the system's process had under the same load.",
    unit: "MiB",
    field: "peak_mib",
    read: |result| result.peak_mib,
    is_most_first: false,
};

const WAITING: Measure = Measure {
    name: "waiting",
    title: "Memory of a waiting message",
    reading: "Resident memory above that of the empty system, for each waiting message, its body included.",
    unit: "bytes",
    field: "waiting_bytes",
    read: |result| result.waiting_bytes,
    is_most_first: false,
};

/// All that can be drawn.
pub(super) fn charts(systems: &Systems) -> Result<Vec<Chart>, ReportError> {
    let find = |prefix: &str| systems.workloads.iter().rposition(|workload| workload.id.starts_with(prefix));
    let (throughput, open, backlog) = (find("closed/16B/1x1"), find("open/"), find("backlog/"));
    let drawing = Drawing { systems, marks: marks(systems) };
    let bars = |index: Option<usize>, measure: &Measure| index.map(|index| drawing.bars(index, measure)).transpose();
    // Two stand beside each other: bars with bars, lines with lines.
    let charts = [
        bars(throughput, &THROUGHPUT)?,
        bars(throughput, &CPU)?,
        open.map(|index| drawing.tail(index)).transpose()?,
        Some(drawing.knees()?),
        bars(throughput, &MEMORY)?,
        bars(backlog, &WAITING)?,
    ];
    Ok(charts.into_iter().flatten().flatten().collect())
}

/// What a chart is called and how it is read; the words are its own.
struct Words {
    name: String,
    title: &'static str,
    reading: String,
}

impl Words {
    fn subject(&self) -> Subject<'_> {
        Subject { name: self.name.clone(), title: self.title, clock: Clock::Measured.label(), reading: &self.reading }
    }
}

struct Drawing<'a> {
    systems: &'a Systems,
    /// Each system's, by name.
    marks: Vec<(&'a str, Mark)>,
}

impl Drawing<'_> {
    fn words(&self, index: usize, name: &str, title: &'static str, reading: &str) -> Words {
        let workload = &self.systems.workloads[index].workload;
        Words { name: format!("systems-{name}"), title, reading: format!("{reading} Load: {workload}.") }
    }

    fn mark(&self, target: &str) -> Mark {
        self.marks.iter().find(|(name, _)| *name == target).map_or(Mark::other(0), |(_, mark)| *mark)
    }

    fn bars(&self, index: usize, measure: &Measure) -> Result<Option<Chart>, ReportError> {
        let Measure { field, read, .. } = measure;
        let words = self.words(index, measure.name, measure.title, measure.reading);
        let bar = |(place, result): (usize, &SystemResult)| {
            Some(Bar {
                label: result.target.clone(),
                mark: self.mark(&result.target),
                estimate: read(result)?,
                pointer: format!("/systems/workloads/{index}/results/{place}/{field}"),
            })
        };
        let results = self.systems.workloads[index].results.iter().enumerate();
        let mut bars: Vec<Bar> = results.filter_map(bar).collect();
        bars.sort_by(|one, other| one.estimate.median.total_cmp(&other.estimate.median));
        if measure.is_most_first {
            bars.reverse();
        }
        chart::bar_chart(&words.subject(), measure.unit, &bars)
    }

    fn tail(&self, index: usize) -> Result<Option<Chart>, ReportError> {
        let words = self.words(index, "tail", "Latency at the same rate", READ_TAIL);
        let series = self.systems.workloads[index].results.iter().enumerate().map(|(place, result)| PercentileSeries {
            label: result.target.clone(),
            mark: self.mark(&result.target),
            percentiles: result.latency_ms,
            pointer: format!("/systems/workloads/{index}/results/{place}/latency_ms"),
        });
        chart::tail_chart(&words.subject(), &series.collect::<Vec<_>>())
    }

    fn knees(&self) -> Result<Option<Chart>, ReportError> {
        let words =
            Words { name: "systems-knees".into(), title: "Rate against latency", reading: READ_KNEES.to_owned() };
        let series = self.systems.knees.iter().enumerate().map(|(place, knee)| KneeSeries {
            mark: self.mark(&knee.target),
            knee,
            pointer: format!("/systems/knees/{place}"),
        });
        chart::knee_chart(&words.subject(), &series.collect::<Vec<_>>())
    }
}

fn marks(systems: &Systems) -> Vec<(&str, Mark)> {
    let names: Vec<&str> = systems.targets.iter().map(|system| system.target.as_str()).collect();
    let marks = chart::marks_of_systems(&names);
    names.into_iter().zip(marks).collect()
}
