use std::fs::File;
use std::io::{Read, Write};
use std::process::{Child, Stdio};
use std::sync::mpsc;
use std::time::Instant;

use nix::pty::{OpenptyResult, Winsize, openpty};

use crate::perilune::{DEADLINE, Surroundings};

/// The program on a terminal of 24 rows and 80 columns, and the person in front of it.
struct Terminal {
    child: Child,
    keyboard: File,
    screen: mpsc::Receiver<Vec<u8>>,
    seen: String,
}

impl Terminal {
    fn run(here: &Surroundings, code: &str) -> Self {
        here.write("s.lua", code);
        let size = Winsize {
            ws_row: 24,
            ws_col: 80,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        let OpenptyResult { master, slave } = openpty(&size, None).unwrap();
        let slave = || Stdio::from(slave.try_clone().unwrap());
        let mut command = here.command(["run", "s.lua"]);
        command
            .env("TERM", "xterm")
            .stdin(slave())
            .stdout(slave())
            .stderr(slave());
        let child = command.spawn().unwrap();
        let keyboard = File::from(master);
        let mut output = keyboard.try_clone().unwrap();
        let (sender, screen) = mpsc::channel();
        std::thread::spawn(move || {
            let mut chunk = [0; 4096];
            // The read fails when the program has ended and closed its side.
            while let Ok(length @ 1..) = output.read(&mut chunk) {
                if sender.send(chunk[..length].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self {
            child,
            keyboard,
            screen,
            seen: String::new(),
        }
    }

    fn wait_for(&mut self, words: &str) {
        let deadline = Instant::now() + DEADLINE;
        while !self.seen.contains(words) {
            let left = deadline.saturating_duration_since(Instant::now());
            let chunk = self.screen.recv_timeout(left);
            let chunk = chunk.unwrap_or_else(|_| panic!("no {words:?} in {:?}", self.seen));
            self.seen.push_str(&String::from_utf8_lossy(&chunk));
        }
    }

    fn type_line(&mut self, line: &str) {
        writeln!(self.keyboard, "{line}").unwrap();
    }

    fn ended(mut self) -> (Option<i32>, String) {
        while let Ok(chunk) = self.screen.recv_timeout(DEADLINE) {
            self.seen.push_str(&String::from_utf8_lossy(&chunk));
        }
        (self.child.wait().unwrap().code(), self.seen)
    }
}

#[test]
fn questions_are_answered_at_the_terminal() {
    let here = Surroundings::new();
    let code = "io.write('name? ') print('hello ' .. io.read())";
    let mut terminal = Terminal::run(&here, code);
    terminal.wait_for("name? ");
    terminal.type_line("Moon");
    assert_eq!(
        terminal.ended(),
        (Some(0), "name? Moon\r\nhello Moon\r\n".to_owned())
    );
}

#[test]
fn errors_are_coloured() {
    let here = Surroundings::new();
    let (code, seen) = Terminal::run(&here, "error('boom')").ended();
    assert_eq!(code, Some(1));
    assert!(seen.contains("\u{1b}["), "{seen:?}");
}

#[test]
fn an_update_replaces_what_is_still_the_last_thing_and_else_follows() {
    let here = Surroundings::new();
    let code = "h = display(1, {id = 'd'}) h:update(2) print('between') h:update(3)";
    let (code, seen) = Terminal::run(&here, code).ended();
    assert_eq!(code, Some(0), "{seen}");
    assert_eq!(seen, "1\r\n\r\u{1b}[1A\u{1b}[J2\r\nbetween\r\n3\r\n");
}

#[test]
fn clearing_takes_back_what_the_cell_has_written() {
    let here = Surroundings::new();
    let (code, seen) = Terminal::run(&here, "print('a\\nb') display.clear() print('c')").ended();
    assert_eq!(
        (code, seen.as_str()),
        (Some(0), "a\r\nb\r\n\r\u{1b}[2A\u{1b}[Jc\r\n")
    );
}
