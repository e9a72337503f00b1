//! A peer on a bare socket, which can do what no ZeroMQ library would.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{local, soon};

/// A connection past its handshake.
pub struct Peer {
    pub stream: TcpStream,
}

pub fn greeting() -> Vec<u8> {
    let mut bytes = vec![0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 0];
    bytes.extend(b"NULL");
    bytes.resize(64, 0);
    bytes
}

pub fn command(body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![4, body.len() as u8];
    bytes.extend(body);
    bytes
}

pub fn ready(socket_type: &str, identity: &[u8]) -> Vec<u8> {
    let mut body = b"\x05READY\x0bSocket-Type".to_vec();
    body.extend((socket_type.len() as u32).to_be_bytes());
    body.extend(socket_type.as_bytes());
    body.extend(b"\x08Identity");
    body.extend((identity.len() as u32).to_be_bytes());
    body.extend(identity);
    command(&body)
}

/// A message of short frames.
pub fn message(parts: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (index, part) in parts.iter().enumerate() {
        bytes.extend([u8::from(index + 1 < parts.len()), part.len() as u8]);
        bytes.extend(*part);
    }
    bytes
}

impl Peer {
    pub async fn connect(port: u16, socket_type: &str, identity: &[u8]) -> Self {
        let mut stream = TcpStream::connect(local(port))
            .await
            .expect("the kernel listens");
        stream.write_all(&greeting()).await.expect("greeting");
        let mut theirs = [0; 64];
        soon(stream.read_exact(&mut theirs))
            .await
            .expect("their greeting");
        stream
            .write_all(&ready(socket_type, identity))
            .await
            .expect("ready");
        let mut peer = Self { stream };
        let (flags, body) = peer.frame().await.expect("their READY");
        assert_eq!((flags, &body[..6]), (4, &b"\x05READY"[..]));
        peer
    }

    pub async fn send(&mut self, bytes: &[u8]) {
        self.stream
            .write_all(bytes)
            .await
            .expect("the kernel reads");
    }

    /// The next frame: its flags and body.
    pub async fn frame(&mut self) -> io::Result<(u8, Vec<u8>)> {
        soon(async {
            let flags = self.stream.read_u8().await?;
            let length = match flags & 2 {
                0 => usize::from(self.stream.read_u8().await?),
                _ => self.stream.read_u64().await? as usize,
            };
            let mut body = vec![0; length];
            self.stream.read_exact(&mut body).await?;
            Ok((flags, body))
        })
        .await
    }

    pub async fn message(&mut self) -> io::Result<Vec<Vec<u8>>> {
        let mut parts = Vec::new();
        loop {
            let (flags, body) = self.frame().await?;
            parts.push(body);
            if flags & 1 == 0 {
                return Ok(parts);
            }
        }
    }

    /// Waits until the kernel has closed the connection.
    pub async fn closed(&mut self) {
        let mut rest = Vec::new();
        // A reset is an end as well.
        soon(self.stream.read_to_end(&mut rest)).await.ok();
    }
}
