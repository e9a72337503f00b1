use std::str::FromStr;

use plotters::style::RGBColor;
use plotters::style::colors::colormaps::{ColorMap, ViridisRGB};

use crate::ChartError;

/// An opaque colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rgb(pub [u8; 3]);

/// Vega-Lite's own categories (Tableau 10), which read well on light and on dark.
const PALETTE: [u32; 10] = [
    0x4c78a8, 0xf58518, 0xe45756, 0x72b7b2, 0x54a24b, 0xeeca3b, 0xb279a2, 0xff9da6, 0x9d755d,
    0xbab0ac,
];

impl Rgb {
    /// The colour of the n-th series, from 0.
    pub(crate) fn of_series(index: usize) -> Self {
        let [_, rgb @ ..] = PALETTE[index % PALETTE.len()].to_be_bytes();
        Self(rgb)
    }

    /// The part of viridis that stands out from black and from white.
    pub(crate) const QUANTITIES: [f64; 2] = [0.15, 0.95];

    /// The colour of a quantity, from 0 for the least to 1 for the most.
    pub(crate) fn of_quantity(share: f64) -> Self {
        let [least, most] = Self::QUANTITIES;
        let place = least + share.clamp(0.0, 1.0) * (most - least);
        let RGBColor(red, green, blue) = ViridisRGB.get_color(place as f32);
        Self([red, green, blue])
    }

    /// As CSS writes it.
    pub(crate) fn hex(self) -> String {
        let [red, green, blue] = self.0;
        format!("#{red:02x}{green:02x}{blue:02x}")
    }

    pub(crate) fn plotters(self) -> RGBColor {
        let [red, green, blue] = self.0;
        RGBColor(red, green, blue)
    }
}

impl FromStr for Rgb {
    type Err = ChartError;

    /// Any colour of CSS; what it has of transparency is left out.
    fn from_str(text: &str) -> Result<Self, ChartError> {
        let color = csscolorparser::parse(text);
        let [red, green, blue, _] = color
            .map_err(|_| ChartError::Color(crate::text::clean(text)))?
            .to_rgba8();
        Ok(Self([red, green, blue]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_those_of_css() {
        for (text, hex) in [
            ("steelblue", "#4682b4"),
            ("#F00", "#ff0000"),
            ("rgb(1, 2, 3)", "#010203"),
        ] {
            assert_eq!(text.parse().map(Rgb::hex).as_deref(), Ok(hex));
        }
        assert_eq!(
            "moonish".parse::<Rgb>(),
            Err(ChartError::Color("moonish".to_owned()))
        );
    }
}
