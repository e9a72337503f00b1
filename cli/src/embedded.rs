use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use perilune_client::Client;
use perilune_engine::{Descriptors, EngineError, LuaOptions, Options};
use perilune_transport::{Limits, in_process_with};
use perilune_wire::{Key, Session};

/// How much output may wait for a slow terminal or pipe before some is left out, in bytes.
const OUTPUT_THAT_WAITS: usize = 1 << 30;
/// How long a kernel has to say goodbye.
const GOODBYE: Duration = Duration::from_secs(5);

/// A kernel in this very process, on a thread of its own, and its client.
///
/// The two speak the same signed messages as a kernel and a notebook do, over channels instead of
/// sockets.
pub struct EmbeddedKernel {
    client: Client,
    thread: JoinHandle<Result<i32, EngineError>>,
}

impl EmbeddedKernel {
    /// Starts a kernel that has the process's descriptors for itself. Of a `program`, errors speak
    /// by its name instead of the cell's. What runs is remembered in the `history`, if there is one.
    ///
    /// # Errors
    ///
    /// When the operating system has no thread left.
    pub fn start(
        descriptors: Descriptors,
        lua: LuaOptions,
        program: Option<String>,
        history: Option<perilune_history::Options>,
    ) -> Result<Self> {
        let limits = Limits {
            outgoing_bytes: OUTPUT_THAT_WAITS,
            ..Limits::default()
        };
        let (transport, client) = in_process_with(limits);
        let key = Key::new(uuid::Uuid::new_v4().to_string().as_bytes());
        let kernel = Session::new(key.clone(), "kernel");
        let options = Options {
            lua,
            program,
            history,
            descriptors: Some(descriptors),
            // Signals are the command line's.
            signals: None,
            ..Options::default()
        };
        let serve = move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .map_err(|source| EngineError::System {
                    what: "no I/O runtime",
                    source,
                })?;
            runtime.block_on(perilune_engine::serve(transport, kernel, options))
        };
        let thread = std::thread::Builder::new()
            .name("kernel".to_owned())
            .spawn(serve)
            .context("starting the kernel's thread")?;
        Ok(Self {
            client: Client::in_process(client, key),
            thread,
        })
    }

    /// The way to it.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Ends the kernel, and whatever runs in it.
    ///
    /// # Errors
    ///
    /// When the kernel had failed.
    pub async fn end(self) -> Result<()> {
        self.client.shutdown(false)?;
        self.ended().await.map(drop)
    }

    /// Waits for the end of a kernel that ends by itself. Returns the exit code it ended with.
    ///
    /// # Errors
    ///
    /// When the kernel had failed.
    pub async fn ended(self) -> Result<i32> {
        let ended = async { while self.client.next().await.is_some() {} };
        if tokio::time::timeout(GOODBYE, ended).await.is_err() {
            bail!("the kernel did not end");
        }
        self.thread
            .join()
            .map_err(|_| anyhow!("the kernel panicked"))?
            .map_err(|error| anyhow!("the kernel failed: {error}"))
    }
}
