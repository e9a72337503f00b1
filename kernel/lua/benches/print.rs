//! How fast `print` and `io.write` are. Prints lines per second; asserts nothing.
//!
//! `cargo bench -p perilune-lua --bench print`

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use perilune_language::{
    Cell, CommMessage, Display, Host, InputError, InputRequest, Interrupt, Language, Stream,
};
use perilune_lua::{Interpreter, Options};

#[derive(Default)]
struct Counter(AtomicUsize);

impl Host for Counter {
    fn write(&self, _: Stream, bytes: &[u8]) {
        self.0.fetch_add(bytes.len(), Ordering::Relaxed);
    }

    fn display(&self, _: Display) {}

    fn clear_output(&self, _: bool) {}

    fn input(&self, _: InputRequest) -> Result<String, InputError> {
        Err(InputError::Closed)
    }

    fn comm(&self, _: CommMessage) {}

    fn place_comm(&self, _: &str) {}

    fn expect_foreign_output(&self) {}
}

const LINES: u32 = 2_000_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let host = Arc::new(Counter::default());
    let mut lua = Interpreter::new(host.clone(), Interrupt::new()?, Options::default())?;
    for (name, statement) in [
        ("print(string)", "print('a line of output')"),
        ("print(number, number)", "print(i, i + 0.5)"),
        ("io.write(string)", "io.write('a line of output\\n')"),
        ("io.write(number, string)", "io.write(i, '\\n')"),
        ("file:write(string)", "out:write('a line of output\\n')"),
    ] {
        let code = format!("local out = io.stdout for i = 1, {LINES} do {statement} end");
        let start = Instant::now();
        lua.execute(&Cell {
            name: "bench".to_owned(),
            code,
            wants_result: false,
        })?;
        let seconds = start.elapsed().as_secs_f64();
        println!(
            "{name:26} {:6.2} million lines/s",
            f64::from(LINES) / seconds / 1e6
        );
    }
    Ok(())
}
