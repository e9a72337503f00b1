//! What stands on the axes.

use plotters::prelude::*;

use super::{Drawn, Failed, INK};
use crate::chart::{BarLayout, Bars, Chart, Coloring, Heatmap, Histogram, Point, Points};
use crate::color::Rgb;
use crate::scale::Scale;

impl Chart {
    fn color_of(&self, coloring: Coloring, series: usize, point: Option<&Point>) -> RGBColor {
        match (coloring, point.and_then(|point| point.shade)) {
            (Coloring::Shade(range), Some(shade)) => {
                Rgb::of_quantity(range.position(shade)).plotters()
            }
            (Coloring::Series, _) => Rgb::of_series(series).plotters(),
            _ => self.color.plotters(),
        }
    }

    pub(super) fn draw_lines(
        &self,
        chart: &mut Drawn<'_, '_>,
        points: &Points,
        y: &Scale,
    ) -> Result<(), Failed> {
        let count: usize = points.series.iter().map(|series| series.points.len()).sum();
        for (index, series) in points.series.iter().enumerate() {
            let color = self.color_of(points.coloring, index, None);
            for run in series.points.split(|point| point.y.is_none()) {
                let place = |point: &Point| {
                    (
                        points.x.position(point.x),
                        y.position(point.y.unwrap_or(0.0)),
                    )
                };
                if run.len() > 1 {
                    chart.draw_series(LineSeries::new(
                        run.iter().map(place),
                        color.stroke_width(2),
                    ))?;
                }
                if run.len() == 1 || count <= 30 {
                    chart.draw_series(
                        run.iter()
                            .map(|point| Circle::new(place(point), 3, color.filled())),
                    )?;
                }
            }
        }
        Ok(())
    }

    pub(super) fn draw_marks(
        &self,
        chart: &mut Drawn<'_, '_>,
        points: &Points,
        x: &Scale,
        y: &Scale,
    ) -> Result<(), Failed> {
        for (index, series) in points.series.iter().enumerate() {
            let marks = series.points.iter().map(|point| {
                let place = (x.position(point.x), y.position(point.y.unwrap_or(0.0)));
                let color = self.color_of(points.coloring, index, Some(point));
                Circle::new(place, 3, color.mix(0.8).filled())
            });
            chart.draw_series(marks)?;
        }
        Ok(())
    }

    pub(super) fn draw_bars(
        &self,
        chart: &mut Drawn<'_, '_>,
        bars: &Bars,
        y: &Scale,
    ) -> Result<(), Failed> {
        let categories = bars.categories.len().max(1) as f64;
        let lanes = match bars.layout {
            BarLayout::Grouped => bars.heights.len(),
            BarLayout::Stacked => 1,
        };
        let rectangles = bars.bars().into_iter().map(|bar| {
            let lane = if lanes > 1 { bar.series } else { 0 };
            let start = bar.category as f64 + 0.1 + 0.8 * lane as f64 / lanes as f64;
            let end = start + 0.8 / lanes as f64;
            let coloring = if bars.names.is_empty() {
                Coloring::Fixed
            } else {
                Coloring::Series
            };
            let color = self.color_of(coloring, bar.series, None);
            let corners = [
                (start / categories, y.position(bar.to)),
                (end / categories, y.position(bar.from)),
            ];
            Rectangle::new(corners, color.filled())
        });
        chart.draw_series(rectangles)?;
        let zero = y.position(0.0);
        let base = PathElement::new([(0.0, zero), (1.0, zero)], INK);
        chart.draw_series([base])?;
        Ok(())
    }

    pub(super) fn draw_bins(
        &self,
        chart: &mut Drawn<'_, '_>,
        histogram: &Histogram,
        x: &Scale,
        y: &Scale,
    ) -> Result<(), Failed> {
        let coloring = if histogram.names.is_empty() {
            Coloring::Fixed
        } else {
            Coloring::Series
        };
        let (across, _) = chart.plotting_area().dim_in_pixel();
        for (bin, edges) in histogram.edges.windows(2).enumerate() {
            let mut base = 0;
            for (series, counts) in histogram.counts.iter().enumerate() {
                let top = base + counts[bin];
                let corners = [
                    (x.position(edges[0]), y.position(top as f64)),
                    (x.position(edges[1]), y.position(base as f64)),
                ];
                if top > base {
                    let color = self.color_of(coloring, series, None);
                    let mut rectangle = Rectangle::new(corners, color.filled());
                    // A gap between neighbours, where there is room for one.
                    if (corners[1].0 - corners[0].0) * f64::from(across) > 4.0 {
                        rectangle.set_margin(0, 0, 0, 1);
                    }
                    chart.draw_series([rectangle])?;
                }
                base = top;
            }
        }
        Ok(())
    }
}

pub(super) fn draw_cells(chart: &mut Drawn<'_, '_>, heatmap: &Heatmap) -> Result<(), Failed> {
    let columns = heatmap.columns.len().max(1);
    let rows = heatmap.rows.len().max(1) as f64;
    let cells = heatmap
        .cells
        .iter()
        .enumerate()
        .filter_map(|(index, cell)| {
            let color = Rgb::of_quantity(heatmap.range.position((*cell)?)).plotters();
            let (row, column) = ((index / columns) as f64, (index % columns) as f64);
            let corners = [
                (column / columns as f64, 1.0 - row / rows),
                ((column + 1.0) / columns as f64, 1.0 - (row + 1.0) / rows),
            ];
            Some(Rectangle::new(corners, color.filled()))
        });
    chart.draw_series(cells)?;
    Ok(())
}
