use std::fs;
use std::io;
use std::net::IpAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use clap::{Args, ValueEnum};
use perilune_config::Settings;
use perilune_config::settings::Transport;
use perilune_daemon::Name;
use perilune_transport::{BindError, TransportError, ZeroMq};
use perilune_wire::{ConnectionFile, Endpoints, Ports};

use crate::atomic_file::{self, Access};
use crate::jupyter::Directories;
use crate::standard;

/// Where clients reach the kernel.
#[derive(Debug, Args)]
pub struct ConnectionOptions {
    /// Where the sockets are and what signs the messages. A file that is not there is written,
    /// with free ports; without this option it goes into Jupyter's runtime folder
    #[arg(long, short = 'f', value_name = "FILE")]
    connection_file: Option<PathBuf>,
    /// The address to listen on, where the connection file is to be written [default: 127.0.0.1]
    #[arg(long)]
    pub ip: Option<IpAddr>,
    /// TCP ports or Unix sockets, where the connection file is to be written [default: tcp]
    #[arg(long, value_enum, conflicts_with = "ip")]
    transport: Option<TransportChoice>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum TransportChoice {
    Tcp,
    Ipc,
}

/// The Unix sockets of a kernel that has a name. Those of one that was killed are known by it.
const SOCKETS: Ports = Ports {
    shell: 1,
    iopub: 2,
    stdin: 3,
    control: 4,
    hb: 5,
};

/// A connection file, and what it says or will say.
pub struct Connection {
    /// Where it is; absolute.
    pub path: PathBuf,
    /// What it says.
    pub file: ConnectionFile,
    origin: Origin,
    /// What a kernel of our name that was killed left there. Its clients find us again if we take
    /// its place.
    previous: Option<ConnectionFile>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    /// It was there, and stays.
    Given,
    /// It is to be written, where there is none.
    New,
    /// It is to be written, whatever a kernel of our name left there that was killed.
    Named,
}

/// A connection file that is ours, and ends with us.
pub struct Written(PathBuf);

impl ConnectionOptions {
    /// The choice of transport, as the settings call it.
    pub fn transport(&self) -> Option<&'static str> {
        self.transport.map(|transport| match transport {
            TransportChoice::Tcp => "tcp",
            TransportChoice::Ipc => "ipc",
        })
    }

    /// Means the same from any folder.
    pub fn make_absolute(&mut self) -> Result<()> {
        self.connection_file.as_mut().map_or(Ok(()), |path| {
            *path = absolute(path)?;
            Ok(())
        })
    }

    /// Where the connection file is, or will be: as it was said, or in Jupyter's runtime folder, where
    /// `jupyter console --existing` looks.
    pub fn path(&self, name: Option<&Name>) -> Result<PathBuf> {
        match &self.connection_file {
            Some(path) => absolute(path),
            None => {
                let file = match name {
                    Some(name) => format!("kernel-perilune-{name}.json"),
                    None => format!("kernel-{}.json", uuid::Uuid::new_v4()),
                };
                Ok(Directories::of_this_user()?.runtime.join(file))
            }
        }
    }

    /// The connection to serve: the one that was given, or a new one.
    pub fn connection(
        &self,
        path: PathBuf,
        name: Option<&Name>,
        settings: &Settings,
    ) -> Result<Connection> {
        // Who has the name has the file that is called by it.
        if self.connection_file.is_none() && name.is_some() {
            return Ok(Connection {
                previous: left_at(&path, settings),
                file: new_file(settings, &path, SOCKETS),
                path,
                origin: Origin::Named,
            });
        }
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
                    origin: Origin::Given,
                    previous: None,
                })
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Connection {
                file: new_file(settings, &path, Ports::default()),
                path,
                origin: Origin::New,
                previous: None,
            }),
            Err(error) => Err(error).with_context(|| format!("reading {}", path.display())),
        }
    }
}

/// What a kernel that had our name left there, if it fits what is wished now.
fn left_at(path: &Path, settings: &Settings) -> Option<ConnectionFile> {
    let metadata = fs::symlink_metadata(path).ok()?;
    if !metadata.is_file() || metadata.permissions().mode() & 0o077 != 0 {
        return None;
    }
    let file = ConnectionFile::parse(&fs::read(path).ok()?).ok()?;
    let is_wished = match (file.endpoints().ok()?, settings.kernel.transport) {
        (Endpoints::Tcp(ip, _), Transport::Tcp) => ip == settings.kernel.ip,
        (Endpoints::Ipc(prefix, _), Transport::Ipc) => prefix == prefix_of_sockets(path),
        _ => false,
    };
    is_wished.then_some(file)
}

/// With free ports where it is TCP, and these numbers where it is Unix sockets.
fn new_file(settings: &Settings, path: &Path, sockets: Ports) -> ConnectionFile {
    let endpoints = match settings.kernel.transport {
        Transport::Ipc => Endpoints::Ipc(prefix_of_sockets(path), sockets),
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

/// The name that jupyter_client gives them.
fn prefix_of_sockets(path: &Path) -> String {
    path.with_extension("").to_string_lossy().into_owned() + "-ipc"
}

impl Connection {
    /// Takes the sockets.
    pub fn bind(&mut self) -> Result<(ZeroMq, Endpoints)> {
        if let Some(previous) = self.previous.take()
            && let Ok(bound) = previous
                .endpoints()
                .map_err(anyhow::Error::from)
                .and_then(|endpoints| Ok(ZeroMq::bind(&endpoints)?))
        {
            self.file = previous;
            return Ok(bound);
        }
        let place = self.path.display();
        let endpoints = self.file.endpoints().with_context(|| place.to_string())?;
        // Unix sockets of a new file stand beside it.
        if let (Endpoints::Ipc(..), Origin::New | Origin::Named) = (&endpoints, self.origin) {
            make_private_folder(&atomic_file::folder_of(&self.path))?;
        }
        ZeroMq::bind(&endpoints).map_err(|error| match (&error, &endpoints) {
            (
                TransportError::Bind {
                    reason: BindError::InUse,
                    ..
                },
                Endpoints::Tcp(..),
            ) => anyhow!("{place}: {error} (a port of 0 chooses a free one)"),
            _ => anyhow!("{place}: {error}"),
        })
    }

    /// Writes down the ports that were chosen, where they were not known before.
    pub fn write(&mut self, ports: Ports) -> Result<Option<Written>> {
        let known = self.file.endpoints()?.ports();
        if self.origin == Origin::Given && known == ports {
            return Ok(None);
        }
        self.file = self.file.clone().with_ports(ports);
        let text = self.file.to_json()?;
        let place = || format!("writing {}", self.path.display());
        match self.origin {
            Origin::Given => {
                atomic_file::replace(&self.path, text.as_bytes(), Access::Private)
                    .with_context(place)?;
                return Ok(None);
            }
            Origin::New => {
                make_private_folder(&atomic_file::folder_of(&self.path))?;
                atomic_file::create(&self.path, text.as_bytes(), Access::Private)
                    .with_context(place)?;
            }
            Origin::Named => {
                make_private_folder(&atomic_file::folder_of(&self.path))?;
                // Not replaced, which follows a link.
                match fs::remove_file(&self.path) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => {
                        return Err(error).with_context(place);
                    }
                    _ => {}
                }
                atomic_file::create(&self.path, text.as_bytes(), Access::Private)
                    .with_context(place)?;
            }
        }
        Ok(Some(Written(self.path.clone())))
    }
}

impl Written {
    /// Says where it is, to a person who did not ask for a detached kernel.
    pub fn announce(&self) {
        standard::say(&format!("Connection file: {}", self.0.display()));
        standard::say(&format!(
            "To connect: jupyter console --existing {}",
            self.0.display()
        ));
    }
}

impl Drop for Written {
    fn drop(&mut self) {
        // It may be gone already; there is nothing more to do about it either way.
        let _ = fs::remove_file(&self.0);
    }
}

fn absolute(path: &Path) -> Result<PathBuf> {
    std::path::absolute(path)
        .with_context(|| format!("finding the absolute path of {}", path.display()))
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

/// Makes a folder that only its owner may enter, unless it is there.
fn make_private_folder(folder: &Path) -> Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .with_context(|| format!("making {}", folder.display()))
}
