use std::fs::File;
use std::io::{self, Write};
use std::time::Duration;

use perilune_client::event::{Display, Event};
use perilune_client::{DebuggerEvent, Question};
use serde_json::{Value, json};

use super::report::{CellSummary, Report, Summary};
use crate::notebook::CodeCell;

/// The version of the lines. It grows when a program that reads them would have to change.
const SCHEMA_VERSION: u32 = 1;

/// A run as one JSON object a line. `docs/run-json.md` describes them.
#[derive(Debug)]
pub struct JsonLines {
    stdout: &'static File,
}

impl JsonLines {
    /// Begins to tell of a run of `code_cells` cells.
    ///
    /// # Errors
    ///
    /// When nobody listens.
    pub fn begin(stdout: &'static File, file: &str, code_cells: usize) -> io::Result<Self> {
        let mut lines = Self { stdout };
        lines.line(&json!({
            "event": "run_started",
            "schema_version": SCHEMA_VERSION,
            "perilune": env!("CARGO_PKG_VERSION"),
            "file": file,
            "code_cells": code_cells,
        }))?;
        Ok(lines)
    }

    fn line(&mut self, object: &Value) -> io::Result<()> {
        // At once, so that a reader never sees half a line.
        self.stdout.write_all(format!("{object}\n").as_bytes())
    }
}

impl Report for JsonLines {
    fn cell_begins(&mut self, cell: &CodeCell) -> io::Result<()> {
        self.line(&json!({"event": "cell_started", "cell": cell.index, "id": cell.id}))
    }

    fn event(&mut self, cell: usize, event: &Event) -> io::Result<()> {
        let display = |name: &str, display: &Display| {
            json!({
                "event": name,
                "cell": cell,
                "data": display.data,
                "metadata": display.metadata,
                "display_id": display.id(),
            })
        };
        let line = match event {
            Event::Started(_) => return Ok(()),
            Event::Stream(stream) => {
                json!({"event": "stream", "cell": cell, "name": stream.name, "text": stream.text})
            }
            Event::Display(shown) => display("display_data", shown),
            Event::Update(shown) => display("update_display_data", shown),
            Event::Result(result) => json!({
                "event": "execute_result",
                "cell": cell,
                "execution_count": result.execution_count,
                "data": result.data,
                "metadata": result.metadata,
            }),
            Event::Error(error) => json!({
                "event": "error",
                "cell": cell,
                "ename": error.ename,
                "evalue": error.evalue,
                "traceback": error.traceback,
            }),
            Event::Clear { wait } => json!({"event": "clear_output", "cell": cell, "wait": wait}),
        };
        self.line(&line)
    }

    fn question(&mut self, cell: usize, question: &Question) -> io::Result<()> {
        self.line(&json!({
            "event": "input_request",
            "cell": cell,
            "prompt": question.prompt,
            "password": question.password,
        }))
    }

    fn answered(&mut self) {}

    fn silence(&mut self, _since: Option<Duration>) -> io::Result<()> {
        Ok(())
    }

    fn debugger(&mut self, event: &DebuggerEvent) -> io::Result<()> {
        self.line(&json!(event))
    }

    fn sent(&mut self, cell: usize, request: &str) -> io::Result<()> {
        self.line(&json!({"event": "cell_sent", "cell": cell, "msg_id": request}))
    }

    fn waits(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn cell_ends(&mut self, cell: &CodeCell, end: &CellSummary) -> io::Result<()> {
        self.line(&json!({
            "event": "cell_finished",
            "cell": cell.index,
            "id": cell.id,
            "execution_count": end.execution_count,
            "status": end.end.status(),
            "duration_ms": milliseconds(end.duration),
        }))
    }

    fn ends(&mut self, summary: &Summary<'_>) -> io::Result<()> {
        self.line(&json!({
            "event": "run_finished",
            "status": summary.end.status(),
            "exit_code": summary.exit.code(),
            "cells_not_run": summary.not_run,
            "output": summary.output,
            "duration_ms": milliseconds(summary.duration),
        }))
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
