//! Axes: where along them a value is, and which values are written beside them.

use plotters::coord::ranged1d::Ranged;
use plotters::coord::types::RangedCoordf64;

use crate::format;

/// An axis over a range of values.
pub(super) struct Axis {
    scale: Scale,
    /// Over values, or over their decimal logarithms.
    coordinate: RangedCoordf64,
    ticks: Vec<(f64, String)>,
}

#[derive(Clone, Copy, PartialEq)]
enum Scale {
    Linear,
    Logarithmic,
}

impl Axis {
    /// From 0 to a little more than `highest`.
    pub(super) fn linear(highest: f64, most_ticks: usize) -> Axis {
        Axis::until(highest * 1.04, most_ticks)
    }

    /// Whole decades around `lowest` and `highest`, which must be positive.
    pub(super) fn logarithmic(lowest: f64, highest: f64) -> Axis {
        let first = lowest.log10().floor() as i32;
        let last = (highest.log10().ceil() as i32).max(first + 1);
        let steps: &[f64] = if last - first <= 2 { &[1.0, 2.0, 5.0] } else { &[1.0] };
        let ticks = (first..=last)
            .flat_map(|decade| steps.iter().map(move |step| step * 10_f64.powi(decade)))
            .filter(|value| *value <= 10_f64.powi(last) * 1.001)
            .map(|value| (value, format::tick(value)))
            .collect();
        Axis { scale: Scale::Logarithmic, coordinate: (f64::from(first)..f64::from(last)).into(), ticks }
    }

    /// Shares of all that happened, as `1 / (1 - share)`: from half to the longest of `count`, with as much room for the
    /// step from 99 % to 99.9 % as for that from 90 % to 99 %.
    pub(super) fn tail(count: f64) -> Axis {
        let last = count.max(1_000.0).log10();
        let nines = |decade: i32| match decade {
            1 => "90 %".to_owned(),
            2 => "99 %".to_owned(),
            _ => format!("99.{} %", "9".repeat(decade as usize - 2)),
        };
        let decades = (1..=last.floor() as i32).map(|decade| (10_f64.powi(decade), nines(decade)));
        let ticks = [(2.0, "50 %".to_owned())].into_iter().chain(decades).collect();
        Axis { scale: Scale::Logarithmic, coordinate: (0.15..last + 0.1).into(), ticks }
    }

    /// From 0 to `last`, exactly.
    pub(super) fn until(last: f64, most_ticks: usize) -> Axis {
        let coordinate = RangedCoordf64::from(0.0..if last > 0.0 { last } else { 1.0 });
        let ticks = coordinate.key_points(most_ticks).into_iter().map(|value| (value, format::tick(value))).collect();
        Axis { scale: Scale::Linear, coordinate, ticks }
    }

    /// The lowest and the highest value, or their decimal logarithms.
    pub(super) fn range(&self) -> (f64, f64) {
        let range = self.coordinate.range();
        (range.start, range.end)
    }

    /// One step for each name, the first at 0, with half a step of room at either end.
    pub(super) fn categories(names: &[&str]) -> Axis {
        let ticks = names.iter().enumerate().map(|(index, name)| (index as f64, (*name).to_owned())).collect();
        Axis { scale: Scale::Linear, coordinate: (-0.5..names.len() as f64 - 0.5).into(), ticks }
    }

    /// Where `value` is between the two ends of the axis. `None`: nowhere, such as zero on a logarithmic axis.
    pub(super) fn place(&self, value: f64, ends: (i32, i32)) -> Option<i32> {
        let value = if self.scale == Scale::Logarithmic { value.log10() } else { value };
        value.is_finite().then(|| self.coordinate.map(&value, ends))
    }

    /// The values written beside the axis.
    pub(super) fn ticks(&self) -> &[(f64, String)] {
        &self.ticks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: &Axis) -> Vec<&str> {
        axis.ticks().iter().map(|(_, label)| label.as_str()).collect()
    }

    #[test]
    fn a_logarithmic_axis_spans_whole_decades() {
        assert_eq!(labels(&Axis::logarithmic(0.03, 4_200.0)), ["0.01", "0.1", "1", "10", "100", "1,000", "10,000"]);
        assert_eq!(labels(&Axis::logarithmic(12.0, 80.0)), ["10", "20", "50", "100"]);
    }

    #[test]
    fn a_logarithmic_axis_of_one_value_still_has_a_length() {
        assert_eq!(labels(&Axis::logarithmic(10.0, 10.0)), ["10", "20", "50", "100"]);
    }

    #[test]
    fn the_tail_has_a_tick_for_each_nine() {
        let axis = Axis::tail(25_000.0);
        assert_eq!(labels(&axis), ["50 %", "90 %", "99 %", "99.9 %", "99.99 %"]);
        let place = |share: f64| axis.place(1.0 / (1.0 - share), (0, 1_000)).expect("it is on the axis");
        assert!((place(0.99) - place(0.9)).abs_diff(place(0.999) - place(0.99)) <= 1);
    }

    #[test]
    fn decades_are_equally_long() {
        let axis = Axis::logarithmic(1.0, 100.0);
        assert_eq!(axis.place(10.0, (0, 100)), Some(50));
        assert_eq!(axis.place(0.0, (0, 100)), None);
    }

    #[test]
    fn a_linear_axis_of_nothing_still_has_a_length() {
        assert_eq!(Axis::linear(0.0, 5).place(0.0, (0, 100)), Some(0));
        assert_eq!(Axis::linear(f64::NAN, 5).place(f64::NAN, (0, 100)), None);
    }
}
