//! What a chart shows, sorted out once for all renderers.

mod bars;
mod histogram;
mod matrix;
mod series;
mod thin;

use crate::scale::Scale;
use crate::text::clean;
use crate::value::{Column, Value};
use crate::{ChartError, Rgb};

pub use bars::BarLayout;
pub(crate) use bars::{Bar, Bars};
pub(crate) use histogram::Histogram;
pub(crate) use matrix::Heatmap;
pub use matrix::Matrix;
pub(crate) use series::{Coloring, Point, Points};

/// A legend tells no more colours apart.
const SERIES: usize = 50;

/// What a chart looks like apart from its data.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Style {
    /// Stands above it.
    pub title: Option<String>,
    /// What the x axis is called, instead of its column's name.
    pub x_label: Option<String>,
    /// What the y axis is called.
    pub y_label: Option<String>,
    /// What the legend is called.
    pub color_label: Option<String>,
    /// The colour of all of it, where no column decides.
    pub color: Option<Rgb>,
    /// In pixels, 100 to 4000; 640 if nothing is said.
    pub width: Option<u32>,
    /// In pixels, 100 to 4000; 360 if nothing is said.
    pub height: Option<u32>,
}

/// The columns of a line, scatter or bar chart. All are equally long.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Where on the x axis.
    pub x: Column,
    /// How high; several columns are as many series.
    pub y: Vec<Column>,
    /// Rows with the same value are one series.
    pub color: Option<Column>,
}

/// A chart that can be drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    pub(crate) title: Option<String>,
    pub(crate) x_label: Option<String>,
    pub(crate) y_label: Option<String>,
    pub(crate) color_label: Option<String>,
    /// The colour of all, where no series has its own.
    pub(crate) color: Rgb,
    /// In pixels, width and height.
    pub(crate) size: (u32, u32),
    pub(crate) drawing: Drawing,
    /// What a reader has to know to read it right.
    pub(crate) notes: Vec<String>,
}

/// What is drawn.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Drawing {
    Line(Points),
    Scatter(Points),
    Bars(Bars),
    Histogram(Histogram),
    Heatmap(Heatmap),
}

/// The names of a chart's data, for axes and legend where the style says nothing.
#[derive(Debug, Default)]
struct Names<'a> {
    x: &'a str,
    y: &'a str,
    color: &'a str,
}

impl Chart {
    /// Points joined in their order. Gaps stay open.
    ///
    /// # Errors
    ///
    /// When a y is text, columns differ in length, there are too many series, or the size is not
    /// one.
    pub fn line(table: Table, style: Style) -> Result<Self, ChartError> {
        let (points, notes) = Points::lines(&table)?;
        Self::of_table(&table, Drawing::Line(points), notes, style)
    }

    /// A mark for each point. If the colour is a column of numbers, it is a scale.
    ///
    /// # Errors
    ///
    /// As for [`Chart::line`], but y may be categories and dates too.
    pub fn scatter(table: Table, style: Style) -> Result<Self, ChartError> {
        let (points, notes) = Points::scattered(&table)?;
        Self::of_table(&table, Drawing::Scatter(points), notes, style)
    }

    /// A bar for each x, which are categories whatever they are. What has the same x and the same
    /// series is added up.
    ///
    /// # Errors
    ///
    /// As for [`Chart::line`].
    pub fn bar(table: Table, layout: BarLayout, style: Style) -> Result<Self, ChartError> {
        let (bars, notes) = Bars::new(&table, layout)?;
        Self::of_table(&table, Drawing::Bars(bars), notes, style)
    }

    /// How many values lie in each of some intervals; or, of text, how many there are of each.
    ///
    /// # Errors
    ///
    /// When numbers and text are mixed, the columns differ in length, there are too many series, or
    /// bins or size are not possible.
    pub fn histogram(
        values: &Column,
        color: Option<&Column>,
        bins: Option<usize>,
        style: Style,
    ) -> Result<Self, ChartError> {
        let (drawing, notes) = histogram::count(values, color, bins)?;
        let names = Names {
            x: &values.name,
            y: "count",
            color: color.map_or("", |color| &color.name),
        };
        Self::new(names, drawing, notes, style)
    }

    /// A coloured cell for each number of a matrix.
    ///
    /// # Errors
    ///
    /// When a value is text, rows differ in length, or the size is not one.
    pub fn heatmap(matrix: &Matrix, style: Style) -> Result<Self, ChartError> {
        let (heatmap, notes) = Heatmap::new(matrix)?;
        let names = Names {
            x: &matrix.x_name,
            y: &matrix.y_name,
            color: &matrix.name,
        };
        Self::new(names, Drawing::Heatmap(heatmap), notes, style)
    }

    fn of_table(
        table: &Table,
        drawing: Drawing,
        notes: Vec<String>,
        style: Style,
    ) -> Result<Self, ChartError> {
        let names = Names {
            x: &table.x.name,
            y: match &*table.y {
                [y] => &y.name,
                _ => "",
            },
            color: table.color.as_ref().map_or("", |color| &color.name),
        };
        Self::new(names, drawing, notes, style)
    }

    fn new(
        names: Names<'_>,
        drawing: Drawing,
        notes: Vec<String>,
        style: Style,
    ) -> Result<Self, ChartError> {
        let label = |given: Option<String>, name: &str| {
            let label = clean(given.as_deref().unwrap_or(name));
            (!label.trim().is_empty()).then_some(label)
        };
        let side = |given: Option<u32>, usual: u32| match given.unwrap_or(usual) {
            side @ 100..=4000 => Ok(side),
            side => Err(ChartError::Size(side)),
        };
        Ok(Self {
            title: label(style.title, ""),
            x_label: label(style.x_label, names.x),
            y_label: label(style.y_label, names.y),
            color_label: label(style.color_label, names.color),
            color: style.color.unwrap_or(Rgb::of_series(0)),
            size: (side(style.width, 640)?, side(style.height, 360)?),
            drawing,
            notes,
        })
    }
}

impl Table {
    /// Checks that all columns are equally long, and gives the length.
    fn length(&self) -> Result<usize, ChartError> {
        let length = self.x.values.len();
        for column in self.y.iter().chain(&self.color) {
            same_length((&self.x, "x"), (column, "y"))?;
        }
        Ok(length)
    }

    /// The table as rows of x, y and series, the names of the series, and which row is which.
    fn series(&self) -> Result<Grouping<'_>, ChartError> {
        self.length()?;
        if let Some(color) = &self.color {
            let mut grouping = group(color)?;
            if let [_, _, ..] = &*self.y {
                // Each y column of each colour is a series.
                let colors = grouping.names.len().max(1);
                let names = self.y.iter().flat_map(|y| {
                    grouping
                        .names
                        .iter()
                        .map(move |name| format!("{}, {name}", clean(&y.name)))
                });
                grouping.names = names.collect();
                grouping.groups = (0..self.y.len())
                    .flat_map(|index| {
                        grouping
                            .groups
                            .iter()
                            .map(move |group| group.map(|group| index * colors + group))
                    })
                    .collect();
            }
            too_many(&color.name, grouping.names.len())?;
            return Ok(grouping.with_columns(&self.y));
        }
        too_many("y", self.y.len())?;
        let rows = self.x.values.len();
        let grouping = Grouping {
            names: match &*self.y {
                [_] => Vec::new(),
                columns => columns.iter().map(|column| clean(&column.name)).collect(),
            },
            groups: (0..self.y.len())
                .flat_map(|index| std::iter::repeat_n(Some(index), rows))
                .collect(),
            columns: Vec::new(),
        };
        Ok(grouping.with_columns(&self.y))
    }
}

/// Which rows are which series.
struct Grouping<'a> {
    /// What the series are called; none if there is just one, without a name.
    names: Vec<String>,
    /// The series of each row, column after column; nothing where the colour is missing.
    groups: Vec<Option<usize>>,
    columns: Vec<&'a Column>,
}

impl<'a> Grouping<'a> {
    fn with_columns(mut self, columns: &'a [Column]) -> Self {
        self.columns = columns.iter().collect();
        self
    }
}

fn group(color: &Column) -> Result<Grouping<'static>, ChartError> {
    let mut categories = crate::scale::Categories::default();
    let mut groups: Vec<_> = color
        .values
        .iter()
        .map(|value| Some(categories.index(value.category()?)))
        .collect();
    let mut names = categories.names;
    // Numbers have an order of their own.
    let all_numbers = color
        .values
        .iter()
        .all(|value| !matches!(value, Value::Text(_)));
    if all_numbers {
        let mut order: Vec<usize> = (0..names.len()).collect();
        let number = |index: &usize| names[*index].parse::<f64>().unwrap_or(0.0);
        order.sort_by(|left, right| number(left).total_cmp(&number(right)));
        let mut rank = vec![0; order.len()];
        for (place, index) in order.iter().enumerate() {
            rank[*index] = place;
        }
        names = order.iter().map(|index| names[*index].clone()).collect();
        for group in groups.iter_mut().flatten() {
            *group = rank[*group];
        }
    }
    too_many(&color.name, names.len())?;
    Ok(Grouping {
        names,
        groups,
        columns: Vec::new(),
    })
}

fn too_many(column: &str, count: usize) -> Result<(), ChartError> {
    if count > SERIES {
        return Err(ChartError::TooManySeries {
            column: if column.is_empty() {
                "color".to_owned()
            } else {
                clean(column)
            },
            count,
            limit: SERIES,
        });
    }
    Ok(())
}

fn same_length(
    (left, left_role): (&Column, &str),
    (right, right_role): (&Column, &str),
) -> Result<(), ChartError> {
    if left.values.len() == right.values.len() {
        return Ok(());
    }
    let called = |column: &Column, role: &str| {
        if column.name.is_empty() {
            role.to_owned()
        } else {
            clean(&column.name)
        }
    };
    Err(ChartError::Lengths {
        column: called(left, left_role),
        length: left.values.len(),
        other: called(right, right_role),
        other_length: right.values.len(),
    })
}

/// The numbers of a column; nothing where they are missing.
fn numbers(column: &Column, role: &str) -> Result<Vec<Option<f64>>, ChartError> {
    let numbers = column.values.iter().enumerate().map(|(index, value)| {
        value.number().map_err(|text| ChartError::NotANumber {
            column: if column.name.is_empty() {
                role.to_owned()
            } else {
                clean(&column.name)
            },
            row: index + 1,
            value: clean(text),
        })
    });
    numbers.collect()
}

/// Text that all reads as numbers, as from a CSV file, is numbers.
fn as_numbers(column: &Column) -> Option<Vec<Value>> {
    let numbers = column.values.iter().map(|value| value.number().ok());
    let numbers: Option<Vec<_>> = numbers.collect();
    Some(
        numbers?
            .into_iter()
            .map(|number| number.map_or(Value::Missing, Value::Number))
            .collect(),
    )
}

/// The scale of a column for points.
fn scale(column: &Column) -> (Scale, Vec<Option<f64>>) {
    match as_numbers(column) {
        Some(numbers) => Scale::of(&numbers),
        None => Scale::of(&column.values),
    }
}
