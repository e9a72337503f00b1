use thiserror::Error;

/// Why a kernel could not live, or had to end.
#[derive(Debug, Error)]
pub enum EngineError {
    /// The language did not start.
    #[error("the language did not start: {0}")]
    Language(String),
    /// The operating system refused something that the kernel cannot do without.
    #[error("{what}: {source}")]
    System {
        /// What was tried.
        what: &'static str,
        /// What it said.
        source: std::io::Error,
    },
}

impl EngineError {
    pub(crate) fn system(what: &'static str) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::System { what, source }
    }
}
