//! Charts as Vega-Lite 5, the version that JupyterLab renders.
//!
//! The data's fields are called `x`, `y` and `color` whatever the user called them, because names
//! with dots or brackets mean something else there. What the user called them is in the titles.

use serde_json::{Map, Value as Json, json};

use crate::chart::{BarLayout, Bars, Chart, Coloring, Drawing, Heatmap, Histogram, Points};
use crate::color::Rgb;
use crate::date;
use crate::scale::{Range, Scale};
use crate::text::width;

/// Up to how many categories an axis names them all, in this order.
const DOMAIN: usize = 1_000;
/// About how wide a character of a label is, in pixels.
const CHARACTER: usize = 7;

const SCHEMA: &str = "https://vega.github.io/schema/vega-lite/v5.json";

impl Chart {
    /// The chart as a specification with its data in it. It has no NaN and no infinity.
    #[must_use]
    pub fn vega_lite(&self) -> Json {
        let mut spec = Map::new();
        spec.insert("$schema".to_owned(), json!(SCHEMA));
        // What a screen reader says.
        if let Some(title) = &self.title {
            spec.insert("description".to_owned(), json!(title));
        }
        if self.title.is_some() || !self.notes.is_empty() {
            let title = json!({
                "text": self.title.as_deref().unwrap_or_default(),
                "subtitle": self.notes,
                "anchor": "start",
            });
            spec.insert("title".to_owned(), title);
        }
        let (width, height) = self.size;
        spec.insert("width".to_owned(), json!(width));
        spec.insert("height".to_owned(), json!(height));
        spec.insert(
            "autosize".to_owned(),
            json!({"type": "fit", "contains": "padding"}),
        );
        // Seen through, so that it suits light and dark pages.
        spec.insert("background".to_owned(), json!("transparent"));
        // A grid that stays behind the data, whatever the theme makes of it.
        let grid = json!({"gridColor": "#7a7a7a", "gridOpacity": 0.25, "labelSeparation": 8});
        spec.insert(
            "config".to_owned(),
            json!({"axis": grid, "view": {"stroke": null}}),
        );
        let (mark, rows, encoding) = match &self.drawing {
            Drawing::Line(points) => {
                let count: usize = points.series.iter().map(|series| series.points.len()).sum();
                // In the order of the data, so that a line may be any curve.
                let mark = json!({"type": "line", "order": null, "point": count <= 30 || has_islands(points)});
                (mark, rows_of(points), self.encode_points(points))
            }
            Drawing::Scatter(points) => {
                let mark = json!({"type": "point", "filled": true, "size": 36, "opacity": 0.8});
                (mark, rows_of(points), self.encode_points(points))
            }
            Drawing::Bars(bars) => (
                json!({"type": "bar"}),
                bar_rows(bars),
                self.encode_bars(bars),
            ),
            Drawing::Histogram(histogram) => (
                json!({"type": "bar", "binSpacing": 1}),
                bin_rows(histogram),
                self.encode_bins(histogram),
            ),
            Drawing::Heatmap(heatmap) => (
                json!({"type": "rect"}),
                cell_rows(heatmap),
                self.encode_cells(heatmap),
            ),
        };
        spec.insert("data".to_owned(), json!({"values": rows}));
        spec.insert("mark".to_owned(), mark);
        spec.insert("encoding".to_owned(), Json::Object(encoding));
        Json::Object(spec)
    }

    fn encode_points(&self, points: &Points) -> Map<String, Json> {
        let mut encoding = Map::new();
        encoding.insert("x".to_owned(), self.x_axis(&points.x));
        encoding.insert(
            "y".to_owned(),
            axis("y", &points.y, self.y_label.as_deref()),
        );
        let color = match points.coloring {
            Coloring::Fixed => self.fixed_color(),
            Coloring::Series => self.named_colors(points.series.iter().map(|series| &*series.name)),
            Coloring::Shade(range) => self.shades(range),
        };
        encoding.insert("color".to_owned(), color);
        let mut tooltip = vec![
            tip("x", Some(&points.x), self.x_label.as_deref()),
            tip("y", Some(&points.y), self.y_label.as_deref()),
        ];
        match points.coloring {
            Coloring::Fixed => {}
            Coloring::Series => tooltip.push(tip("color", None, self.color_label.as_deref())),
            Coloring::Shade(range) => {
                tooltip.push(tip(
                    "color",
                    Some(&Scale::Linear(range)),
                    self.color_label.as_deref(),
                ));
            }
        }
        encoding.insert("tooltip".to_owned(), Json::Array(tooltip));
        encoding
    }

    fn encode_bars(&self, bars: &Bars) -> Map<String, Json> {
        let mut encoding = Map::new();
        let categories = Scale::Categories(bars.categories.clone());
        let heights = Scale::Linear(bars.range());
        encoding.insert("x".to_owned(), self.x_axis(&categories));
        let mut y = axis("y", &heights, self.y_label.as_deref());
        y["scale"] = json!({"zero": true});
        y["stack"] = match bars.layout {
            BarLayout::Grouped => Json::Null,
            BarLayout::Stacked => json!("zero"),
        };
        encoding.insert("y".to_owned(), y);
        let mut tooltip = vec![
            tip("x", Some(&categories), self.x_label.as_deref()),
            tip("y", Some(&heights), self.y_label.as_deref()),
        ];
        if bars.names.is_empty() {
            encoding.insert("color".to_owned(), self.fixed_color());
        } else {
            if bars.layout == BarLayout::Grouped {
                let offset =
                    json!({"field": "color", "type": "nominal", "scale": {"domain": bars.names}});
                encoding.insert("xOffset".to_owned(), offset);
            } else {
                // The first series is nearest to the axis, as in the other renderings.
                encoding.insert(
                    "order".to_owned(),
                    json!({"field": "series", "type": "quantitative"}),
                );
            }
            encoding.insert(
                "color".to_owned(),
                self.named_colors(bars.names.iter().map(|name| &**name)),
            );
            tooltip.push(tip("color", None, self.color_label.as_deref()));
        }
        encoding.insert("tooltip".to_owned(), Json::Array(tooltip));
        encoding
    }

    fn encode_bins(&self, histogram: &Histogram) -> Map<String, Json> {
        let mut encoding = Map::new();
        let mut x = self.x_axis(&Scale::Linear(histogram.range()));
        x["bin"] = json!({"binned": true});
        encoding.insert("x".to_owned(), x);
        encoding.insert("x2".to_owned(), json!({"field": "x2"}));
        let mut y = axis(
            "y",
            &Scale::Linear(histogram.heights()),
            self.y_label.as_deref(),
        );
        y["scale"] = json!({"zero": true});
        y["stack"] = json!("zero");
        encoding.insert("y".to_owned(), y);
        let mut tooltip = vec![
            json!({"field": "x", "type": "quantitative", "title": "from"}),
            json!({"field": "x2", "type": "quantitative", "title": "to"}),
            tip("y", None, self.y_label.as_deref()),
        ];
        if histogram.names.is_empty() {
            encoding.insert("color".to_owned(), self.fixed_color());
        } else {
            encoding.insert(
                "order".to_owned(),
                json!({"field": "series", "type": "quantitative"}),
            );
            encoding.insert(
                "color".to_owned(),
                self.named_colors(histogram.names.iter().map(|name| &**name)),
            );
            tooltip.push(tip("color", None, self.color_label.as_deref()));
        }
        encoding.insert("tooltip".to_owned(), Json::Array(tooltip));
        encoding
    }

    fn encode_cells(&self, heatmap: &Heatmap) -> Map<String, Json> {
        let mut encoding = Map::new();
        let columns = Scale::Categories(heatmap.columns.clone());
        let rows = Scale::Categories(heatmap.rows.clone());
        let in_pixels = |mut side: Json| {
            // Whole pixels, so that no seams show.
            side["scale"]["round"] = json!(true);
            side
        };
        encoding.insert("x".to_owned(), in_pixels(self.x_axis(&columns)));
        encoding.insert(
            "y".to_owned(),
            in_pixels(axis("y", &rows, self.y_label.as_deref())),
        );
        encoding.insert("color".to_owned(), self.shades(heatmap.range));
        let value = Scale::Linear(heatmap.range);
        let tooltip = json!([
            tip("x", Some(&columns), self.x_label.as_deref()),
            tip("y", Some(&rows), self.y_label.as_deref()),
            tip(
                "color",
                Some(&value),
                Some(self.color_label.as_deref().unwrap_or("value"))
            ),
        ]);
        encoding.insert("tooltip".to_owned(), tooltip);
        encoding
    }

    fn x_axis(&self, scale: &Scale) -> Json {
        let mut x = axis("x", scale, self.x_label.as_deref());
        if let Scale::Categories(names) = scale {
            // Labels stand upright, unless they fit side by side.
            let longest = names.iter().map(|name| width(name)).max().unwrap_or(0);
            if names.len() * (longest + 1) * CHARACTER <= self.size.0 as usize * 3 / 4 {
                x["axis"]["labelAngle"] = json!(0);
            }
        }
        x
    }

    fn fixed_color(&self) -> Json {
        json!({"value": self.color.hex()})
    }

    fn named_colors<'a>(&self, names: impl Iterator<Item = &'a str>) -> Json {
        let names: Vec<_> = names.collect();
        let colors: Vec<_> = (0..names.len())
            .map(|index| Rgb::of_series(index).hex())
            .collect();
        json!({
            "field": "color",
            "type": "nominal",
            "title": self.color_label,
            "scale": {"domain": names, "range": colors},
        })
    }

    fn shades(&self, range: Range) -> Json {
        json!({
            "field": "color",
            "type": "quantitative",
            "title": self.color_label,
            "scale": {"scheme": {"name": "viridis", "extent": Rgb::QUANTITIES}, "domain": [range.min(), range.max()]},
        })
    }
}

/// Whether a point stands between two gaps, where a line alone would show nothing.
fn has_islands(points: &Points) -> bool {
    points.series.iter().any(|series| {
        let runs = series.points.split(|point| point.y.is_none());
        runs.into_iter().any(|run| run.len() == 1)
    })
}

fn axis(field: &str, scale: &Scale, label: Option<&str>) -> Json {
    let mut axis = json!({"field": field, "title": label});
    match scale {
        Scale::Linear(range) => {
            axis["type"] = json!("quantitative");
            axis["scale"] = json!({"zero": false});
            // Years are written without a comma.
            if range.min().abs().max(range.max().abs()) < 10_000.0
                && range.max() - range.min() >= 4.0
            {
                axis["axis"] = json!({"format": "~f"});
            }
        }
        Scale::Time(_) => {
            axis["type"] = json!("temporal");
            // Else a day may be the day before, west of Greenwich.
            axis["scale"] = json!({"type": "utc"});
        }
        Scale::Categories(names) => {
            axis["type"] = json!("nominal");
            axis["sort"] = Json::Null;
            // Also those without a value; but not thousands that were thinned out.
            if names.len() <= DOMAIN {
                axis["scale"] = json!({"domain": names});
            }
            axis["axis"] = json!({"labelOverlap": true});
        }
    }
    axis
}

/// What the tip at the pointer says of a field.
fn tip(field: &str, scale: Option<&Scale>, label: Option<&str>) -> Json {
    let title = label.unwrap_or(field);
    match scale {
        Some(Scale::Linear(_)) => json!({"field": field, "type": "quantitative", "title": title}),
        Some(Scale::Time(range)) => {
            let unit = if range.max() - range.min() > 3.0 * 86_400_000.0 {
                "utcyearmonthdate"
            } else {
                "utcyearmonthdatehoursminutesseconds"
            };
            json!({"field": field, "type": "temporal", "timeUnit": unit, "title": title})
        }
        Some(Scale::Categories(_)) | None => {
            json!({"field": field, "type": "nominal", "title": title})
        }
    }
}

fn rows_of(points: &Points) -> Vec<Json> {
    let is_day = |scale: &Scale, value: fn(&crate::chart::Point) -> Option<f64>| {
        let mut values = points
            .series
            .iter()
            .flat_map(|series| &series.points)
            .filter_map(value);
        matches!(scale, Scale::Time(_)) && values.all(date::is_midnight)
    };
    let x_is_day = is_day(&points.x, |point| Some(point.x));
    let y_is_day = is_day(&points.y, |point| point.y);
    let mut rows = Vec::new();
    for series in &points.series {
        for point in &series.points {
            let mut row = Map::new();
            row.insert("x".to_owned(), datum(&points.x, point.x, x_is_day));
            let y = point
                .y
                .map_or(Json::Null, |y| datum(&points.y, y, y_is_day));
            row.insert("y".to_owned(), y);
            match (points.coloring, point.shade) {
                (Coloring::Series, _) => drop(row.insert("color".to_owned(), json!(series.name))),
                (_, Some(shade)) => drop(row.insert("color".to_owned(), number(shade))),
                _ => {}
            }
            rows.push(Json::Object(row));
        }
    }
    rows
}

fn datum(scale: &Scale, value: f64, is_day: bool) -> Json {
    match scale {
        Scale::Linear(_) => number(value),
        Scale::Time(_) => json!(date::iso(value, is_day)),
        Scale::Categories(names) => json!(names.get(value as usize)),
    }
}

/// A number as short as it can be: 3, not 3.0.
fn number(value: f64) -> Json {
    if value.fract() == 0.0 && value.abs() < 9e15 {
        return json!(value as i64);
    }
    json!(value)
}

fn bar_rows(bars: &Bars) -> Vec<Json> {
    let mut rows = Vec::new();
    for (category, name) in bars.categories.iter().enumerate() {
        for (series, heights) in bars.heights.iter().enumerate() {
            if let Some(height) = heights[category] {
                rows.push(row(json!(name), height, &bars.names, series));
            }
        }
    }
    rows
}

fn row(x: Json, height: f64, names: &[String], series: usize) -> Json {
    let mut row = json!({"x": x, "y": number(height)});
    if let Some(name) = names.get(series) {
        row["color"] = json!(name);
        row["series"] = json!(series);
    }
    row
}

fn bin_rows(histogram: &Histogram) -> Vec<Json> {
    let mut rows = Vec::new();
    for (bin, edges) in histogram.edges.windows(2).enumerate() {
        for (series, counts) in histogram.counts.iter().enumerate() {
            let mut row = row(
                number(edges[0]),
                counts[bin] as f64,
                &histogram.names,
                series,
            );
            row["x2"] = number(edges[1]);
            rows.push(row);
        }
    }
    rows
}

fn cell_rows(heatmap: &Heatmap) -> Vec<Json> {
    let width = heatmap.columns.len().max(1);
    let cells = heatmap.cells.iter().enumerate();
    cells
        .filter_map(|(index, cell)| {
            let (row, column) = (
                &heatmap.rows[index / width],
                &heatmap.columns[index % width],
            );
            Some(json!({"x": column, "y": row, "color": number((*cell)?)}))
        })
        .collect()
}
