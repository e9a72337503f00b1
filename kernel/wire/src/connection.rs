use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Deserializer, Serialize};

use crate::{Key, WireError};

/// How the sockets of a connection are reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TransportKind {
    /// TCP ports of one address.
    Tcp,
    /// Unix sockets, `{ip}-{port}` each.
    Ipc,
}

/// The five ports, in the order of the specification. 0 means: any free one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ports {
    /// Work for the language.
    pub shell: u16,
    /// What is told to everybody.
    pub iopub: u16,
    /// Questions to the person in front.
    pub stdin: u16,
    /// What must be answered at once.
    pub control: u16,
    /// The heartbeat.
    pub hb: u16,
}

/// Where the five sockets are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Endpoints {
    /// TCP ports of one address.
    Tcp(IpAddr, Ports),
    /// Unix sockets, `{prefix}-{port}` each.
    Ipc(String, Ports),
}

/// A connection file: where a kernel's sockets are, and the secret it shares with its clients.
///
/// See <https://jupyter-client.readthedocs.io/en/stable/kernels.html#connection-files>.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionFile {
    #[serde(default)]
    transport: Option<TransportKind>,
    ip: String,
    #[serde(deserialize_with = "port")]
    shell_port: u16,
    #[serde(deserialize_with = "port")]
    iopub_port: u16,
    #[serde(deserialize_with = "port")]
    stdin_port: u16,
    #[serde(deserialize_with = "port")]
    control_port: u16,
    #[serde(deserialize_with = "port")]
    hb_port: u16,
    #[serde(default)]
    key: String,
    #[serde(default = "default_scheme")]
    signature_scheme: String,
    /// The kernelspec's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kernel_name: Option<String>,
    // What other tools keep there stays there when the file is written again.
    #[serde(flatten)]
    others: serde_json::Map<String, serde_json::Value>,
}

const SCHEME: &str = "hmac-sha256";

fn default_scheme() -> String {
    SCHEME.to_owned()
}

/// A port, which some clients write as a string.
fn port<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Port {
        Number(u16),
        Text(String),
    }
    match Port::deserialize(deserializer) {
        Ok(Port::Number(number)) => Ok(number),
        Ok(Port::Text(text)) => text
            .parse()
            .map_err(|_| serde::de::Error::custom(format!("{text:?} is not a port (0 to 65535)"))),
        Err(_) => Err(serde::de::Error::custom(
            "a port is a number from 0 to 65535",
        )),
    }
}

impl ConnectionFile {
    /// A new connection with a random key.
    pub fn new(endpoints: &Endpoints) -> Self {
        let (transport, ip, ports) = match endpoints {
            Endpoints::Tcp(ip, ports) => (TransportKind::Tcp, ip.to_string(), ports),
            Endpoints::Ipc(prefix, ports) => (TransportKind::Ipc, prefix.clone(), ports),
        };
        Self {
            transport: Some(transport),
            ip,
            shell_port: ports.shell,
            iopub_port: ports.iopub,
            stdin_port: ports.stdin,
            control_port: ports.control,
            hb_port: ports.hb,
            key: uuid::Uuid::new_v4().to_string(),
            signature_scheme: default_scheme(),
            kernel_name: None,
            others: serde_json::Map::new(),
        }
    }

    /// Reads a connection file's text.
    ///
    /// # Errors
    ///
    /// [`WireError::BadConnectionFile`], [`WireError::UnknownSignatureScheme`],
    /// [`WireError::ImpossibleConnection`].
    pub fn parse(text: &[u8]) -> Result<Self, WireError> {
        let file: Self = serde_json::from_slice(text).map_err(WireError::BadConnectionFile)?;
        if file.signature_scheme != SCHEME {
            return Err(WireError::UnknownSignatureScheme(file.signature_scheme));
        }
        file.endpoints()?;
        let mut ports = [
            file.shell_port,
            file.iopub_port,
            file.stdin_port,
            file.control_port,
            file.hb_port,
        ];
        ports.sort_unstable();
        if let Some(pair) = ports
            .windows(2)
            .find(|pair| pair[0] == pair[1] && pair[0] != 0)
        {
            return Err(WireError::ImpossibleConnection(format!(
                "port {} is given to two channels",
                pair[0]
            )));
        }
        Ok(file)
    }

    /// The file's text.
    ///
    /// # Errors
    ///
    /// [`WireError::Serialise`].
    pub fn to_json(&self) -> Result<String, WireError> {
        serde_json::to_string_pretty(self)
            .map(|text| text + "\n")
            .map_err(WireError::Serialise)
    }

    /// Where the sockets are, or shall be.
    ///
    /// # Errors
    ///
    /// [`WireError::ImpossibleConnection`] when `ip` is not an address.
    pub fn endpoints(&self) -> Result<Endpoints, WireError> {
        let ports = Ports {
            shell: self.shell_port,
            iopub: self.iopub_port,
            stdin: self.stdin_port,
            control: self.control_port,
            hb: self.hb_port,
        };
        match self.transport.unwrap_or(TransportKind::Tcp) {
            TransportKind::Ipc if self.ip.is_empty() => Err(WireError::ImpossibleConnection(
                "ip is empty; ipc needs a path".to_owned(),
            )),
            TransportKind::Ipc => Ok(Endpoints::Ipc(self.ip.clone(), ports)),
            TransportKind::Tcp => {
                let ip = match self.ip.as_str() {
                    "*" => "0.0.0.0",
                    "localhost" => "127.0.0.1",
                    ip => ip,
                };
                let ip = ip.parse().map_err(|_| {
                    WireError::ImpossibleConnection(format!("ip {ip:?} is not an IP address"))
                })?;
                Ok(Endpoints::Tcp(ip, ports))
            }
        }
    }

    /// The same connection on the ports that were bound.
    #[must_use]
    pub fn with_ports(mut self, ports: Ports) -> Self {
        self.shell_port = ports.shell;
        self.iopub_port = ports.iopub;
        self.stdin_port = ports.stdin;
        self.control_port = ports.control;
        self.hb_port = ports.hb;
        self
    }

    /// The secret, ready to sign with.
    pub fn key(&self) -> Key {
        Key::new(self.key.as_bytes())
    }

    /// The key's text, for who keeps it out of what others may read.
    pub fn expose_key(&self) -> &str {
        &self.key
    }
}

impl Endpoints {
    /// The ports, bound or wished for.
    pub fn ports(&self) -> Ports {
        match self {
            Self::Tcp(_, ports) | Self::Ipc(_, ports) => *ports,
        }
    }
}

impl Ports {
    /// Whether every port is known.
    pub fn all_chosen(&self) -> bool {
        [self.shell, self.iopub, self.stdin, self.control, self.hb]
            .iter()
            .all(|port| *port != 0)
    }
}

// The key is the account: whoever has it runs code. It never reaches a log.
impl fmt::Debug for ConnectionFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectionFile")
            .field("endpoints", &self.endpoints())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"{"shell_port":1,"iopub_port":"2","stdin_port":3,"control_port":4,
        "hb_port":5,"ip":"127.0.0.1","key":"a-b","transport":"tcp",
        "signature_scheme":"hmac-sha256","kernel_name":"lua","jupyter_session":"/n.ipynb"}"#;

    fn with(from: &str, to: &str) -> Result<ConnectionFile, WireError> {
        assert!(FILE.contains(from));
        ConnectionFile::parse(FILE.replace(from, to).as_bytes())
    }

    #[test]
    fn reads_what_jupyter_writes_and_keeps_what_it_does_not_know() {
        let file = ConnectionFile::parse(FILE.as_bytes()).unwrap();
        let ports = Ports {
            shell: 1,
            iopub: 2,
            stdin: 3,
            control: 4,
            hb: 5,
        };
        assert_eq!(
            file.endpoints().unwrap(),
            Endpoints::Tcp([127, 0, 0, 1].into(), ports)
        );
        assert!(file.to_json().unwrap().contains("/n.ipynb"));
    }

    #[test]
    fn what_it_writes_it_reads() {
        let endpoints = Endpoints::Ipc("/run/kernel".to_owned(), Ports::default());
        let file = ConnectionFile::new(&endpoints);
        let again = ConnectionFile::parse(file.to_json().unwrap().as_bytes()).unwrap();
        assert_eq!(again, file);
        assert!(again.key().signs());
    }

    #[test]
    fn says_what_is_wrong() {
        let cases = [
            (with("hmac-sha256", "hmac-md5"), "hmac-md5"),
            (with("127.0.0.1", "localhost:80"), "localhost:80"),
            (with("\"2\"", "70000"), "0 to 65535"),
            (with("\"2\"", "\"x\""), "\"x\" is not a port"),
            (
                with("\"shell_port\":1", "\"shell_port\":5"),
                "port 5 is given to two",
            ),
            (with("\"ip\"", "\"pi\""), "missing field `ip`"),
            (with("tcp", "carrier-pigeon"), "carrier-pigeon"),
            (ConnectionFile::parse(b"{"), "not a connection file"),
        ];
        for (result, words) in cases {
            let error = result.unwrap_err().to_string();
            assert!(error.contains(words), "{error:?} does not say {words:?}");
        }
    }

    #[test]
    fn the_key_is_never_shown() {
        assert!(!format!("{:?}", ConnectionFile::parse(FILE.as_bytes()).unwrap()).contains("a-b"));
    }
}
