//! Fewer points that look the same.

use std::collections::HashSet;

use super::series::{Point, Series};
use crate::scale::Scale;

/// How many points of a chart are drawn, about.
pub(super) const POINTS: usize = 4_000;

/// Keeps of each stretch of a line its ends, its extremes and its gap, so that nothing changes which
/// is as wide as a pixel. `total` is the number of points of all lines.
pub(super) fn line(points: &mut Vec<Point>, total: usize) {
    if total <= POINTS {
        return;
    }
    // Four points of each stretch, where x grows; more where it does not.
    let share = POINTS as f64 * points.len() as f64 / total as f64;
    let stretch = points
        .len()
        .div_ceil((share / 4.0).ceil().max(1.0) as usize)
        .max(1);
    let mut kept = Vec::with_capacity(POINTS);
    for stretch in points.chunks(stretch) {
        let mut indices = vec![0, stretch.len() - 1];
        indices.extend(stretch.iter().position(|point| point.y.is_none()));
        for value in [|point: &Point| Some(point.x), |point: &Point| point.y] {
            let drawn = || {
                stretch.iter().enumerate().filter_map(|(index, point)| {
                    point.y?;
                    Some((index, value(point)?))
                })
            };
            indices.extend(
                drawn()
                    .min_by(|left, right| left.1.total_cmp(&right.1))
                    .map(|least| least.0),
            );
            indices.extend(
                drawn()
                    .max_by(|left, right| left.1.total_cmp(&right.1))
                    .map(|most| most.0),
            );
        }
        indices.sort_unstable();
        indices.dedup();
        kept.extend(indices.into_iter().map(|index| stretch[index]));
    }
    *points = kept;
}

/// Keeps one point of each series in each cell of a grid, as fine as the limit allows.
pub(super) fn scatter(series: &mut [Series], x: &Scale, y: &Scale) {
    let total: usize = series.iter().map(|series| series.points.len()).sum();
    if total <= POINTS {
        return;
    }
    let mut columns = 320.0;
    loop {
        let cell = |point: &Point| {
            let column = (x.position(point.x) * columns) as u32;
            let row = (y.position(point.y.unwrap_or(0.0)) * columns * 0.6) as u32;
            (column, row)
        };
        let mut kept = 0;
        for series in series.iter() {
            let cells: HashSet<_> = series.points.iter().map(cell).collect();
            kept += cells.len();
        }
        if kept <= POINTS || columns < 10.0 {
            for series in series.iter_mut() {
                let mut cells = HashSet::new();
                series.points.retain(|point| cells.insert(cell(point)));
            }
            return;
        }
        columns *= 0.8;
    }
}
