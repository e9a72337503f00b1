use std::fs;
use std::io::{self, PipeReader, Write};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Args;
use perilune_client::{Client, Heard};
use perilune_config::Size;
use perilune_engine::{CaughtSignals, Deadlines, LuaOptions, Options, ShutdownPolicy};
use perilune_transport::{Channel, Invitation, Limits, ZeroMq, joinable};
use perilune_wire::content::Question;
use perilune_wire::{ConnectionFile, Key, Session};
use serde_json::{Value, json};
use tracing::Level;

use crate::dap::READY;
use crate::exit::Exit;
use crate::kernels;
use crate::log;
use crate::open_files;
use crate::settings::{self, Flags};
use crate::standard::{self, Kept};

/// `perilune debuggee`, which `perilune dap` starts.
#[derive(Debug, Args)]
#[command(after_help = "\
It is not meant to be typed. Standard input only tells, by its end, that whoever started it is gone.")]
pub struct Arguments {
    /// The connection file, in a folder of its own, which goes with the process
    connection_file: PathBuf,
    /// The absolute path of the program that will be run; without it, cells will be
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
    /// What the program finds in `arg` and `...`, after `--`
    #[arg(last = true, value_name = "ARGUMENTS")]
    arguments: Vec<String>,
}

/// How much output may wait for a slow client before some is left out, in bytes.
const OUTPUT_THAT_WAITS: usize = 1 << 30;
/// How long what was written last may take to be taken.
const FLUSH: Duration = Duration::from_secs(20);
/// How long this very kernel may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// A folder that goes with the process.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        // Whoever made it may have been faster.
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl Arguments {
    pub fn run(self) -> Result<Exit> {
        let lifeline = take_stdin().context("taking standard input")?;
        let signals = CaughtSignals::catch()?;
        let text = fs::read(&self.connection_file)
            .with_context(|| format!("reading {}", self.connection_file.display()))?;
        let connection = ConnectionFile::parse(&text)?;
        let folder = Folder(crate::atomic_file::folder_of(&self.connection_file));
        let settings = settings::read(&settings::sources(Flags::default())?)?.settings;
        open_files::raise_limit();
        let (descriptors, kept) = standard::take()?;
        let log = match log::place(&settings, None) {
            Some(path) => Some(log::open(&settings, &path)?),
            None => None,
        };
        log::start(&settings, Level::ERROR, kept, log)?;
        let to_bytes = |size: Size| usize::try_from(size.bytes()).unwrap_or(usize::MAX);
        let text = |path: &Path| path.to_string_lossy().into_owned();
        let script_name = self.program.as_deref().map(text);
        let is_program = script_name.is_some();
        let here = std::env::current_dir();
        let program = self.program.as_deref().map(|path| {
            // Lua cuts long names at their end, where the file's is.
            let within = here
                .as_ref()
                .ok()
                .and_then(|here| path.strip_prefix(here).ok());
            text(within.unwrap_or(path))
        });
        let options = Options {
            lua: LuaOptions {
                memory_limit: settings.kernel.memory_limit.map(to_bytes),
                arguments: self.arguments,
                script_name,
                project: here.ok().filter(|_| settings.lua.project),
                is_program,
            },
            program,
            descriptors: Some(descriptors),
            signals: Some(signals),
            shutdown: Arc::new(ShutdownPolicy::new(Deadlines {
                flush: FLUSH,
                ..settings::deadlines(&settings)
            })),
            ready: Some(Box::new(|| tell_ready(kept))),
            ..Options::default()
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context("starting the I/O runtime")?;
        let code = runtime.block_on(async {
            let limits = Limits {
                outgoing_bytes: OUTPUT_THAT_WAITS,
                ..Limits::default()
            };
            let (transport, _) = ZeroMq::bind_with(&connection.endpoints()?, limits)?;
            let (transport, invitation) = joinable(transport, Limits::default());
            let key = connection.key();
            std::thread::Builder::new()
                .name("lifeline".to_owned())
                .spawn(move || hold_on(lifeline, invitation, key, is_program))
                .context("starting a thread")?;
            let session = Session::new(connection.key(), "kernel");
            anyhow::Ok(perilune_engine::serve(transport, session, options).await?)
        })?;
        drop(folder);
        Ok(Exit::of_script(code))
    }
}

fn tell_ready(kept: &Kept) {
    // Who does not read it will not come.
    let _ = writeln!(&kept.stdout, "{READY}");
}

/// Takes standard input away from all that runs here: it finds nothing there.
fn take_stdin() -> io::Result<PipeReader> {
    let stdin = io::stdin().as_fd().try_clone_to_owned()?;
    nix::unistd::dup2_stdin(fs::File::open("/dev/null")?)?;
    Ok(PipeReader::from(stdin))
}

/// Waits until whoever started this process is gone. A program runs on to its end then, and a kernel
/// whose cells nobody sends any more ends. The sockets are not needed for that: who is gone may have
/// taken their folder along.
fn hold_on(mut lifeline: PipeReader, invitation: Invitation, key: Key, is_program: bool) {
    // Nothing is ever sent.
    let _ = io::copy(&mut lifeline, &mut io::sink());
    let seen_off = kernels::block_on(async {
        let client = Client::in_process(invitation.join(), key);
        if is_program {
            see_off(&client).await
        } else {
            client.shutdown(false)?;
            while client.next().await.is_some() {}
            Ok(())
        }
    });
    if let Err(error) = seen_off {
        tracing::error!("{error:#}");
    }
}

/// Ends the kernel behind the program, and answers with the end of the input what that asks.
async fn see_off(client: &Client) -> Result<()> {
    // On shell it waits for what was sent before.
    client.request(
        Channel::Shell,
        "shutdown_request",
        json!({"restart": false}),
    )?;
    let status = client.control("perilune_status_request", json!({}), PATIENCE);
    answer(client, &status.await?["question"])?;
    while let Some(heard) = client.next_heard().await {
        if let Ok(Heard::Message(_, message)) = heard
            && let Ok(metadata) = message.metadata::<Value>()
        {
            answer(client, &metadata[Question::KEY])?;
        }
    }
    Ok(())
}

fn answer(client: &Client, question: &Value) -> Result<()> {
    if let Some(question) = question["question"].as_str() {
        let content = json!({"question": question});
        client.request(Channel::Control, "perilune_answer_request", content)?;
    }
    Ok(())
}
