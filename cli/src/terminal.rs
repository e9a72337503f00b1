//! What a cell does, on a terminal: shared by all that show cells to a person.

mod answers;
mod bars;
mod extent;
mod images;

use std::collections::HashMap;
use std::env;
use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use perilune_client::Question;
use perilune_client::event::{CellError, Display, Event, Object, StreamName};

use crate::standard::Kept;
use bars::{Bars, Logged, Progress};
use extent::Extent;

pub use answers::{Answers, Hidden};
pub use images::Images;

/// Cells as a person sees them: what is written to the streams as it is, and the text of what is
/// shown. On a terminal, updates replace what they update while that is still the last thing.
#[derive(Debug)]
pub struct Terminal {
    kept: &'static Kept,
    /// Whether standard output is a terminal, which can be taken back what was written.
    rewrites: bool,
    colours: bool,
    at_line_start: bool,
    /// Whether standard error is a terminal, at whose end bars can be drawn; else it is a log.
    draws_bars: bool,
    bars: Bars,
    logged: Logged,
    /// What takes the bars away that are drawn now.
    bars_erasure: Option<String>,
    /// Since the cell began, or its output was cleared. Measured only where it can be taken back.
    written: Extent,
    clear_before_next: bool,
    /// The last text shown under each display id.
    shown: HashMap<String, String>,
    /// The display that is the last thing written, with its extent.
    last: Option<(String, Extent)>,
    /// Images, where a person wants to see them here.
    images: Option<Images>,
}

impl Terminal {
    /// Begins at the start of a line.
    pub fn begin(kept: &'static Kept) -> Self {
        let on_terminal = kept.stdout.is_terminal();
        Self {
            kept,
            rewrites: on_terminal && kept.stderr.is_terminal() && !is_dumb(),
            colours: console::colors_enabled_stderr(),
            at_line_start: true,
            draws_bars: kept.stderr.is_terminal() && !is_dumb(),
            bars: Bars::default(),
            logged: Logged::default(),
            bars_erasure: None,
            written: Extent::default(),
            clear_before_next: false,
            shown: HashMap::new(),
            last: None,
            images: None,
        }
    }

    /// With images, where the terminal can show them.
    #[must_use]
    pub fn with_images(mut self, images: Images) -> Self {
        self.images = Some(images);
        self
    }

    fn write(&mut self, stream: StreamName, text: &str) -> io::Result<()> {
        if text.is_empty() {
            return Ok(());
        }
        if std::mem::take(&mut self.clear_before_next) {
            self.clear()?;
        }
        self.last = None;
        self.at_line_start = text.ends_with('\n');
        let mut file = match stream {
            StreamName::Stdout => &self.kept.stdout,
            StreamName::Stderr => &self.kept.stderr,
        };
        if self.rewrites || self.draws_bars && stream == StreamName::Stderr {
            self.written.write(text, self.size().1);
        }
        file.write_all(text.as_bytes())
    }

    fn begin_line(&mut self, stream: StreamName) -> io::Result<()> {
        if self.at_line_start {
            Ok(())
        } else {
            self.write(stream, "\n")
        }
    }

    /// Writes text of ours, on lines of its own.
    fn write_lines(&mut self, stream: StreamName, text: &str) -> io::Result<()> {
        self.begin_line(stream)?;
        self.write(stream, text)?;
        self.begin_line(stream)
    }

    fn show(&mut self, display: &Display) -> io::Result<()> {
        if std::mem::take(&mut self.clear_before_next) {
            self.clear()?;
        }
        self.begin_line(StreamName::Stdout)?;
        let before = std::mem::take(&mut self.written);
        self.show_value(&display.data)?;
        let extent = std::mem::replace(&mut self.written, before);
        self.written.add(extent);
        if let Some(id) = display.id() {
            self.shown
                .insert(id.to_owned(), self.likeness(&display.data));
            self.last = Some((id.to_owned(), extent));
        }
        Ok(())
    }

    /// What differs when a display looks different.
    fn likeness(&self, data: &Object) -> String {
        let text = text_of(data);
        match data.get("image/png").and_then(|png| png.as_str()) {
            Some(png) if self.images.is_some() => text + png,
            _ => text,
        }
    }

    /// Shows a value as its image, where that can be, else as its text.
    fn show_value(&mut self, data: &Object) -> io::Result<()> {
        let images = self.images.as_mut();
        let Some((drawing, size)) = images.and_then(|images| images.of(data, self.kept)) else {
            return self.write_lines(StreamName::Stdout, &text_of(data));
        };
        self.begin_line(StreamName::Stdout)?;
        (&self.kept.stdout).write_all(drawing.as_bytes())?;
        self.written.draw(self.rows_of(size));
        self.write(StreamName::Stdout, "\n")
    }

    /// How many rows an image takes; nothing where that cannot be known.
    fn rows_of(&self, size: Option<(u32, u32)>) -> Option<usize> {
        let (width, height) = size?;
        let window = rustix::termios::tcgetwinsize(&self.kept.stdout).ok()?;
        let (across, down) = (u32::from(window.ws_xpixel), u32::from(window.ws_ypixel));
        let row = down
            .checked_div(window.ws_row.into())
            .filter(|row| *row > 0)?;
        let shown = match width > across {
            true => u64::from(height) * u64::from(across) / u64::from(width),
            false => height.into(),
        };
        usize::try_from(shown.div_ceil(row.into())).ok()
    }

    fn update(&mut self, display: &Display) -> io::Result<()> {
        let Some(id) = display.id() else {
            return Ok(());
        };
        let is_news = self
            .shown
            .get(id)
            .is_some_and(|shown| *shown != self.likeness(&display.data));
        if !is_news {
            return Ok(());
        }
        if self.rewrites
            && let Some((last, extent)) = &self.last
            && last == id
            && let Some(erasure) = extent.erasure(self.size().0)
        {
            self.written.take_back(*extent);
            (&self.kept.stdout).write_all(erasure.as_bytes())?;
        }
        self.show(display)
    }

    fn clear(&mut self) -> io::Result<()> {
        let erasure = self
            .written
            .erasure(self.size().0)
            .filter(|_| self.rewrites);
        self.written = Extent::default();
        self.last = None;
        match erasure {
            Some(erasure) => (&self.kept.stdout).write_all(erasure.as_bytes()),
            None => Ok(()),
        }
    }

    fn progress(&mut self, news: Progress) -> io::Result<()> {
        if !self.draws_bars {
            return match self.logged.take(news) {
                Some(line) => self.write_lines(StreamName::Stderr, &line),
                None => Ok(()),
            };
        }
        self.hide_bars()?;
        for line in self.bars.take(news) {
            self.write_lines(StreamName::Stderr, &line)?;
        }
        self.show_bars()
    }

    /// Draws the bars below everything else.
    fn show_bars(&mut self) -> io::Result<()> {
        let (rows, columns) = self.size();
        let room = columns.saturating_sub(1).max(1);
        let lines: Vec<_> = self
            .bars
            .lines()
            .take(rows.saturating_sub(2).max(1))
            .map(|line| console::truncate_str(line, room, "…"))
            .collect();
        let Some(below) = lines.len().checked_sub(1) else {
            return Ok(());
        };
        let column = self.written.column();
        let (begin, back) = match column {
            0 => ("", String::new()),
            // Back to the end of a line that goes on.
            column => ("\n", format!("\u{1b}[1A\u{1b}[{}G", column + 1)),
        };
        let up = match below {
            0 => String::new(),
            lines => format!("\u{1b}[{lines}A"),
        };
        self.bars_erasure = Some(format!("\r{up}\u{1b}[J{back}"));
        (&self.kept.stderr).write_all(format!("{begin}{}", lines.join("\n")).as_bytes())
    }

    fn hide_bars(&mut self) -> io::Result<()> {
        match self.bars_erasure.take() {
            Some(erasure) => (&self.kept.stderr).write_all(erasure.as_bytes()),
            None => Ok(()),
        }
    }

    fn show_error(&mut self, error: &CellError) -> io::Result<()> {
        let mut text = error.traceback.join("\n");
        if text.is_empty() {
            text = format!("{}: {}", error.ename, error.evalue);
        }
        if !self.colours {
            text = console::strip_ansi_codes(&text).into_owned();
        }
        self.write_lines(StreamName::Stderr, &text)
    }

    /// A cell begins, or another one's output.
    ///
    /// # Errors
    ///
    /// When nobody reads what is written, as everywhere here.
    pub fn cell_begins(&mut self) -> io::Result<()> {
        // What an earlier cell wrote is not this one's to clear.
        self.clear_before_next = false;
        if self.rewrites {
            self.begin_line(StreamName::Stdout)?;
        }
        self.written = Extent::default();
        Ok(())
    }

    /// A cell does something.
    ///
    /// # Errors
    ///
    /// When nobody reads it.
    pub fn event(&mut self, event: &Event) -> io::Result<()> {
        if let Event::Display(display) | Event::Update(display) = event
            && let Some(news) = Progress::of(display)
        {
            return self.progress(news);
        }
        self.hide_bars()?;
        match event {
            Event::Started(_) => Ok(()),
            Event::Stream(stream) => self.write(stream.name, &stream.text),
            Event::Display(display) => self.show(display),
            Event::Update(display) => self.update(display),
            Event::Result(result) => self.show_value(&result.data),
            Event::Error(error) => self.show_error(error),
            Event::Clear { wait: true } => {
                self.clear_before_next = true;
                Ok(())
            }
            Event::Clear { wait: false } => self.clear(),
        }?;
        self.show_bars()
    }

    /// A cell asks something, and will wait for the answer.
    ///
    /// # Errors
    ///
    /// When nobody reads it.
    pub fn question(&mut self, question: &Question) -> io::Result<()> {
        self.hide_bars()?;
        // What is piped elsewhere shall hold only what the cells wrote.
        if self.kept.stdout.is_terminal() {
            self.write(StreamName::Stdout, &question.prompt)
        } else {
            (&self.kept.stderr).write_all(question.prompt.as_bytes())
        }
    }

    /// The question was answered, by a line that a terminal shows.
    pub fn answered(&mut self) {
        if io::stdin().is_terminal() {
            self.written.write("\n", self.size().1);
            self.at_line_start = true;
        }
    }

    /// Ctrl-C was pressed, which the terminal shows as `^C`.
    pub fn interrupted(&mut self) {
        if io::stdin().is_terminal() {
            self.written.write("^C", self.size().1);
            self.at_line_start = false;
        }
    }

    /// A cell has ended.
    ///
    /// # Errors
    ///
    /// When nobody reads it.
    pub fn cell_ends(&mut self) -> io::Result<()> {
        // Bars of loops that were never ended.
        self.hide_bars()?;
        for line in self.bars.end() {
            self.write_lines(StreamName::Stderr, &line)?;
        }
        Ok(())
    }

    /// The kernel has said nothing for so long, not even that it lives; or it says something again.
    ///
    /// # Errors
    ///
    /// When nobody reads it.
    pub fn silence(&mut self, since: Option<Duration>) -> io::Result<()> {
        match since {
            Some(since) => self.say(&format!(
                "perilune: the kernel has not answered for {} s: it is stopped, or the machine is \
                 very busy",
                since.as_secs()
            )),
            None => self.say("perilune: the kernel answers again"),
        }
    }

    /// Nothing more will be written; a shell's prompt shall have a line of its own.
    ///
    /// # Errors
    ///
    /// When nobody reads it.
    pub fn ends(&mut self) -> io::Result<()> {
        if self.rewrites {
            self.begin_line(StreamName::Stdout)?;
        }
        Ok(())
    }

    /// Says something that no cell did, on a line of its own of standard error.
    ///
    /// # Errors
    ///
    /// When nobody reads it.
    pub fn say(&mut self, line: &str) -> io::Result<()> {
        self.hide_bars()?;
        self.ends()?;
        writeln!(&self.kept.stderr, "{line}")?;
        self.show_bars()
    }

    /// Rows and columns.
    fn size(&self) -> (usize, usize) {
        let terminals = [&self.kept.stdout, &self.kept.stderr];
        terminals
            .into_iter()
            .find_map(|terminal| {
                let size = rustix::termios::tcgetwinsize(terminal).ok()?;
                (size.ws_col > 0).then_some((size.ws_row.into(), size.ws_col.into()))
            })
            .unwrap_or((24, 80))
    }
}

/// What a person can read of a value: its plain text, else a word about what it is.
fn text_of(data: &Object) -> String {
    if let Some(text) = data.get("text/plain").and_then(|text| text.as_str()) {
        return text.to_owned();
    }
    let types: Vec<&str> = data.keys().map(String::as_str).collect();
    format!("[{}]", types.join(", "))
}

/// Whether the terminal can do nothing but write.
pub fn is_dumb() -> bool {
    env::var_os("TERM").is_some_and(|term| term == "dumb")
}
