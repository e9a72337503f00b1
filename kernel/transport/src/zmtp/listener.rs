//! Where peers connect to: TCP ports, and Unix socket files.

use std::io;
use std::net::{IpAddr, SocketAddr};

use tokio::net::{TcpListener, TcpSocket, UnixListener};

use super::socket_file::SocketFile;
use super::stream::Stream;
use crate::BindError;

/// Connections the operating system keeps for us until we accept them.
pub(crate) const BACKLOG: u32 = 1024;

/// A bound socket of either family.
#[derive(Debug)]
pub(crate) enum Listener {
    Tcp(TcpListener),
    Unix(UnixListener),
}

/// A listener, the port or number it is at, and its file if it has one.
#[derive(Debug)]
pub(crate) struct Bound {
    pub(crate) listener: Listener,
    pub(crate) port: u16,
    pub(crate) file: Option<SocketFile>,
}

impl Listener {
    /// Listens on a TCP port, any free one if it is 0.
    pub(crate) fn tcp(ip: IpAddr, port: u16) -> Result<Bound, BindError> {
        let listener = bind_tcp(SocketAddr::new(ip, port)).map_err(|error| match error.kind() {
            io::ErrorKind::AddrInUse => BindError::InUse,
            _ => BindError::Io(error),
        })?;
        let port = listener.local_addr()?.port();
        Ok(Bound {
            listener: Self::Tcp(listener),
            port,
            file: None,
        })
    }

    /// Listens on the socket file `{prefix}-{port}`, with the first free number if it is 0.
    pub(crate) fn ipc(prefix: &str, port: u16) -> Result<Bound, BindError> {
        let at = |port: u16| {
            let (listener, file) = SocketFile::bind(&format!("{prefix}-{port}"))?;
            Ok(Bound {
                listener: Self::Unix(listener),
                port,
                file: Some(file),
            })
        };
        if port != 0 {
            return at(port);
        }
        (1..=u16::MAX)
            .map(at)
            .find(|bound| !matches!(bound, Err(BindError::InUse | BindError::NotASocket)))
            .unwrap_or(Err(BindError::InUse))
    }

    /// Waits for the next peer. Cancel safe.
    pub(crate) async fn accept(&self) -> io::Result<Stream> {
        match self {
            Self::Tcp(listener) => {
                let (stream, _) = listener.accept().await?;
                // A peer that is already gone again is found out when it is read from.
                stream.set_nodelay(true).ok();
                Ok(Stream::Tcp(stream))
            }
            Self::Unix(listener) => Ok(Stream::Unix(listener.accept().await?.0)),
        }
    }
}

fn bind_tcp(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    // As libzmq does: a kernel that is restarted gets its ports back at once.
    socket.set_reuseaddr(true)?;
    // Connections inherit it, so that peers on machines that died are noticed some day.
    socket.set_keepalive(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}
