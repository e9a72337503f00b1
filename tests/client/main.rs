//! The client of our front ends, against the real binary.

mod connecting;
mod losing;
mod talking;

use std::future::Future;
use std::time::Duration;

use perilune_client::event::Event;
use perilune_client::{Client, Notice};
use perilune_tests::{KernelProcess, PATIENCE};

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(async {
            tokio::time::timeout(2 * PATIENCE, future)
                .await
                .expect("an end in time")
        })
}

async fn connect(kernel: &mut KernelProcess) -> Client {
    Client::connect(&kernel.connection(), PATIENCE)
        .await
        .expect("a connection")
}

/// What a cell does, until its kernel is idle.
async fn events(client: &Client, request: &str) -> Vec<Event> {
    let mut events = Vec::new();
    loop {
        match client.next().await.expect("a kernel").expect("a message") {
            Notice::Event(parent, event) if parent == request => events.push(event),
            Notice::Idle(parent) if parent == request => return events,
            _ => {}
        }
    }
}

/// Reads until the cell has begun.
async fn begun(client: &Client, request: &str) {
    loop {
        if let Notice::Event(parent, Event::Started(_)) =
            client.next().await.expect("a kernel").expect("a message")
            && parent == request
        {
            return;
        }
    }
}

/// The text of all streams.
fn text(events: &[Event]) -> String {
    let text = events.iter().filter_map(|event| match event {
        Event::Stream(stream) => Some(stream.text.as_str()),
        _ => None,
    });
    text.collect()
}

/// Shorter than a test may take, longer than anything here does.
const SOON: Duration = Duration::from_secs(10);
