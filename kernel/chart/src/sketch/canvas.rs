/// A grid of characters to draw on: with the eight dots of Braille in each, or with one symbol.
pub(super) struct Canvas {
    columns: usize,
    rows: usize,
    cells: Vec<Cell>,
    pen: Pen,
}

/// What draws.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pen {
    /// Dots, 2 by 4 in each character.
    Dots,
    /// A symbol, one in each character.
    Symbol(char),
}

#[derive(Debug, Clone, Copy)]
enum Cell {
    Empty,
    Dots(u8),
    Symbol(char),
}

/// The bit of each dot in its character, by row and column; see the Unicode block of Braille.
const BITS: [[u8; 2]; 4] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];

impl Canvas {
    pub(super) fn new(columns: usize, rows: usize) -> Self {
        Self {
            columns,
            rows,
            cells: vec![Cell::Empty; columns * rows],
            pen: Pen::Dots,
        }
    }

    /// Draws with this from now on.
    pub(super) fn take(&mut self, pen: Pen) {
        self.pen = pen;
    }

    /// Joins places by straight lines; each is from 0 to 1, upwards.
    pub(super) fn draw_path(&mut self, places: impl IntoIterator<Item = (f64, f64)>) {
        let mut before = None;
        for place in places {
            let to = self.dot(place);
            let from = before.unwrap_or(to);
            let steps = (to.0 - from.0).abs().max((to.1 - from.1).abs()).max(1.0);
            for step in 0..=steps as usize {
                let share = step as f64 / steps;
                let between = |from: f64, to: f64| (from + (to - from) * share).round() as usize;
                self.set(between(from.0, to.0), between(from.1, to.1));
            }
            before = Some(to);
        }
    }

    /// Marks one place.
    pub(super) fn draw_point(&mut self, place: (f64, f64)) {
        self.draw_path([place]);
    }

    /// How many dots a character has, across and down.
    fn resolution(&self) -> (usize, usize) {
        match self.pen {
            Pen::Dots => (2, 4),
            Pen::Symbol(_) => (1, 1),
        }
    }

    /// The dot at a place, counted from the upper left.
    fn dot(&self, (x, y): (f64, f64)) -> (f64, f64) {
        let (across, down) = self.resolution();
        let at = |share: f64, dots: usize| (share * (dots - 1) as f64).round();
        (at(x, self.columns * across), at(1.0 - y, self.rows * down))
    }

    fn set(&mut self, x: usize, y: usize) {
        let (across, down) = self.resolution();
        let Some(cell) = self.cells.get_mut(y / down * self.columns + x / across) else {
            return;
        };
        *cell = match (self.pen, *cell) {
            (Pen::Symbol(symbol), _) => Cell::Symbol(symbol),
            (Pen::Dots, Cell::Dots(bits)) => Cell::Dots(bits | BITS[y % 4][x % 2]),
            (Pen::Dots, _) => Cell::Dots(BITS[y % 4][x % 2]),
        };
    }

    /// Each line of characters, from the top.
    pub(super) fn lines(&self) -> impl Iterator<Item = String> {
        self.cells.chunks(self.columns).map(|row| {
            let characters = row.iter().map(|cell| match cell {
                Cell::Empty => ' ',
                Cell::Dots(bits) => char::from_u32(0x2800 + u32::from(*bits)).unwrap_or(' '),
                Cell::Symbol(symbol) => *symbol,
            });
            characters.collect()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(pen: Pen) -> Vec<String> {
        let mut canvas = Canvas::new(4, 2);
        canvas.take(pen);
        canvas.draw_path([(0.0, 0.0), (1.0, 1.0)]);
        canvas.lines().collect()
    }

    #[test]
    fn a_line_is_drawn_in_dots_or_symbols() {
        assert_eq!(lines(Pen::Dots), ["  ⡠⠊", "⡠⠊  "]);
        assert_eq!(lines(Pen::Symbol('x')), ["  xx", "xx  "]);
    }
}
