//! Runs Lua files as cells of one session, without a kernel around: to compare with plain `lua`.
//!
//! `cargo run --release -p perilune-lua --example run -- FILE...`

use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;

use perilune_language::{
    Cell, CommMessage, Display, FailureKind, Host, InputError, InputRequest, Interrupt, Language,
    Stream,
};
use perilune_lua::{Interpreter, Options};

/// The terminal.
struct Terminal;

impl Host for Terminal {
    fn write(&self, stream: Stream, bytes: &[u8]) {
        // There is nobody to tell when the terminal has gone.
        let _ = match stream {
            Stream::Stdout => io::stdout().write_all(bytes),
            Stream::Stderr => io::stderr().write_all(bytes),
        };
    }

    fn display(&self, display: Display) {
        println!("{}", display.bundle.text().unwrap_or_default());
    }

    fn clear_output(&self, _: bool) {}

    fn input(&self, request: InputRequest) -> Result<String, InputError> {
        print!("{}", request.prompt);
        let _ = io::stdout().flush();
        let mut line = String::new();
        match io::stdin().read_line(&mut line) {
            Ok(1..) => Ok(line.trim_end_matches('\n').to_owned()),
            _ => Err(InputError::Closed),
        }
    }

    fn comm(&self, _: CommMessage) {}

    fn place_comm(&self, _: &str) {}

    fn expect_foreign_output(&self) {
        let _ = io::stdout().flush();
    }
}

fn main() -> Result<ExitCode, Box<dyn std::error::Error>> {
    let mut lua = Interpreter::new(Arc::new(Terminal), Interrupt::new()?, Options::default())?;
    for name in std::env::args().skip(1) {
        let code = std::fs::read_to_string(&name)?;
        let ran = lua.execute(&Cell {
            name,
            code,
            wants_result: true,
        });
        match ran {
            Ok(outcome) => {
                if let Some(text) = outcome.result.as_ref().and_then(|result| result.text()) {
                    println!("{text}");
                }
            }
            Err(failure) => {
                if let FailureKind::Exit(code) = failure.kind {
                    return Ok(ExitCode::from(u8::try_from(code).unwrap_or(1)));
                }
                eprintln!("{}", failure.traceback.join("\n"));
                return Ok(ExitCode::FAILURE);
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}
