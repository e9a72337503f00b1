//! What can be asked.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use perilune_engine::Vitals;
use perilune_engine::vitals::{Answer, Load, State as KernelState};
use serde_json::{Value, json};

use crate::metrics::Metrics;
use crate::server::Options;

/// How long the I/O thread has to answer.
const LIMIT: Duration = Duration::from_secs(2);

/// All of them.
pub(crate) fn router(options: &Options) -> Router {
    let metrics = Metrics::new(
        Arc::clone(&options.vitals),
        Arc::clone(&options.surroundings),
    );
    Router::new()
        .route("/health/live", get(live))
        .route("/health/ready", get(ready))
        .with_state(Arc::clone(&options.vitals))
        .route(
            "/metrics",
            get(async move |State(metrics): State<Arc<Metrics>>| figures(&metrics))
                .with_state(Arc::new(metrics)),
        )
        .fallback(async || {
            let all = "there is /health/live, /health/ready and /metrics\n";
            (StatusCode::NOT_FOUND, all).into_response()
        })
}

/// Whether the kernel's I/O thread answers: a kernel that does not is best started anew.
async fn live(State(vitals): State<Arc<Vitals>>) -> Response {
    let (is_well, about) = io(vitals.io_answers(LIMIT).await);
    document(
        is_well,
        &json!({ "status": word(is_well, "live"), "io": about }),
    )
}

/// Whether the kernel takes requests. One that runs a cell does: it is asked to wait, as always.
async fn ready(State(vitals): State<Arc<Vitals>>) -> Response {
    let (answers, about) = io(vitals.io_answers(LIMIT).await);
    let state = vitals.state();
    let (load, seconds) = match vitals.executor() {
        Load::Waiting => ("waiting", None),
        Load::Running(time) => ("running", Some(time.as_secs_f64())),
        Load::Working => ("working", None),
        Load::Unknown => ("unknown", None),
    };
    let is_ready =
        answers && matches!(state, KernelState::Idle | KernelState::Busy) && load != "unknown";
    let about = json!({
        "status": word(is_ready, "ready"),
        "state": match state {
            KernelState::Starting => "starting",
            KernelState::Idle => "idle",
            KernelState::Busy => "busy",
            KernelState::Stopping => "stopping",
        },
        "io": about,
        "executor": { "state": load, "running_seconds": seconds },
    });
    document(is_ready, &about)
}

fn word(is_so: bool, word: &str) -> String {
    if is_so {
        word.to_owned()
    } else {
        format!("not {word}")
    }
}

fn io(answer: Answer) -> (bool, Value) {
    match answer {
        Answer::After(time) => (true, json!({ "answered_in_seconds": time.as_secs_f64() })),
        Answer::Late => (false, json!({ "late_after_seconds": LIMIT.as_secs_f64() })),
        Answer::Never => (false, json!({ "ended": true })),
    }
}

const PLAIN: [(HeaderName, &str); 2] = [
    (CACHE_CONTROL, "no-store"),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
];

fn document(is_well: bool, about: &Value) -> Response {
    let status = match is_well {
        true => StatusCode::OK,
        false => StatusCode::SERVICE_UNAVAILABLE,
    };
    let json = [(CONTENT_TYPE, "application/json")];
    (status, PLAIN, json, format!("{about}\n")).into_response()
}

fn figures(metrics: &Metrics) -> Response {
    match metrics.text() {
        Ok(text) => (PLAIN, [(CONTENT_TYPE, Metrics::TYPE)], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "the figures could not be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
