use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Instant;

use nix::pty::{OpenptyResult, Winsize, openpty};

use crate::perilune::{DEADLINE, Surroundings};

/// The program on a terminal of 24 rows and 80 columns, and the person in front of it.
pub struct Terminal {
    child: Child,
    keyboard: File,
    screen: mpsc::Receiver<Vec<u8>>,
    seen: String,
}

impl Terminal {
    fn run(here: &Surroundings, code: &str) -> Self {
        here.write("s.lua", code);
        Self::of(here.command(["run", "s.lua"]))
    }

    pub fn of(mut command: Command) -> Self {
        let size = Winsize {
            ws_row: 24,
            ws_col: 80,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        let OpenptyResult { master, slave } = openpty(&size, None).unwrap();
        let slave = || Stdio::from(slave.try_clone().unwrap());
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

    pub fn wait_for(&mut self, words: &str) {
        let deadline = Instant::now() + DEADLINE;
        while !self.seen.contains(words) {
            let left = deadline.saturating_duration_since(Instant::now());
            let chunk = self.screen.recv_timeout(left);
            let chunk = chunk.unwrap_or_else(|_| panic!("no {words:?} in {:?}", self.seen));
            self.seen.push_str(&String::from_utf8_lossy(&chunk));
        }
    }

    pub fn press(&mut self, keys: &str) {
        write!(self.keyboard, "{keys}").unwrap();
    }

    pub fn type_line(&mut self, line: &str) {
        writeln!(self.keyboard, "{line}").unwrap();
    }

    pub fn ended(mut self) -> (Option<i32>, String) {
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

/// A screen of 80 columns, after what a program has written to it.
fn screen(seen: &str) -> Vec<String> {
    let mut lines = vec![Vec::new()];
    let (mut row, mut column) = (0, 0);
    let mut rest = seen.chars().peekable();
    while let Some(sign) = rest.next() {
        match sign {
            '\r' => column = 0,
            '\n' => {
                row += 1;
                lines.resize(lines.len().max(row + 1), Vec::new());
            }
            '\u{1b}' => {
                assert_eq!(rest.next(), Some('['));
                let mut number = String::new();
                while let Some(digit) = rest.next_if(char::is_ascii_digit) {
                    number.push(digit);
                }
                let number = number.parse().unwrap_or(1);
                match rest.next() {
                    Some('A') => row -= number,
                    Some('G') => column = number - 1,
                    Some('J') => {
                        lines.truncate(row + 1);
                        lines[row].truncate(column);
                    }
                    other => panic!("{other:?} in {seen:?}"),
                }
            }
            sign => {
                let line: &mut Vec<char> = &mut lines[row];
                line.resize(line.len().max(column + 1), ' ');
                line[column] = sign;
                column += 1;
            }
        }
    }
    let lines = lines
        .into_iter()
        .map(|line| line.into_iter().collect::<String>());
    lines.map(|line| line.trim_end().to_owned()).collect()
}

#[test]
fn bars_stay_below_what_is_written() {
    let here = Surroundings::new();
    let code = "io.write('be') io.write('gun')
        for i in progress(2, {label = 'outer'}) do
            for j in progress(3, {label = 'inner'}) do io.write('.') end
            print(' round ' .. i)
            if i == 2 then io.read() end
        end
        print('after')";
    let mut terminal = Terminal::run(&here, code);
    terminal.wait_for("round 2");
    terminal.type_line("go on");
    let (code, seen) = terminal.ended();
    assert_eq!(code, Some(0), "{seen:?}");
    let screen = screen(&seen);
    assert_eq!(screen[0], "begun... round 1");
    assert_eq!(screen[1], "... round 2");
    assert!(
        screen[screen.len() - 4].starts_with("outer: 100%|████████████████████| 2/2 ["),
        "{screen:?}"
    );
    assert!(
        screen[screen.len() - 3].starts_with("inner: 100%|████████████████████| 3/3 ["),
        "{screen:?}"
    );
    assert_eq!(screen[screen.len() - 2], "after", "{screen:?}");
}

#[test]
fn a_bar_of_a_failed_loop_says_so() {
    let here = Surroundings::new();
    let (code, seen) = Terminal::run(
        &here,
        "for i in progress(4) do if i == 2 then error('boom') end end",
    )
    .ended();
    assert_eq!(code, Some(1));
    let bar = seen.find("failed").expect(&seen);
    assert!(bar < seen.find("boom").unwrap(), "{seen:?}");
    assert!(
        seen.contains(" 25%|█████               | 1/4 ["),
        "{seen:?}"
    );
}

#[test]
fn settings_that_are_not_valid_can_be_edited_again() {
    let here = Surroundings::new();
    // The first time it writes what is wrong, and then what is right.
    let script = r#"#!/bin/sh
        if grep -q levle "$1"; then printf "[log]\nlevel = 'info'\n" > "$1"
        else printf "[log]\nlevle = 'info'\n" > "$1"; fi
    "#;
    let editor = here.write("editor.sh", script);
    std::fs::set_permissions(&editor, std::fs::Permissions::from_mode(0o755)).unwrap();
    let edit = || {
        let mut command = here.command(["config", "edit"]);
        command.env("EDITOR", &editor);
        Terminal::of(command)
    };
    let mut terminal = edit();
    terminal.wait_for("did you mean log.level?");
    terminal.wait_for("Edit it again? [Y/n] ");
    terminal.type_line("");
    let (code, seen) = terminal.ended();
    assert_eq!(code, Some(0), "{seen}");
    let ended = here.run(["config", "get", "log.level"]);
    assert_eq!(ended.stdout, "info\n");

    let mut terminal = edit();
    terminal.wait_for("Edit it again? [Y/n] ");
    terminal.type_line("n");
    let (code, seen) = terminal.ended();
    assert_eq!(code, Some(1), "{seen}");
    let kept = seen.trim_end().rsplit(' ').next().unwrap();
    assert!(std::fs::read_to_string(kept).unwrap().contains("levle"));
    std::fs::remove_file(kept).unwrap();
    assert_eq!(here.run(["config", "get", "log.level"]).stdout, "info\n");
}
