//! How long a line takes whose log is rotated for it, and one whose log is not. Prints microseconds;
//! asserts nothing. With `--json`, one object of them in seconds.
//!
//! `cargo bench -p perilune-daemon --bench rotation`

use std::os::unix::fs::MetadataExt;
use std::time::{Duration, Instant};

use perilune_daemon::log::{Limits, LogFile};

/// As large as a file is in a kernel.
const SIZE: u64 = 10_000_000;
const LINE: usize = 10_000;
const ROTATIONS: usize = 100;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("kernel.log");
    let limits = Limits {
        size: SIZE,
        files: 3,
        gzip: true,
        ..Limits::default()
    };
    let log = LogFile::open(&path, limits, |_| Vec::new())?;
    let line = [vec![b'x'; LINE - 1], vec![b'\n']].concat();
    let (mut rotating, mut usual) = (Vec::new(), Vec::new());
    let mut file = path.metadata()?.ino();
    while rotating.len() < ROTATIONS {
        let began = Instant::now();
        log.write_line(&line);
        let took = began.elapsed();
        let now = path.metadata()?.ino();
        if now == file {
            usual.push(took);
        } else {
            rotating.push(took);
        }
        file = now;
    }
    let figures = [
        ("rotation_p50", quantile(&mut rotating, 0.5)),
        ("rotation_p99", quantile(&mut rotating, 0.99)),
        ("line_p50", quantile(&mut usual, 0.5)),
        ("line_p99", quantile(&mut usual, 0.99)),
    ];
    if std::env::args().any(|argument| argument == "--json") {
        let figures = figures.map(|(name, took)| format!("\"{name}\": {}", took.as_secs_f64()));
        println!("{{{}}}", figures.join(", "));
    } else {
        for (name, took) in figures {
            println!("{name:14} {:8.1} µs", took.as_secs_f64() * 1e6);
        }
    }
    Ok(())
}

fn quantile(times: &mut [Duration], part: f64) -> Duration {
    times.sort_unstable();
    times[((times.len() - 1) as f64 * part) as usize]
}
