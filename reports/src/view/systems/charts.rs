//! The charts of the comparison of systems.

use crate::chart::{self, Bar, Chart, KneeSeries, Mark, PercentileSeries, Subject};
use crate::error::ReportError;
use crate::model::{Clock, Estimate, SystemResult, SystemWorkload, Systems};

const READ_THROUGHPUT: &str = "As fast as confirms and consumers allow. The relay understands nothing and only carries \
    the bytes: what no broker can exceed here.";
const READ_TAIL: &str = "All at the same rate, half of what the slowest can take, so that every system is at ease. Each \
    step to the right is ten times rarer; the last point of a line is the longest of all.";
const READ_KNEES: &str = "Each line is one system at rising rates. Up to its knee it keeps up; beyond it messages wait \
    longer and longer.";
const READ_CPU: &str =
    "Of the system's own process, in the run above. What a broker does not use is left for the work.";
const READ_MEMORY: &str = "The most that the system's process had in the run above.";
const READ_WAITING: &str = "Resident memory above that of the empty system, for each waiting message, its body \
    included.";

/// Whether more or less comes first.
#[derive(Clone, Copy)]
enum Order {
    MostFirst,
    LeastFirst,
}

/// All that can be drawn.
pub(super) fn charts(systems: &Systems) -> Result<Vec<Chart>, ReportError> {
    let find = |prefix: &str| systems.workloads.iter().rposition(|workload| workload.id.starts_with(prefix));
    let mut charts = Vec::new();
    let drawing = Drawing { systems, marks: marks(systems) };
    let throughput = find("closed/16B/1x1");
    if let Some(index) = throughput {
        let subject = drawing.subject(index, "throughput", "Throughput", READ_THROUGHPUT);
        charts.push(drawing.bars(
            subject,
            "messages a second",
            index,
            ("messages_per_s", |result| Some(result.messages_per_s)),
            Order::MostFirst,
        )?);
    }
    if let Some(index) = find("open/") {
        charts.push(drawing.tail(index)?);
    }
    charts.push(drawing.knees()?);
    if let Some(index) = throughput {
        let subject = drawing.subject(index, "cpu", "Processor time", READ_CPU);
        charts.push(drawing.bars(
            subject,
            "seconds for a million messages",
            index,
            ("cpu_s_per_million", |result| result.cpu_s_per_million),
            Order::LeastFirst,
        )?);
        let subject = drawing.subject(index, "memory", "Memory", READ_MEMORY);
        charts.push(drawing.bars(
            subject,
            "MiB at most",
            index,
            ("peak_mib", |result| result.peak_mib),
            Order::LeastFirst,
        )?);
    }
    if let Some(index) = find("backlog/") {
        let subject = drawing.subject(index, "waiting", "Memory of a waiting message", READ_WAITING);
        charts.push(drawing.bars(
            subject,
            "bytes",
            index,
            ("waiting_bytes", |result| result.waiting_bytes),
            Order::LeastFirst,
        )?);
    }
    Ok(charts.into_iter().flatten().collect())
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
    fn subject(&self, index: usize, name: &str, title: &'static str, reading: &str) -> Words {
        let workload = &self.systems.workloads[index].workload;
        Words { name: format!("systems-{name}"), title, reading: format!("{reading} Load: {workload}.") }
    }

    fn mark(&self, target: &str) -> Mark {
        self.marks.iter().find(|(name, _)| *name == target).map_or(Mark::other(0), |(_, mark)| *mark)
    }

    fn bars(
        &self,
        words: Words,
        unit: &str,
        index: usize,
        (field, read): (&str, fn(&SystemResult) -> Option<Estimate>),
        order: Order,
    ) -> Result<Option<Chart>, ReportError> {
        let SystemWorkload { results, .. } = &self.systems.workloads[index];
        let bar = |(place, result): (usize, &SystemResult)| {
            Some(Bar {
                label: result.target.clone(),
                mark: self.mark(&result.target),
                estimate: read(result)?,
                pointer: format!("/systems/workloads/{index}/results/{place}/{field}"),
            })
        };
        let mut bars: Vec<Bar> = results.iter().enumerate().filter_map(bar).collect();
        bars.sort_by(|one, other| one.estimate.median.total_cmp(&other.estimate.median));
        if let Order::MostFirst = order {
            bars.reverse();
        }
        chart::bar_chart(&words.subject(), unit, &bars)
    }

    fn tail(&self, index: usize) -> Result<Option<Chart>, ReportError> {
        let words = self.subject(index, "tail", "Latency at the same rate", READ_TAIL);
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
