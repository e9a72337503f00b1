use std::collections::BTreeMap;

use crate::DebugError;
use crate::body::Source;
use crate::request::{Initialize, SourceName};

/// So many can debug a kernel at the same time.
const MOST: usize = 64;

/// Who takes part in a session.
#[derive(Debug, Default)]
pub(crate) struct Clients {
    by_id: BTreeMap<String, Client>,
    /// What the one wants that has said it last, a page of JupyterLab before all others: loaded
    /// again, a page does not say it again, and is another client then.
    latest: Settings,
}

#[derive(Debug, Clone)]
struct Client {
    settings: Settings,
    debugs: bool,
    /// Whether its connection has ended, while it goes on to take part: a page that is loaded again,
    /// maybe.
    is_gone: bool,
}

/// How a client wants to be talked to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Settings {
    /// Whether it counts lines, and columns, from 0.
    lines_from_0: bool,
    columns_from_0: bool,
    /// Whether paths are URIs.
    uris: bool,
    pub(crate) types: Types,
    pub(crate) hears_invalidated: bool,
    /// Whether it takes the place where completions begin for one counted from 0, whatever it said,
    /// as VS Code does, which then hides what does not seem to match. Without the place it is right.
    miscounts_completions: bool,
    leaves_on_disconnect: bool,
}

/// How it wants to hear of values' types.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Types {
    /// As the language calls them.
    #[default]
    Own,
    /// Not at all.
    Unsaid,
    /// In the words of JupyterLab, which shows the type in place of the value where it does not
    /// know it.
    Jupyter,
}

impl Settings {
    fn new(wanted: &Initialize) -> Self {
        let types = match wanted.client_id.as_deref() {
            Some("jupyterlab") => Types::Jupyter,
            _ if wanted.supports_variable_type == Some(false) => Types::Unsaid,
            _ => Types::Own,
        };
        Self {
            lines_from_0: wanted.lines_start_at_1 == Some(false),
            columns_from_0: wanted.columns_start_at_1 == Some(false),
            uris: wanted.path_format.as_deref() == Some("uri"),
            types,
            hears_invalidated: wanted.supports_invalidated_event == Some(true),
            miscounts_completions: wanted.client_id.as_deref() == Some("vscode"),
            leaves_on_disconnect: { wanted.perilune.leave_on_disconnect }
                .unwrap_or(types != Types::Jupyter),
        }
    }

    pub(crate) fn is_jupyter(&self) -> bool {
        self.types == Types::Jupyter
    }

    /// A line as the client counts, of one counted from 1.
    pub(crate) fn line(&self, line: u32) -> u32 {
        line.saturating_sub(u32::from(self.lines_from_0))
    }

    /// A line counted from 1, of one as the client counts.
    pub(crate) fn line_from(&self, line: u32) -> u32 {
        line.saturating_add(u32::from(self.lines_from_0))
    }

    /// A column as the client counts, of one counted from 1; its first one where it is not known.
    pub(crate) fn column(&self, column: u32) -> u32 {
        column.max(1) - u32::from(self.columns_from_0)
    }

    /// How many lines stand before a line as the client counts.
    pub(crate) fn lines_before(&self, line: usize) -> usize {
        line.saturating_sub(usize::from(!self.lines_from_0))
    }

    /// How many code units stand before a column as the client counts.
    pub(crate) fn units_before(&self, column: usize) -> usize {
        column.saturating_sub(usize::from(!self.columns_from_0))
    }

    /// Where a completion begins as the client counts, of the code units that stand before it.
    pub(crate) fn completion_start(&self, units: usize) -> Option<usize> {
        (!self.miscounts_completions).then(|| units + usize::from(!self.columns_from_0))
    }

    /// A source with its path as the client writes it.
    pub(crate) fn source(&self, mut source: Source) -> Source {
        if self.uris {
            source.path = source.path.map(|path| uri(&path));
        }
        source
    }

    /// A source as the client names it, with a path that is one.
    pub(crate) fn source_from(&self, mut source: SourceName) -> SourceName {
        let path = source.path.as_deref().and_then(from_uri);
        source.path = path.or(source.path);
        source
    }
}

impl Clients {
    /// A client says how it wants to be talked to, for the first time or again.
    pub(crate) fn initialize(&mut self, id: &str, wanted: &Initialize) -> Result<(), DebugError> {
        let settings = Settings::new(wanted);
        self.client(id)?.settings = settings.clone();
        if settings.is_jupyter() || !self.latest.is_jupyter() {
            self.latest = settings;
        }
        Ok(())
    }

    /// A client takes part from now on, if it debugs.
    pub(crate) fn attach(&mut self, id: &str, debugs: bool) -> Result<(), DebugError> {
        self.client(id)?.debugs = debugs;
        if debugs {
            self.forget_gone();
        }
        Ok(())
    }

    /// Forgets those who are gone and only kept their place, which somebody else has taken.
    fn forget_gone(&mut self) {
        self.by_id.retain(|_, client| !client.is_gone);
    }

    /// A client does what only one can do that takes part. One that nobody knows takes part from
    /// now on if others do, as a page that was loaded again.
    pub(crate) fn expect(&mut self, id: &str) -> Result<(), DebugError> {
        if let Some(client) = self.by_id.get_mut(id) {
            client.is_gone = false;
            return Ok(());
        }
        if !self.debug() {
            return Err(DebugError::NotStarted);
        }
        self.client(id)?.debugs = true;
        self.forget_gone();
        Ok(())
    }

    fn client(&mut self, id: &str) -> Result<&mut Client, DebugError> {
        if !self.by_id.contains_key(id) && self.by_id.len() >= MOST {
            let idle = self.by_id.iter().find(|(_, client)| !client.debugs);
            let Some(idle) = idle.map(|(id, _)| id.clone()) else {
                return Err(DebugError::TooManyClients(MOST));
            };
            self.by_id.remove(&idle);
        }
        let latest = &self.latest;
        let client = self.by_id.entry(id.to_owned()).or_insert_with(|| Client {
            settings: latest.clone(),
            debugs: false,
            is_gone: false,
        });
        client.is_gone = false;
        Ok(client)
    }

    /// How a client wants to be talked to.
    pub(crate) fn settings(&self, id: &str) -> Settings {
        let client = self.by_id.get(id);
        client.map_or_else(|| self.latest.clone(), |client| client.settings.clone())
    }

    /// A client leaves. Pages of JupyterLab believe that they share one session, so they leave
    /// together.
    pub(crate) fn disconnect(&mut self, id: &str) {
        let settings = self.settings(id);
        self.by_id.remove(id);
        if settings.is_jupyter() {
            self.by_id.retain(|_, client| !client.settings.is_jupyter());
        }
    }

    /// A client's connection has ended. Returns whether the client has left by that.
    pub(crate) fn gone(&mut self, id: &str) -> bool {
        let Some(client) = self.by_id.get_mut(id) else {
            return false;
        };
        client.is_gone = true;
        if client.debugs && !client.settings.leaves_on_disconnect {
            return false;
        }
        self.by_id.remove(id);
        true
    }

    /// Whether anybody debugs.
    pub(crate) fn debug(&self) -> bool {
        self.by_id.values().any(|client| client.debugs)
    }

    /// Whether anybody else takes part.
    pub(crate) fn others(&self, id: &str) -> bool {
        let mut others = self.by_id.iter().filter(|(other, _)| *other != id);
        others.any(|(_, client)| client.debugs)
    }

    /// Whether all who debug are pages of JupyterLab.
    pub(crate) fn are_jupyter(&self) -> bool {
        let mut debug = self.by_id.values().filter(|client| client.debugs);
        debug.all(|client| client.settings.is_jupyter())
    }

    /// Whether anybody wants to hear what is not true any more.
    pub(crate) fn hear_invalidated(&self) -> bool {
        let mut clients = self.by_id.values();
        clients.any(|client| client.debugs && client.settings.hears_invalidated)
    }
}

/// A path as a `file:` URI. What is no absolute path stays as it is.
pub fn uri(path: &str) -> String {
    if !path.starts_with('/') {
        return path.to_owned();
    }
    let mut uri = "file://".to_owned();
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'/' | b'-' | b'.' | b'_' | b'~' => {
                uri.push(char::from(byte));
            }
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

/// The path in a `file:` URI, if it is one.
fn from_uri(uri: &str) -> Option<String> {
    let path = uri.strip_prefix("file://")?;
    let path = path.strip_prefix("localhost").unwrap_or(path);
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((byte, behind)) = rest.split_first() {
        let escaped = (*byte == b'%')
            .then(|| std::str::from_utf8(behind.get(..2)?).ok())
            .flatten()
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(escaped.unwrap_or(*byte));
        rest = if escaped.is_some() {
            &behind[2..]
        } else {
            behind
        };
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_survives_being_a_uri() {
        for path in ["/a/b.lua", "/größe 100%/🌙.lua", "/%41"] {
            assert_eq!(from_uri(&uri(path)).as_deref(), Some(path));
        }
        assert_eq!(uri("/ä b"), "file:///%C3%A4%20b");
        assert_eq!(from_uri("/plain"), None);
        assert_eq!(from_uri("file:///a%zz%4").as_deref(), Some("/a%zz%4"));
    }
}
