use plotters::prelude::*;

use super::{Area, CHARACTER, Failed, TEXT, bold, ink, text_width};
use crate::color::Rgb;
use crate::scale::{Range, Tick};
use crate::text::{grouped, shorten};

/// The longest name, in characters.
const NAME: usize = 18;
/// The height of a line, in pixels.
const LINE: i32 = 18;

/// What the colours mean.
pub(super) enum Legend {
    Nothing,
    Names {
        title: Option<String>,
        names: Vec<String>,
    },
    Shades {
        title: Option<String>,
        range: Range,
    },
}

impl Legend {
    /// In pixels.
    pub(super) fn width(&self) -> usize {
        let labels = match self {
            Self::Nothing => return 0,
            Self::Names { names, .. } => names.iter().map(|name| shorten(name, NAME)).collect(),
            Self::Shades { range, .. } => labels(*range)
                .into_iter()
                .map(|tick| tick.label)
                .collect::<Vec<_>>(),
        };
        let widest = labels
            .iter()
            .map(|label| text_width(label))
            .max()
            .unwrap_or(0);
        let title = self
            .title()
            .map_or(0, |title| text_width(&shorten(title, NAME)));
        (widest + 30).max(title + 12)
    }

    fn title(&self) -> Option<&str> {
        match self {
            Self::Nothing => None,
            Self::Names { title, .. } | Self::Shades { title, .. } => title.as_deref(),
        }
    }

    pub(super) fn draw(&self, area: &Area<'_>) -> Result<(), Failed> {
        let mut top = 8;
        if let Some(title) = self.title() {
            area.draw_text(&shorten(title, NAME), &bold(TEXT), (4, top))?;
            top += LINE + 4;
        }
        match self {
            Self::Nothing => Ok(()),
            Self::Names { names, .. } => draw_names(area, names, top),
            Self::Shades { range, .. } => draw_shades(area, *range, top),
        }
    }
}

fn draw_names(area: &Area<'_>, names: &[String], top: i32) -> Result<(), Failed> {
    let (width, height) = area.dim_in_pixel();
    let room = (usize::try_from(i32::try_from(height)? - top).unwrap_or(0) / LINE as usize).max(1);
    let shown = if names.len() > room {
        room - 1
    } else {
        names.len()
    };
    let characters = (width as usize).saturating_sub(24) / CHARACTER;
    let mut y = top;
    for (index, name) in names[..shown].iter().enumerate() {
        let color = Rgb::of_series(index).plotters();
        area.draw(&Rectangle::new([(4, y), (14, y + 10)], color.filled()))?;
        area.draw_text(
            &shorten(name, characters.min(NAME)),
            &ink(TEXT),
            (20, y - 1),
        )?;
        y += LINE;
    }
    if shown < names.len() {
        let more = format!("… {} more", grouped(names.len() - shown));
        area.draw_text(&more, &ink(TEXT), (4, y - 1))?;
    }
    Ok(())
}

fn labels(range: Range) -> Vec<Tick> {
    range.ticks(5)
}

fn draw_shades(area: &Area<'_>, range: Range, top: i32) -> Result<(), Failed> {
    let (_, height) = area.dim_in_pixel();
    let height = (i32::try_from(height)? - top - 12).clamp(20, 200);
    for row in 0..height {
        let share = 1.0 - f64::from(row) / f64::from(height - 1);
        // Two rows, so that no seam shows between them.
        let bottom = (row + 2).min(height);
        let color = Rgb::of_quantity(share).plotters();
        if row % 2 == 0 {
            area.draw(&Rectangle::new(
                [(4, top + row), (16, top + bottom)],
                color.filled(),
            ))?;
        }
    }
    for tick in labels(range) {
        let y = top + ((1.0 - tick.at) * f64::from(height)).round() as i32;
        area.draw_text(&tick.label, &ink(TEXT), (21, y - 6))?;
    }
    Ok(())
}
