use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

use crate::dap::{self, Address, Door, Listening, token};
use crate::exit::Exit;
use crate::kernels;
use crate::standard;

/// The version of the JSON that is printed. It grows when a program that reads it would have to
/// change.
const SCHEMA_VERSION: u32 = 1;

/// `perilune dap`
#[derive(Debug, Args)]
#[command(after_help = "\
Without --listen one client is served, on standard input and output, as editors want it that start
an adapter themselves. With it, clients are served one after the other or at once, until Ctrl-C.

launch runs a Lua file in a process of its own, attach goes to a kernel that runs. What else they
are given, and how editors are set up: docs/debugging.md.

Over TCP a client has to show a token, as `token` in what launch or attach are given: that of
--token-file or --token or of PERILUNE_DAP_TOKEN, else a new one, which is printed. Whoever can
debug can run code as you.

Exit codes: 0 the client has ended the session, 1 it broke the protocol, or it cannot be listened
there, 2 wrong command line, 130 interrupted.")]
pub struct Arguments {
    /// Listen on this address for clients: 127.0.0.1:PORT, [::1]:0 for a free port, or unix:/PATH
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<Address>,
    /// What clients over TCP must know. Other users of this machine can see it in the list of
    /// processes: prefer --token-file
    #[arg(long, value_name = "TOKEN", requires = "listen")]
    token: Option<String>,
    /// A file with what clients over TCP must know
    #[arg(
        long,
        value_name = "FILE",
        requires = "listen",
        conflicts_with = "token"
    )]
    token_file: Option<PathBuf>,
    /// Listen also where other machines can connect. Nothing is encrypted, the token included
    #[arg(long, requires = "listen")]
    allow_remote: bool,
    /// Print where it listens as one JSON object
    #[arg(long, requires = "listen")]
    json: bool,
}

impl Arguments {
    pub fn run(self) -> Result<Exit> {
        match &self.listen {
            None => Self::serve_standard(),
            Some(address) => self.listen_on(address),
        }
    }

    fn serve_standard() -> Result<Exit> {
        match dap::serve(io::stdin(), io::stdout(), Door::Open) {
            Ok(()) => Ok(Exit::Success),
            Err(error) if dap::is_its_own_fault(&error) => {
                standard::say(&format!("perilune: {error:#}"));
                Ok(Exit::Failed)
            }
            Err(error) => Err(error),
        }
    }

    fn listen_on(&self, address: &Address) -> Result<Exit> {
        if !address.is_local() && !self.allow_remote {
            standard::say(&format!(
                "perilune: {address} can be reached by other machines, and nothing would be \
                 encrypted: forward a local port instead (ssh -L), or say --allow-remote"
            ));
            return Ok(Exit::Usage);
        }
        let token = match address {
            Address::Unix(_) => None,
            Address::Tcp(_) => Some(token::choose(
                self.token.as_deref(),
                self.token_file.as_deref(),
            )?),
        };
        let listening = Listening::begin(address)?;
        let new = token.as_ref().filter(|token| token.is_new);
        let new = new.map(|token| token.token.expose().to_owned());
        let door = token.map_or(Door::Open, |token| Door::Guarded(token.token));
        kernels::block_on(async {
            // Before anybody knows of us.
            let mut interrupt = signal(SignalKind::interrupt())?;
            let mut terminate = signal(SignalKind::terminate())?;
            let mut hangup = signal(SignalKind::hangup())?;
            listening.start(door)?;
            self.tell(&listening, new.as_deref())?;
            Ok(tokio::select! {
                _ = interrupt.recv() => Exit::Interrupted,
                _ = terminate.recv() => Exit::Terminated,
                _ = hangup.recv() => Exit::HungUp,
            })
        })
    }

    fn tell(&self, listening: &Listening, token: Option<&str>) -> Result<()> {
        let mut stdout = io::stdout().lock();
        let address = listening.address();
        if self.json {
            let mut document =
                json!({"schema_version": SCHEMA_VERSION, "address": address.to_string()});
            if let Some(token) = token {
                document["token"] = json!(token);
            }
            writeln!(stdout, "{document}")
        } else {
            writeln!(stdout, "listening on {address}")
                .and_then(|()| token.map_or(Ok(()), |it| writeln!(stdout, "token: {it}")))
        }
        .and_then(|()| stdout.flush())
        .context("printing the address")
    }
}
