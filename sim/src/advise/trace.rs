//! Arrivals and work times that somebody measured, read from CSV one line at a time.

use std::io::{self, BufRead};
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;

/// The column of arrival times: seconds from any origin, never falling.
pub const ARRIVAL_COLUMN: &str = "arrival_s";
/// The column of work times: how long a worker was busy, in milliseconds.
pub const WORK_COLUMN: &str = "work_ms";
/// More rows are refused.
const MOST_ROWS: usize = 10_000_000;
/// Times beyond these (a hundred years, a day) are a mistake in the unit.
const LATEST_S: f64 = 3.2e9;
const LONGEST_WORK_MS: f64 = 86_400_000.0;

/// What was measured of one job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// From the first arrival.
    pub arrives_at: Duration,
    /// How long a worker is busy with it.
    pub work: Duration,
}

/// At least two rows, in order of arrival, the first at 0. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace(Arc<[Row]>);

/// Why there is no trace, in one line that names the line.
#[derive(Debug, Error)]
#[allow(missing_docs, reason = "each message says what its fields are")]
pub enum TraceError {
    #[error("{file}: line {line}: expected readable text: {source}")]
    Read { file: String, line: usize, source: io::Error },
    #[error("{file}: line {line}: expected {expected}, got {got:?}")]
    Row { file: String, line: usize, expected: String, got: String },
    #[error("{file}: expected at least two rows that do not all arrive at once")]
    TooShort { file: String },
}

/// A field that is wrong: what was expected, and what was there.
type Wrong = (String, String);

impl Trace {
    /// Reads CSV whose first line names the columns [`ARRIVAL_COLUMN`] and [`WORK_COLUMN`], in any order and among
    /// others. `file` is what errors call it.
    ///
    /// # Errors
    /// If it cannot be read, or a row is wrong: the line is named.
    pub fn read(file: &str, input: impl BufRead) -> Result<Trace, TraceError> {
        let mut lines = input.lines().zip(1..).map(|(text, line)| match text {
            Ok(text) => Ok((line, text)),
            Err(source) => Err(TraceError::Read { file: file.to_owned(), line, source }),
        });
        let wrong_at = |line| move |(expected, got)| TraceError::Row { file: file.to_owned(), line, expected, got };
        let (line, header) = lines.next().transpose()?.unwrap_or((1, String::new()));
        let columns = Columns::read(&header).map_err(wrong_at(line))?;
        let mut rows: Vec<Row> = Vec::new();
        let (mut first_s, mut last_s) = (None, f64::NEG_INFINITY);
        for read in lines {
            let (line, text) = read?;
            if text.trim().is_empty() {
                continue;
            }
            let (arrival_s, work) = columns.row(&text, last_s).map_err(wrong_at(line))?;
            if rows.len() == MOST_ROWS {
                return Err(wrong_at(line)((format!("at most {MOST_ROWS} rows"), text)));
            }
            last_s = arrival_s;
            let arrives_at = Duration::from_secs_f64(arrival_s - *first_s.get_or_insert(arrival_s));
            rows.push(Row { arrives_at, work });
        }
        let trace = Trace(rows.into());
        if trace.length().is_zero() {
            return Err(TraceError::TooShort { file: file.to_owned() });
        }
        Ok(trace)
    }

    /// The rows.
    pub fn rows(&self) -> &[Row] {
        &self.0
    }

    /// From the first arrival to the last.
    pub fn length(&self) -> Duration {
        self.0.last().map_or(Duration::ZERO, |last| last.arrives_at)
    }

    /// Mean arrivals per second: the gaps between arrivals are one fewer than these.
    pub fn rate_per_s(&self) -> f64 {
        (self.0.len() - 1) as f64 / self.length().as_secs_f64()
    }

    /// The mean time that a job takes.
    pub fn mean_work_s(&self) -> f64 {
        self.0.iter().map(|row| row.work.as_secs_f64()).sum::<f64>() / self.0.len() as f64
    }

    pub(super) fn faster(&self, factor: f64) -> Trace {
        self.map(|row| Row { arrives_at: row.arrives_at.div_f64(factor), ..row })
    }

    pub(super) fn heavier(&self, factor: f64) -> Trace {
        self.map(|row| Row { work: row.work.mul_f64(factor), ..row })
    }

    fn map(&self, change: impl Fn(Row) -> Row) -> Trace {
        Trace(self.0.iter().copied().map(change).collect())
    }
}

/// Where the two columns are.
struct Columns {
    arrival: usize,
    work: usize,
}

impl Columns {
    fn read(header: &str) -> Result<Columns, Wrong> {
        let header = header.trim_start_matches('\u{feff}');
        let position = |name| fields(header).position(|field| field == name);
        match (position(ARRIVAL_COLUMN), position(WORK_COLUMN)) {
            (Some(arrival), Some(work)) => Ok(Columns { arrival, work }),
            _ => Err((format!("a header with the columns {ARRIVAL_COLUMN} and {WORK_COLUMN}"), header.to_owned())),
        }
    }

    /// The arrival in seconds, and the work.
    fn row(&self, text: &str, last_s: f64) -> Result<(f64, Duration), Wrong> {
        let field = |column| fields(text).nth(column).unwrap_or_default();
        let number = |column, name: &str, limit: f64| {
            let number = field(column).parse().ok().filter(|number| (0.0..=limit).contains(number));
            number.ok_or_else(|| (format!("{name} to be a number from 0 to {limit}"), field(column).to_owned()))
        };
        let arrival_s = number(self.arrival, ARRIVAL_COLUMN, LATEST_S)?;
        let work_ms: f64 = number(self.work, WORK_COLUMN, LONGEST_WORK_MS)?;
        if arrival_s < last_s {
            let expected = format!("{ARRIVAL_COLUMN} not to fall below {last_s}, the one before");
            return Err((expected, field(self.arrival).to_owned()));
        }
        Ok((arrival_s, Duration::from_secs_f64(work_ms / 1e3)))
    }
}

/// The fields of a line. Numbers need no quotes, and none are understood.
fn fields(line: &str) -> impl Iterator<Item = &str> {
    line.split(',').map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Trace, String> {
        Trace::read("trace.csv", text.as_bytes()).map_err(|error| error.to_string())
    }

    #[test]
    fn columns_are_found_by_name_and_times_count_from_the_first_arrival() {
        let trace = read("host,work_ms, arrival_s\r\na,150,100.5\r\nb,50,101\r\n\r\nc,100,102.5\r\n").expect("right");
        let row = |arrives_ms, work_ms| Row {
            arrives_at: Duration::from_millis(arrives_ms),
            work: Duration::from_millis(work_ms),
        };
        assert_eq!(trace.rows(), [row(0, 150), row(500, 50), row(2_000, 100)]);
        assert_eq!(trace.rate_per_s(), 1.0);
        assert!((trace.mean_work_s() - 0.1).abs() < 1e-9);
    }

    #[test]
    fn a_bad_row_is_named_by_its_line() {
        let header = "arrival_s,work_ms";
        for (rows, expected) in [
            ("0,1\n1,fast", r#"line 3: expected work_ms to be a number from 0 to 86400000, got "fast""#),
            ("0,1\n1", r#"line 3: expected work_ms to be a number from 0 to 86400000, got """#),
            ("0,1\n\n2,1\n1,1", r#"line 5: expected arrival_s not to fall below 2, the one before, got "1""#),
            ("NaN,1", r#"line 2: expected arrival_s to be a number from 0 to 3200000000, got "NaN""#),
            ("0,-1", r#"line 2: expected work_ms to be a number from 0 to 86400000, got "-1""#),
        ] {
            assert_eq!(read(&format!("{header}\n{rows}")), Err(format!("trace.csv: {expected}")));
        }
    }

    #[test]
    fn what_is_no_trace_at_all_is_refused() {
        let header = r#"trace.csv: line 1: expected a header with the columns arrival_s and work_ms, got "#;
        assert_eq!(read("0,1\n"), Err(format!("{header}\"0,1\"")));
        assert_eq!(read(""), Err(format!("{header}\"\"")));
        for short in ["", "0,1", "5,1\n5,1"] {
            let error = read(&format!("arrival_s,work_ms\n{short}")).expect_err("too short");
            assert!(error.contains("at least two rows"), "{error}");
        }
        let error = Trace::read("trace.csv", &b"arrival_s,work_ms\n0,1\n\xff\xfe\n"[..]).expect_err("not text");
        assert!(error.to_string().starts_with("trace.csv: line 3: expected readable text"), "{error}");
    }

    #[test]
    fn faster_and_heavier() {
        let trace = read("arrival_s,work_ms\n0,100\n1,200").expect("right");
        assert_eq!(trace.faster(2.0).rate_per_s(), 2.0);
        assert!((trace.heavier(2.0).mean_work_s() - 0.3).abs() < 1e-9);
    }
}
