use super::{Grouping, Table, numbers, scale, thin, too_many};
use crate::ChartError;
use crate::scale::{Range, Scale};
use crate::text::grouped;
use crate::value::{Column, Value};

/// Points on two axes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Points {
    pub(crate) x: Scale,
    pub(crate) y: Scale,
    /// At least one, which may be empty.
    pub(crate) series: Vec<Series>,
    pub(crate) coloring: Coloring,
}

/// What decides on a point's colour.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Coloring {
    /// The chart: there is one series, without a name.
    Fixed,
    /// The series.
    Series,
    /// The point's shade, on this range.
    Shade(Range),
}

/// Points of one kind.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Series {
    pub(crate) name: String,
    pub(crate) points: Vec<Point>,
}

/// Values on the axes' scales. All are finite.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Point {
    pub(crate) x: f64,
    /// Nothing is a gap.
    pub(crate) y: Option<f64>,
    pub(crate) shade: Option<f64>,
}

impl Points {
    pub(super) fn lines(table: &Table) -> Result<(Self, Vec<String>), ChartError> {
        let grouping = table.series()?;
        let (x, places) = scale(&table.x);
        let mut heights = Vec::new();
        for y in &table.y {
            heights.extend(numbers(y, "y")?);
        }
        let y = Scale::Linear(Range::of(heights.iter().flatten().copied()));
        let mut series = empty(&grouping);
        let mut without_place = 0;
        for (row, height) in heights.iter().enumerate() {
            let place = places[row % places.len().max(1)];
            let (Some(x), Some(group)) = (place, grouping.groups[row]) else {
                without_place += 1;
                continue;
            };
            series[group].points.push(Point {
                x,
                y: *height,
                shade: None,
            });
        }
        let mut notes = Vec::new();
        left_out(without_place, &mut notes);
        let total: usize = series.iter().map(|series| series.points.len()).sum();
        for series in &mut series {
            thin::line(&mut series.points, total);
        }
        shown(&series, total, &mut notes);
        let coloring = coloring(&grouping);
        Ok((
            Self {
                x,
                y,
                series,
                coloring,
            },
            notes,
        ))
    }

    pub(super) fn scattered(table: &Table) -> Result<(Self, Vec<String>), ChartError> {
        table.length()?;
        let shades = table.color.as_ref().and_then(shades);
        let grouping = match &shades {
            None => table.series()?,
            Some(_) => {
                let plain = Table {
                    color: None,
                    x: Column::new("", vec![Value::Missing; table.x.values.len()]),
                    y: table.y.clone(),
                };
                let grouping = plain.series()?;
                Grouping {
                    names: grouping.names.clone(),
                    groups: grouping.groups.clone(),
                    columns: table.y.iter().collect(),
                }
            }
        };
        too_many("y", table.y.len())?;
        let (x, places) = scale(&table.x);
        let all = Column::new(
            "",
            grouping
                .columns
                .iter()
                .flat_map(|column| column.values.iter().cloned())
                .collect(),
        );
        let (y, heights) = scale(&all);
        let mut series = empty(&grouping);
        let mut without_place = 0;
        for (index, height) in heights.iter().enumerate() {
            let row = index % places.len().max(1);
            let shade = shades.as_ref().map(|shades| shades[row]);
            match (places[row], height, grouping.groups[index], shade) {
                (Some(x), Some(height), Some(group), None | Some(Some(_))) => {
                    series[group].points.push(Point {
                        x,
                        y: Some(*height),
                        shade: shade.flatten(),
                    })
                }
                _ => without_place += 1,
            }
        }
        let mut notes = Vec::new();
        left_out(without_place, &mut notes);
        let total = series.iter().map(|series| series.points.len()).sum();
        thin::scatter(&mut series, &x, &y);
        shown(&series, total, &mut notes);
        let coloring = match shades {
            Some(shades) => Coloring::Shade(Range::of(shades.into_iter().flatten())),
            None => coloring(&grouping),
        };
        Ok((
            Self {
                x,
                y,
                series,
                coloring,
            },
            notes,
        ))
    }
}

fn coloring(grouping: &Grouping<'_>) -> Coloring {
    if grouping.names.is_empty() {
        Coloring::Fixed
    } else {
        Coloring::Series
    }
}

fn empty(grouping: &Grouping<'_>) -> Vec<Series> {
    let series = |name: &String| Series {
        name: name.clone(),
        points: Vec::new(),
    };
    match &*grouping.names {
        [] => vec![series(&String::new())],
        names => names.iter().map(series).collect(),
    }
}

/// The numbers of a colour that is a quantity.
fn shades(color: &Column) -> Option<Vec<Option<f64>>> {
    let shades = color.values.iter().map(|value| match value {
        Value::Text(_) => None,
        other => Some(other.number().ok().flatten()),
    });
    let shades: Vec<_> = shades.collect::<Option<_>>()?;
    shades.iter().any(Option::is_some).then_some(shades)
}

fn left_out(count: usize, notes: &mut Vec<String>) {
    match count {
        0 => {}
        1 => notes.push("1 point with a missing value is left out".to_owned()),
        count => notes.push(format!(
            "{} points with a missing value are left out",
            grouped(count)
        )),
    }
}

fn shown(series: &[Series], total: usize, notes: &mut Vec<String>) {
    let shown = series.iter().map(|series| series.points.len()).sum();
    if shown < total {
        let (shown, total) = (grouped(shown), grouped(total));
        notes.push(format!(
            "{shown} of {total} points are drawn, those that keep its shape"
        ));
    }
}
