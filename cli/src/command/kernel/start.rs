use std::fs;
use std::io;
use std::net::IpAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::pin::pin;

use anyhow::{Context, Result, anyhow, bail};
use bytesize::ByteSize;
use clap::{Args, ValueEnum};
use perilune_config::settings::Transport;
use perilune_config::{Settings, Size};
use perilune_engine::{LuaOptions, Options};
use perilune_transport::{BindError, TransportError, ZeroMq};
use perilune_wire::{ConnectionFile, Endpoints, Ports, Session};
use tracing::Level;

use crate::atomic_file::{self, Access};
use crate::exit::Exit;
use crate::jupyter::Directories;
use crate::log::{self, Log};
use crate::open_files;
use crate::settings::{self, Flags, SetOption};
use crate::standard;

/// `perilune kernel start`
#[derive(Debug, Args)]
pub struct Arguments {
    /// Where the sockets are and what signs the messages. A file that is not there is written,
    /// with free ports; without this option it goes into Jupyter's runtime folder
    #[arg(long, short = 'f', value_name = "FILE")]
    connection_file: Option<PathBuf>,
    /// How much memory Lua may use, such as 512MiB or 2GiB
    #[arg(long, value_name = "SIZE")]
    memory_limit: Option<ByteSize>,
    /// Let require find no modules in the working directory, nor in a lua_modules in it or above
    #[arg(long)]
    no_project: bool,
    /// The address to listen on, where the connection file is to be written [default: 127.0.0.1]
    #[arg(long)]
    ip: Option<IpAddr>,
    /// TCP ports or Unix sockets, where the connection file is to be written [default: tcp]
    #[arg(long, value_enum, conflicts_with = "ip")]
    transport: Option<TransportChoice>,
    #[command(flatten)]
    history: HistoryOptions,
    #[command(flatten)]
    log: Log,
    #[command(flatten)]
    set: SetOption,
}

/// What the kernel remembers of what is run in it.
#[derive(Debug, Args)]
struct HistoryOptions {
    /// Keep no history on disk, whatever else is said: it ends with the kernel
    #[arg(long)]
    no_history: bool,
    /// Where the history of all kernels is; empty to keep none on disk
    /// [default: perilune/history.sqlite in the user's state folder]
    #[arg(long, value_name = "FILE")]
    history: Option<String>,
    /// How many entries the history keeps [default: 100000]
    #[arg(
        long,
        value_name = "NUMBER",
        value_parser = clap::value_parser!(u64).range(1..=1_000_000_000),
    )]
    history_entries: Option<u64>,
    /// For how many days the history keeps entries [default: without end]
    #[arg(
        long,
        value_name = "NUMBER",
        value_parser = clap::value_parser!(u64).range(1..=36_500),
    )]
    history_days: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum TransportChoice {
    Tcp,
    Ipc,
}

impl Arguments {
    pub fn run(self) -> Result<Exit> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context("starting the I/O runtime")?;
        runtime.block_on(self.serve())
    }

    /// What these options set.
    fn flags(&self) -> Flags {
        let history = &self.history;
        let transport = self.transport.map(|it| match it {
            TransportChoice::Tcp => "tcp",
            TransportChoice::Ipc => "ipc",
        });
        Flags::new(&self.set)
            .with(
                "--memory-limit",
                "kernel.memory_limit",
                self.memory_limit.map(|it| it.as_u64()),
            )
            .with("--ip", "kernel.ip", self.ip)
            .with("--transport", "kernel.transport", transport)
            .with(
                "--no-project",
                "lua.project",
                self.no_project.then_some(false),
            )
            .with("--log-level", "log.level", self.log.level())
            .with(
                "--no-history",
                "history.enabled",
                history.no_history.then_some(false),
            )
            .with("--history", "history.file", history.history.as_ref())
            .with(
                "--history-entries",
                "history.entries",
                history.history_entries,
            )
            .with("--history-days", "history.days", history.history_days)
    }

    async fn serve(self) -> Result<Exit> {
        // Whoever reads the log of a front end shall see there why a kernel does not start.
        let configuration = settings::read(&settings::sources(self.flags())?)?;
        let settings = configuration.settings;
        let mut connection = self.connection(&settings)?;
        let place = connection.path.display().to_string();
        let endpoints = connection.file.endpoints().with_context(|| place.clone())?;
        open_files::raise_limit();
        let (transport, bound) =
            ZeroMq::bind(&endpoints).map_err(|error| match (&error, &endpoints) {
                (
                    TransportError::Bind {
                        reason: BindError::InUse,
                        ..
                    },
                    Endpoints::Tcp(..),
                ) => anyhow!("{place}: {error} (a port of 0 chooses a free one)"),
                _ => anyhow!("{place}: {error}"),
            })?;
        let (descriptors, kept) = standard::take()?;
        log::start(&settings, Level::WARN, &kept.stderr);
        let options = Options {
            lua: LuaOptions {
                memory_limit: settings.kernel.memory_limit.map(to_bytes),
                // A front end starts the kernel in the notebook's folder.
                project: settings
                    .lua
                    .project
                    .then(std::env::current_dir)
                    .and_then(Result::ok),
                ..LuaOptions::default()
            },
            program: None,
            descriptors: Some(descriptors),
            launcher: launcher(),
            signals: true,
            ports: bound.ports(),
            ready: None,
            history: Some(settings::history_options(
                &settings,
                connection.file.kernel_name.as_deref(),
                std::env::current_dir().unwrap_or_default(),
            )),
        };
        let session = Session::new(connection.file.key(), "kernel");
        let mut kernel = pin!(perilune_engine::serve(transport, session, options));
        // Whoever finds the connection file finds a kernel that answers, also to signals.
        tokio::select! {
            biased;
            code = &mut kernel => return Ok(Exit::of_script(code?)),
            () = std::future::ready(()) => {}
        }
        let _written = connection.write(bound.ports())?;
        tracing::info!(connection_file = %place, "the kernel listens");
        Ok(Exit::of_script(kernel.await?))
    }

    /// The connection to serve: the one that was given, or a new one.
    fn connection(&self, settings: &Settings) -> Result<Connection> {
        let path = match &self.connection_file {
            Some(path) => std::path::absolute(path)
                .with_context(|| format!("finding the absolute path of {}", path.display()))?,
            None => Directories::of_this_user()?
                .runtime
                .join(format!("kernel-{}.json", uuid::Uuid::new_v4())),
        };
        match fs::read(&path) {
            Ok(text) => {
                if self.ip.is_some() || self.transport.is_some() {
                    bail!(
                        "{} is there and says where to listen; --ip and --transport are for a \
                         connection file that is to be written",
                        path.display()
                    );
                }
                let file = ConnectionFile::parse(&text)
                    .with_context(|| format!("reading {}", path.display()))?;
                warn_if_others_may_read(&path);
                Ok(Connection {
                    path,
                    file,
                    is_new: false,
                })
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let file = new_connection(settings, &path);
                Ok(Connection {
                    path,
                    file,
                    is_new: true,
                })
            }
            Err(error) => Err(error).with_context(|| format!("reading {}", path.display())),
        }
    }
}

fn new_connection(settings: &Settings, path: &Path) -> ConnectionFile {
    let endpoints = match settings.kernel.transport {
        // The name that jupyter_client gives them.
        Transport::Ipc => {
            let prefix = path.with_extension("").to_string_lossy().into_owned() + "-ipc";
            Endpoints::Ipc(prefix, Ports::default())
        }
        Transport::Tcp => {
            let ip = settings.kernel.ip;
            if !ip.is_loopback() {
                standard::say(&format!(
                    "perilune: listening on {ip}: messages are signed, but not encrypted"
                ));
            }
            Endpoints::Tcp(ip, Ports::default())
        }
    };
    let mut file = ConnectionFile::new(&endpoints);
    file.kernel_name = Some("lua".to_owned());
    file
}

/// Bytes as this machine counts them; a limit beyond them is none.
fn to_bytes(size: Size) -> usize {
    usize::try_from(size.bytes()).unwrap_or(usize::MAX)
}

/// The process that Jupyter says launched this one.
fn launcher() -> Option<u32> {
    std::env::var("JPY_PARENT_PID").ok()?.parse().ok()
}

fn warn_if_others_may_read(path: &Path) {
    let mode = fs::metadata(path).map_or(0, |metadata| metadata.permissions().mode());
    if mode & 0o077 != 0 {
        standard::say(&format!(
            "perilune: others may read {}, and with it run code as you; chmod 600 prevents it",
            path.display()
        ));
    }
}

struct Connection {
    path: PathBuf,
    file: ConnectionFile,
    is_new: bool,
}

/// A connection file that is ours, and ends with us.
struct Written(PathBuf);

impl Drop for Written {
    fn drop(&mut self) {
        // It may be gone already; there is nothing more to do about it either way.
        let _ = fs::remove_file(&self.0);
    }
}

impl Connection {
    /// Writes down the ports that were chosen, where they were not known before.
    fn write(&mut self, ports: Ports) -> Result<Option<Written>> {
        let known = self.file.endpoints()?.ports();
        if !self.is_new && known == ports {
            return Ok(None);
        }
        self.file = self.file.clone().with_ports(ports);
        let text = self.file.to_json()?;
        let place = || format!("writing {}", self.path.display());
        if !self.is_new {
            atomic_file::replace(&self.path, text.as_bytes(), Access::Private)
                .with_context(place)?;
            return Ok(None);
        }
        make_private_folder(&atomic_file::folder_of(&self.path))?;
        atomic_file::create(&self.path, text.as_bytes(), Access::Private).with_context(place)?;
        standard::say(&format!("Connection file: {}", self.path.display()));
        standard::say(&format!(
            "To connect: jupyter console --existing {}",
            self.path.display()
        ));
        Ok(Some(Written(self.path.clone())))
    }
}

/// Makes a folder that only its owner may enter, unless it is there.
fn make_private_folder(folder: &Path) -> Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .with_context(|| format!("making {}", folder.display()))
}
