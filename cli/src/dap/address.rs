use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

/// Where clients are listened for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// A TCP port; 0 is a free one.
    Tcp(SocketAddr),
    /// A Unix socket, for its owner alone.
    Unix(PathBuf),
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(path) = text.strip_prefix("unix:") {
            let path = PathBuf::from(path);
            return match path.is_absolute() {
                true => Ok(Self::Unix(path)),
                false => Err("unix: needs an absolute path".to_owned()),
            };
        }
        // Who writes a name for this machine means the loopback.
        let number = text.replacen("localhost:", "127.0.0.1:", 1);
        number.parse().map(Self::Tcp).map_err(|_| {
            "expected an address and a port, such as 127.0.0.1:4711 or [::1]:0, or unix:/PATH"
                .to_owned()
        })
    }
}

impl Address {
    /// Whether other machines cannot reach it.
    pub fn is_local(&self) -> bool {
        match self {
            Self::Tcp(address) => address.ip().is_loopback(),
            Self::Unix(_) => true,
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(formatter),
            Self::Unix(path) => write!(formatter, "unix:{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_as_it_is_shown() {
        for text in ["127.0.0.1:4711", "[::1]:0", "unix:/run/user/1000/dap"] {
            let address: Address = text.parse().unwrap();
            assert_eq!(address.to_string(), text);
            assert!(address.is_local());
        }
        let address: Address = "localhost:1".parse().unwrap();
        assert_eq!(address.to_string(), "127.0.0.1:1");
        assert!(!"0.0.0.0:1".parse::<Address>().unwrap().is_local());
        for text in [
            "",
            "4711",
            "127.0.0.1",
            "unix:",
            "unix:dap",
            "example.org:1",
        ] {
            assert!(text.parse::<Address>().is_err(), "{text}");
        }
    }
}
