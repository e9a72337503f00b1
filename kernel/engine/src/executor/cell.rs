use std::time::{Duration, Instant};

use chrono::{SecondsFormat, Utc};
use perilune_language::{Cell, Failure, FailureKind, Language, MimeBundle, NextInput, Outcome};
use perilune_transport::Weight;
use perilune_wire::content::{
    ErrorContent, ExecuteInput, ExecuteReply, ExecuteRequest, ExecuteResult, ExpressionResult,
    Object,
};
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::{Executor, begin_code, end_with, error_content};
use crate::context::{Context, RunningCode};
use crate::history;
use crate::outbox::{Item, Place};
use crate::turn::Origin;
use crate::vitals::{self, Vitals};

impl<L: Language> Executor<L> {
    pub(super) fn execute(&mut self, context: &Context, origin: Origin, request: ExecuteRequest) {
        let started = Utc::now().to_rfc3339_opts(SecondsFormat::Micros, true);
        let stores_history = request.stores_history();
        let execution_count = if stores_history {
            context.knowledge.count_cell()
        } else {
            context.knowledge.execution_count()
        };
        let is_remembered = stores_history && !self.language.is_private(&request.code);
        if self.language.is_private(&request.code) {
            context.journal.hide(origin.parent.msg_id());
        }
        let asker = request.allow_stdin.then(|| origin.identities.clone());
        let cell = Cell {
            name: self.cell_name(stores_history, execution_count),
            code: request.code,
            wants_result: !request.silent,
        };
        // Busy is said only when an interrupt would not be in vain.
        self.has_run = true;
        self.has_changed = true;
        self.keeper.code_runs();
        let began = Instant::now();
        let (mut turn, outcome, expressions) = context.running.during(|| {
            let _runs = context.debugging.code_runs();
            let parent = origin.parent.clone();
            let code = RunningCode::cell(parent, execution_count, &cell.code);
            let (mut turn, _code) = begin_code(context, origin, code);
            if !request.silent {
                let input = ExecuteInput {
                    code: cell.code.clone(),
                    execution_count,
                };
                turn.publish("execute_input", input, Weight::Output);
            }
            let parent = turn.origin().parent.clone();
            let place = if request.silent {
                Place::Nowhere
            } else {
                Place::Cell(parent.clone())
            };
            let listening = self.output.begin_turn(&parent, place, asker);
            let outcome = self.language.execute(&cell);
            let expressions = match &outcome {
                Ok(_) => evaluate(&mut self.language, &request.user_expressions),
                Err(_) => Object::new(),
            };
            drop(listening);
            (turn, outcome, expressions)
        });

        note_outcome(&context.vitals, began.elapsed(), &outcome);
        // Before anybody hears of the end, so that who asks then is told what is true then.
        self.show_changes(context);
        if is_remembered {
            let result = outcome
                .as_ref()
                .ok()
                .and_then(|outcome| outcome.result.as_ref());
            let output = result.and_then(MimeBundle::text).map(str::to_owned);
            context
                .history
                .add(history::entry(execution_count, cell.code, output));
        }
        let metadata = Object::from_iter([("started".to_owned(), Value::from(started))]);
        match outcome {
            Ok(Outcome {
                result,
                page,
                next_input,
            }) => {
                if let Some(MimeBundle { data, metadata }) = result {
                    let result = ExecuteResult {
                        execution_count,
                        data,
                        metadata,
                    };
                    turn.publish("execute_result", result, Weight::Output);
                }
                turn.reply_with_metadata(
                    ExecuteReply::Ok {
                        execution_count,
                        payload: payload(page, next_input),
                        user_expressions: expressions,
                    },
                    metadata,
                );
            }
            Err(Failure {
                kind: FailureKind::Exit(code),
                ..
            }) => {
                let ask_exit = json!({"source": "ask_exit", "keepkernel": false});
                turn.reply_with_metadata(
                    ExecuteReply::Ok {
                        execution_count,
                        payload: vec![ask_exit],
                        user_expressions: Object::new(),
                    },
                    metadata,
                );
                drop(turn);
                end_with(context, code);
            }
            Err(failure) => {
                let error = error_content(failure);
                if !request.silent {
                    turn.publish("error", error.clone(), Weight::Essential);
                }
                // What failed unseen is nobody's reason to stop what is seen (as ipykernel has it).
                if request.stop_on_error && !request.silent {
                    abort_what_waits(context);
                }
                turn.reply_with_metadata(failed(error, execution_count), metadata);
            }
        }
    }

    fn cell_name(&mut self, numbered: bool, execution_count: u64) -> String {
        if let Some(program) = &self.program {
            return program.clone();
        }
        if numbered {
            return format!("cell[{execution_count}]");
        }
        self.unnumbered += 1;
        format!("unnumbered[{}]", self.unnumbered)
    }
}

fn note_outcome(vitals: &Vitals, took: Duration, outcome: &Result<Outcome, Failure>) {
    vitals.execute_duration.add(took);
    let executed = &vitals.executed;
    vitals::count(match outcome {
        Ok(_) => &executed.ok,
        Err(failure) => match failure.kind {
            FailureKind::Interrupted => &executed.interrupted,
            FailureKind::Exit(_) => &executed.ok,
            FailureKind::Syntax | FailureKind::Runtime | FailureKind::Memory => &executed.error,
        },
    });
}

/// Makes sure that every request which clients sent before they could know of the failure waits
/// in the queue, and then that none of those which wait will run.
fn abort_what_waits(context: &Context) {
    let (passed, barrier) = oneshot::channel();
    context.outbox.push(Item::Barrier(passed));
    // An error means that the I/O thread has ended, and then nothing will run anyway.
    let _ = barrier.blocking_recv();
    context.queue.abort();
}

fn evaluate<L: Language>(language: &mut L, expressions: &Object) -> Object {
    let mut value = |expression: &Value| {
        let Value::String(expression) = expression else {
            return ExpressionResult::Error {
                ename: "TypeError".to_owned(),
                evalue: "a user expression must be a string".to_owned(),
                traceback: Vec::new(),
            };
        };
        match language.evaluate(expression) {
            Ok(MimeBundle { data, metadata }) => ExpressionResult::Ok { data, metadata },
            Err(failure) => {
                let ErrorContent {
                    ename,
                    evalue,
                    traceback,
                } = error_content(failure);
                ExpressionResult::Error {
                    ename,
                    evalue,
                    traceback,
                }
            }
        }
    };
    expressions
        .iter()
        .map(|(name, expression)| {
            let result = serde_json::to_value(value(expression)).unwrap_or(Value::Null);
            (name.clone(), result)
        })
        .collect()
}

/// What a front end does beside showing the outputs: it shows something beside the cell, from its
/// first line on, or puts code into the same cell, the next one, or at the next prompt.
fn payload(page: Option<MimeBundle>, next_input: Option<NextInput>) -> Vec<Value> {
    let page = page.map(|page| json!({"source": "page", "data": page.data, "start": 0}));
    let next_input = next_input.map(|NextInput { text, replaces }| {
        json!({"source": "set_next_input", "text": text, "replace": replaces})
    });
    page.into_iter().chain(next_input).collect()
}

/// The reply to a cell that failed.
pub(crate) fn failed(error: ErrorContent, execution_count: u64) -> ExecuteReply {
    ExecuteReply::Error {
        execution_count,
        ename: error.ename,
        evalue: error.evalue,
        traceback: error.traceback,
        payload: Vec::new(),
        user_expressions: Object::new(),
    }
}

pub(super) fn aborted(context: &Context) -> ExecuteReply {
    ExecuteReply::Aborted {
        execution_count: context.knowledge.execution_count(),
        ename: "Aborted".to_owned(),
        evalue: "a cell before this one failed".to_owned(),
        traceback: Vec::new(),
        payload: Vec::new(),
        user_expressions: Object::new(),
    }
}
