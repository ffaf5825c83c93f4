//! Fewer points, the same picture: long series are thinned before they are drawn or listed.

use crate::model::Point;

/// At most about `most` points: the first, the last, and the lowest and highest of each stretch between.
pub(super) fn extremes(points: &[Point], most: usize) -> Vec<Point> {
    if points.len() <= most {
        return points.to_vec();
    }
    let stretch = points.len().div_ceil((most / 2).max(1));
    let mut kept = Vec::with_capacity(most + 2);
    kept.extend(points.first());
    for stretch in points.chunks(stretch) {
        let lowest = stretch.iter().enumerate().min_by_key(|(_, point)| point.1);
        let highest = stretch.iter().enumerate().max_by_key(|(_, point)| point.1);
        if let (Some(lowest), Some(highest)) = (lowest, highest) {
            let (earlier, later) = if lowest.0 <= highest.0 { (lowest, highest) } else { (highest, lowest) };
            kept.push(*earlier.1);
            if later.0 != earlier.0 {
                kept.push(*later.1);
            }
        }
    }
    kept.extend(points.last());
    kept.dedup();
    kept
}

/// The value at `second`: that of the last point at or before it.
pub(super) fn value_at(points: &[Point], second: f64) -> Option<u64> {
    let after = points.partition_point(|(at, _)| *at <= second);
    after.checked_sub(1).and_then(|index| points.get(index)).map(|(_, value)| *value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_spike_survives() {
        let mut points: Vec<Point> = (0..10_000).map(|index| (f64::from(index), 3)).collect();
        points[5_432].1 = 900;
        let kept = extremes(&points, 200);
        assert!(kept.len() <= 202, "{}", kept.len());
        assert!(kept.contains(&(5_432.0, 900)));
        assert_eq!((kept.first(), kept.last()), (points.first(), points.last()));
        assert!(kept.is_sorted_by(|left, right| left.0 < right.0));
    }

    #[test]
    fn a_short_series_is_left_alone() {
        let points = [(0.0, 1), (1.0, 2)];
        assert_eq!(extremes(&points, 10), points);
    }

    #[test]
    fn a_value_lasts_until_the_next() {
        let points = [(1.0, 10), (2.0, 20)];
        let values: Vec<Option<u64>> =
            [0.9, 1.0, 1.9, 2.0, 9.0].into_iter().map(|second| value_at(&points, second)).collect();
        assert_eq!(values, [None, Some(10), Some(10), Some(20), Some(20)]);
    }
}
