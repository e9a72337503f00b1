//! Charts as SVG, drawn by plotters.
//!
//! An SVG is shown as an image, which knows nothing of the page's colours. So its background is
//! transparent and its text of a grey that reads on white and on black alike.

mod coordinate;
mod data;
mod legend;

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::ChartError;
use crate::chart::{Chart, Coloring, Drawing};
use crate::scale::{Scale, Tick};
use crate::text::{shorten, width};
use coordinate::Coordinate;

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Drawn<'a, 'b> = ChartContext<'b, SVGBackend<'a>, Cartesian2d<Coordinate, Coordinate>>;
type Failed = Box<dyn std::error::Error + Send + Sync>;

/// It has a contrast above 4 both on white and on JupyterLab's black.
const INK: RGBColor = RGBColor(0x7a, 0x7a, 0x7a);
/// The size that plotters makes 12 pixels.
const TEXT: f64 = 12.0 * 1.24;
const TITLE: f64 = 15.0 * 1.24;
/// About what a character of that text takes, in pixels.
const CHARACTER: usize = 7;
/// The longest label of an axis, in characters.
const LABEL: usize = 24;

impl Chart {
    /// The chart as an SVG document with no script and nothing from elsewhere.
    ///
    /// # Errors
    ///
    /// When the plotting library refuses.
    pub fn svg(&self) -> Result<String, ChartError> {
        let mut svg = String::new();
        {
            let area = SVGBackend::with_string(&mut svg, self.size).into_drawing_area();
            self.draw(&area)
                .map_err(|error| ChartError::Drawing(error.to_string()))?;
            area.present()
                .map_err(|error| ChartError::Drawing(error.to_string()))?;
        }
        Ok(svg)
    }

    fn draw(&self, area: &Area<'_>) -> Result<(), Failed> {
        let (width, height) = area.dim_in_pixel();
        let top = if self.title.is_some() { 30 } else { 4 };
        let notes = 18 * i32::try_from(self.notes.len())?;
        let (head, rest) = area.split_vertically(top);
        let (body, foot) = rest.split_vertically(i32::try_from(height)? - top - notes);
        if let Some(title) = &self.title {
            let title = shorten(title, width as usize / 9);
            head.draw_text(&title, &bold(TITLE), (10, 8))?;
        }
        for (index, note) in self.notes.iter().enumerate() {
            let note = shorten(note, width as usize / CHARACTER);
            foot.draw_text(&note, &ink(TEXT * 0.9), (10, 18 * i32::try_from(index)?))?;
        }
        let legend = self.legend();
        let aside = i32::try_from(legend.width())?.min(i32::try_from(width)? / 3);
        let (plot, side) = body.split_horizontally(i32::try_from(width)? - aside);
        legend.draw(&side)?;
        match &self.drawing {
            Drawing::Line(points) => {
                let y = rounded(&points.y);
                self.on_axes(&plot, &points.x, &y, |chart| {
                    self.draw_lines(chart, points, &y)
                })
            }
            Drawing::Scatter(points) => {
                let (x, y) = (rounded(&points.x), rounded(&points.y));
                self.on_axes(&plot, &x, &y, |chart| {
                    self.draw_marks(chart, points, &x, &y)
                })
            }
            Drawing::Bars(bars) => {
                let x = Scale::Categories(bars.categories.clone());
                let y = Scale::Linear(bars.range().rounded(6));
                self.on_axes(&plot, &x, &y, |chart| self.draw_bars(chart, bars, &y))
            }
            Drawing::Histogram(histogram) => {
                let x = Scale::Linear(histogram.range());
                let y = Scale::Linear(histogram.heights().rounded(6));
                self.on_axes(&plot, &x, &y, |chart| {
                    self.draw_bins(chart, histogram, &x, &y)
                })
            }
            Drawing::Heatmap(heatmap) => {
                let x = Scale::Categories(heatmap.columns.clone());
                let y = Scale::Categories(heatmap.rows.iter().rev().cloned().collect());
                self.on_axes(&plot, &x, &y, |chart| data::draw_cells(chart, heatmap))
            }
        }
    }

    fn legend(&self) -> legend::Legend {
        let title = self.color_label.clone();
        let names: Vec<String> = match &self.drawing {
            Drawing::Line(points) | Drawing::Scatter(points) => match points.coloring {
                Coloring::Fixed => return legend::Legend::Nothing,
                Coloring::Series => points
                    .series
                    .iter()
                    .map(|series| series.name.clone())
                    .collect(),
                Coloring::Shade(range) => return legend::Legend::Shades { title, range },
            },
            Drawing::Bars(bars) => bars.names.clone(),
            Drawing::Histogram(histogram) => histogram.names.clone(),
            Drawing::Heatmap(heatmap) => {
                return legend::Legend::Shades {
                    title,
                    range: heatmap.range,
                };
            }
        };
        if names.is_empty() {
            return legend::Legend::Nothing;
        }
        legend::Legend::Names { title, names }
    }

    /// Draws the axes, and what `draw` draws on them.
    fn on_axes<'a>(
        &self,
        area: &Area<'a>,
        x: &Scale,
        y: &Scale,
        draw: impl FnOnce(&mut Drawn<'a, '_>) -> Result<(), Failed>,
    ) -> Result<(), Failed> {
        let (width, height) = area.dim_in_pixel();
        let rows = match y {
            Scale::Categories(_) => height as usize / 18,
            _ => (height as usize / 45).clamp(3, 12),
        };
        let y_ticks = short(y.ticks(rows));
        let y_labels = y_ticks
            .iter()
            .map(|tick| text_width(&tick.label))
            .max()
            .unwrap_or(0);
        let left = y_labels + 12 + if self.y_label.is_some() { 22 } else { 0 };
        let room = (width as usize).saturating_sub(left + 28).max(40);
        let (x_ticks, upright) = x_ticks(x, room);
        let x_labels = x_ticks
            .iter()
            .map(|tick| text_width(&tick.label))
            .max()
            .unwrap_or(0);
        let is_last = |tick: &&Tick| tick.at > 0.95 && !upright;
        let last = x_ticks
            .iter()
            .rfind(is_last)
            .map_or(0, |tick| text_width(&tick.label));
        let right = (last / 2 + 4).max(20);
        let bottom = if upright { x_labels + 12 } else { 24 };
        let bottom = bottom + if self.x_label.is_some() { 20 } else { 0 };
        let mut chart = ChartBuilder::on(area)
            .margin_top(8)
            .margin_right(u32::try_from(right)?)
            .margin_left(8)
            .x_label_area_size(u32::try_from(bottom)?)
            .y_label_area_size(u32::try_from(left)?)
            .build_cartesian_2d(Coordinate::new(&x_ticks), Coordinate::new(&y_ticks))?;
        let label = |ticks: &[Tick], at: &f64| {
            let tick = ticks.iter().find(|tick| (tick.at - at).abs() < 1e-9);
            tick.map(|tick| tick.label.clone()).unwrap_or_default()
        };
        // Plotters centres what it turns, so labels that stand upright are drawn below.
        let label_x = |at: &f64| {
            if upright {
                String::new()
            } else {
                label(&x_ticks, at)
            }
        };
        let label_y = |at: &f64| label(&y_ticks, at);
        let mut mesh = chart.configure_mesh();
        mesh.axis_style(INK.mix(0.7))
            .bold_line_style(INK.mix(0.2))
            .light_line_style(TRANSPARENT)
            .set_all_tick_mark_size(4)
            .label_style(ink(TEXT))
            .axis_desc_style(ink(TEXT))
            .x_label_formatter(&label_x)
            .y_label_formatter(&label_y);
        if matches!(x, Scale::Categories(_)) {
            mesh.disable_x_mesh();
        }
        if matches!(y, Scale::Categories(_)) {
            mesh.disable_y_mesh();
        }
        if let Some(label) = &self.x_label {
            mesh.x_desc(shorten(label, room / CHARACTER));
        }
        if let Some(label) = &self.y_label {
            mesh.y_desc(shorten(label, height as usize / CHARACTER));
        }
        mesh.draw()?;
        if upright {
            let (across, down) = chart.plotting_area().get_pixel_range();
            let (left, top) = area.get_base_pixel();
            let style = ink(TEXT)
                .transform(FontTransform::Rotate270)
                .pos(Pos::new(HPos::Right, VPos::Center));
            for tick in &x_ticks {
                let x = across.start + (tick.at * f64::from(across.end - across.start)) as i32;
                area.draw_text(&tick.label, &style, (x - left, down.end - top + 8))?;
            }
        }
        draw(&mut chart)
    }
}

fn ink(size: f64) -> TextStyle<'static> {
    TextStyle::from(("sans-serif", size)).color(&INK)
}

fn bold(size: f64) -> TextStyle<'static> {
    TextStyle::from(("sans-serif", size, FontStyle::Bold)).color(&INK)
}

fn rounded(scale: &Scale) -> Scale {
    match scale {
        Scale::Linear(range) => Scale::Linear(range.rounded(6)),
        other => other.clone(),
    }
}

fn text_width(text: &str) -> usize {
    width(text) * CHARACTER
}

fn short(ticks: Vec<Tick>) -> Vec<Tick> {
    let shortened = ticks.into_iter().map(|tick| Tick {
        label: shorten(&tick.label, LABEL),
        ..tick
    });
    shortened.collect()
}

/// As many ticks as have room, and whether their labels stand upright.
fn x_ticks(scale: &Scale, room: usize) -> (Vec<Tick>, bool) {
    let fits = |ticks: &[Tick]| {
        let widest = ticks
            .iter()
            .map(|tick| text_width(&tick.label))
            .max()
            .unwrap_or(0);
        (widest + 10) * ticks.len() <= room
    };
    if let Scale::Categories(names) = scale {
        let ticks = short(scale.ticks(names.len()));
        if fits(&ticks) {
            return (ticks, false);
        }
        // A long name is cut before all names stand upright, which would cost half the chart.
        let slot = (room / names.len().max(1)).saturating_sub(10) / CHARACTER;
        if slot >= 12 {
            let cut = ticks.into_iter().map(|tick| Tick {
                label: shorten(&tick.label, slot),
                ..tick
            });
            return (cut.collect(), false);
        }
        // Numbers can be left out, since readers know what stands between them.
        if !names.iter().all(|name| name.parse::<f64>().is_ok()) {
            return (short(scale.ticks(room / 16)), true);
        }
    }
    let mut count = 12;
    loop {
        let ticks = short(scale.ticks(count));
        if count <= 2 || fits(&ticks) {
            return (ticks, false);
        }
        count -= 1;
    }
}
