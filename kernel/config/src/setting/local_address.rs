use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use super::Setting;
use crate::value::Value;

/// Where something listens that nobody outside this machine may reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LocalAddress {
    /// A Unix socket.
    Unix(PathBuf),
    /// A port of the loopback; 0 is a free one.
    Tcp(SocketAddr),
}

const UNIX: &str = "unix:";

impl fmt::Display for LocalAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "{UNIX}{}", path.display()),
            Self::Tcp(address) => address.fmt(f),
        }
    }
}

impl Setting for LocalAddress {
    fn expected() -> String {
        "\"unix:\" and an absolute path, or an address of this machine alone and a port, such as \
         \"127.0.0.1:0\""
            .to_owned()
    }

    fn from_text(text: &str) -> Result<Self, String> {
        if let Some(path) = text.strip_prefix(UNIX) {
            let in_home = path.strip_prefix("~/").zip(std::env::home_dir());
            let path = in_home.map_or_else(|| PathBuf::from(path), |(rest, home)| home.join(rest));
            // It is made by a daemon, whose folder is another.
            return match path.is_absolute() && !text.contains('\0') {
                true => Ok(Self::Unix(path)),
                false => Err("the path begins with \"/\" or \"~/\"".to_owned()),
            };
        }
        let address = match text.strip_prefix("localhost:") {
            Some(port) => {
                let port = port.parse().map_err(|_| String::new())?;
                SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port)
            }
            None => text.parse().map_err(|_| String::new())?,
        };
        if !address.ip().is_loopback() {
            return Err("others could reach it there, and it is not encrypted".to_owned());
        }
        Ok(Self::Tcp(address))
    }

    fn value(&self) -> Value {
        Value::Text(self.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_or_a_port_of_this_machine_is_an_address() {
        for text in [
            "unix:/run/me/health",
            "127.0.0.1:0",
            "127.9.9.9:80",
            "[::1]:9000",
        ] {
            assert_eq!(LocalAddress::from_text(text).unwrap().to_string(), text);
        }
        let address = LocalAddress::from_text("localhost:99").unwrap();
        assert_eq!(address.to_string(), "127.0.0.1:99");
    }

    #[test]
    fn what_others_could_reach_is_refused() {
        for text in [
            "0.0.0.0:80",
            "[::]:80",
            "192.168.1.1:80",
            "[::ffff:127.0.0.1]:80",
        ] {
            let why = LocalAddress::from_text(text).unwrap_err();
            assert!(why.contains("others could reach it"), "{text}: {why}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in [
            "",
            "80",
            "unix:",
            "unix:relative",
            "localhost",
            "example.org:80",
            "127.0.0.1:70000",
        ] {
            assert!(LocalAddress::from_text(text).is_err(), "{text}");
        }
    }
}
