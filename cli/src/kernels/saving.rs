use std::time::Duration;

use anyhow::{Context, Result, bail};
use bytesize::ByteSize;
use perilune_client::ClientError;
use serde_json::{Value, json};

use super::found::Kernel;
use crate::standard;

/// How long a kernel may take to answer at all.
const PATIENCE: Duration = Duration::from_secs(5);

/// Lets a kernel save its session now, and returns what it says of it.
///
/// # Errors
///
/// When it does not run or answer, and when it could not save it.
pub async fn save(kernel: &Kernel, patience: Duration) -> Result<Value> {
    let client = kernel.connect(patience.min(PATIENCE)).await?;
    // Else nobody would know why it takes so long.
    if let Ok(Some(event)) = client.stopped(PATIENCE).await {
        standard::say(&format!("perilune: {event}"));
    }
    let reply = client.control("perilune_save_request", json!({}), patience);
    let name = kernel.name();
    let reply = match reply.await {
        Err(error @ ClientError::NoReply { .. }) => {
            // It has answered when it was connected to, so that it is Lua that has no time.
            return Err(kernel.error(error)).with_context(|| {
                format!(
                    "{name} has not saved its state; where a cell runs, wait for it, or end it with \
                     `perilune kernel interrupt {name}`"
                )
            });
        }
        reply => reply.map_err(|error| kernel.error(error))?,
    };
    if reply["status"] == "ok" {
        return Ok(reply);
    }
    bail!(
        "{} has not saved its state: {}",
        kernel.name(),
        reply["evalue"].as_str().unwrap_or("no reason given")
    )
}

/// Says what a kernel could not save.
pub fn tell_losses(name: &str, saved: &Value) {
    let named = saved["losses"].as_array().map_or(&[][..], Vec::as_slice);
    let total = saved["losses_total"].as_u64().unwrap_or_default();
    if total > 0 {
        standard::say(&format!("perilune: {name} could not save:"));
    }
    for loss in named {
        let text = |key: &str| loss[key].as_str().unwrap_or_default().to_owned();
        standard::say(&format!("  {}: {}", text("path"), text("what")));
    }
    let more = total.saturating_sub(named.len() as u64);
    if more > 0 {
        standard::say(&format!("  and {more} more"));
    }
}

/// What was saved, in a line.
pub fn in_short(name: &str, saved: &Value) -> String {
    let variables = match saved["variables"].as_u64().unwrap_or_default() {
        1 => "1 variable".to_owned(),
        number => format!("{number} variables"),
    };
    let bytes = ByteSize(saved["bytes"].as_u64().unwrap_or_default());
    let file = saved["file"].as_str().unwrap_or_default();
    format!("Saved {variables} of {name} to {file} ({bytes})")
}
