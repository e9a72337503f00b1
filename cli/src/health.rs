//! A kernel's health over HTTP, if its user wants it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use perilune_config::{LocalAddress, Settings};
use perilune_daemon::log::secrets;
use perilune_engine::Vitals;
use perilune_health::{Address, Options, Server, Surroundings, Token};

use crate::atomic_file::{self, Access};
use crate::log;
use crate::settings;

/// The variable with the token; without it one is made up.
const VARIABLE: &str = "PERILUNE_HEALTH_TOKEN";
/// The name of the file with the token in a kernel's folder.
const TOKEN: &str = "health-token";

/// What serves it, until it is dropped.
pub struct Health {
    server: Server,
    token: Option<TokenFile>,
}

/// A file with the token that was made up, which goes with the kernel.
struct TokenFile(PathBuf);

impl Drop for TokenFile {
    fn drop(&mut self) {
        // It may be gone already; the token in it is worth nothing any more.
        let _ = fs::remove_file(&self.0);
    }
}

impl Health {
    /// Begins to serve it, if these settings want it; `folder` is the kernel's own.
    ///
    /// # Errors
    ///
    /// When it cannot be served there.
    pub fn start(
        settings: &Settings,
        vitals: &Arc<Vitals>,
        folder: Option<&Path>,
    ) -> Result<Option<Self>> {
        let Some(listen) = &settings.health.listen else {
            return Ok(None);
        };
        let address = match listen {
            LocalAddress::Unix(path) => Address::Unix(path.clone()),
            LocalAddress::Tcp(address) => Address::Tcp(*address),
        };
        let (token, file) = match (&address, std::env::var_os(VARIABLE)) {
            (Address::Unix(_), _) => (Token::random(), None),
            (Address::Tcp(_), Some(text)) => match text.to_str().and_then(Token::new) {
                Some(token) => (token, None),
                None => bail!(
                    "{VARIABLE} is no token: it needs 16 letters, digits and signs at least, \
                     without spaces"
                ),
            },
            (Address::Tcp(_), None) => {
                let folder = folder.with_context(|| {
                    format!("there is no folder for the token: give one in {VARIABLE}")
                })?;
                let token = Token::random();
                (token.clone(), Some(keep(&token, folder)?))
            }
        };
        secrets().register(token.expose());
        let journal = folder.map(settings::journal_folder);
        let server = Server::start(&Options {
            address,
            token,
            vitals: Arc::clone(vitals),
            surroundings: Arc::new(move || Surroundings {
                log_lines_lost: log::lost(),
                journal_bytes: journal.as_deref().and_then(bytes_in),
            }),
        })?;
        tracing::info!(address = %server.address(), "health is served");
        Ok(Some(Self {
            server,
            token: file,
        }))
    }

    /// Where it is asked for.
    pub fn address(&self) -> String {
        self.server.address().to_string()
    }

    /// The file with what whoever asks must know, where it is in one.
    pub fn token_file(&self) -> Option<PathBuf> {
        self.token.as_ref().map(|file| file.0.clone())
    }
}

fn keep(token: &Token, folder: &Path) -> Result<TokenFile> {
    perilune_daemon::PrivateFolder::open(folder)?;
    let path = folder.join(TOKEN);
    let text = format!("{}\n", token.expose());
    // A link in its place is not followed, but replaced.
    let _ = fs::remove_file(&path);
    atomic_file::create(&path, text.as_bytes(), Access::Private)
        .with_context(|| format!("writing {}", path.display()))?;
    Ok(TokenFile(path))
}

/// What the files of a folder hold, where there is one.
fn bytes_in(folder: &Path) -> Option<u64> {
    let files = fs::read_dir(folder).ok()?;
    Some(
        files
            .filter_map(|file| file.ok()?.metadata().ok())
            .filter(fs::Metadata::is_file)
            .map(|file| file.len())
            .sum(),
    )
}
