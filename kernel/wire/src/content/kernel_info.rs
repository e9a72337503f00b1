use serde::Serialize;

use super::ReplyStatus;

/// `kernel_info_reply`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KernelInfoReply {
    /// Always ok.
    pub status: ReplyStatus,
    /// Of the messaging specification.
    pub protocol_version: String,
    /// The kernel's name.
    pub implementation: String,
    /// The kernel's version.
    pub implementation_version: String,
    /// What it speaks.
    pub language_info: LanguageInfo,
    /// What a console shows first.
    pub banner: String,
    /// Deprecated by `supported_features`, but still read.
    pub debugger: bool,
    /// For a Help menu.
    pub help_links: Vec<HelpLink>,
    /// Optional parts of the specification that are there.
    pub supported_features: Vec<String>,
}

/// What `kernel_info_reply` says of the language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LanguageInfo {
    /// In lower case.
    pub name: String,
    /// The language's, not the kernel's.
    pub version: String,
    /// Of scripts.
    pub mimetype: String,
    /// With its dot.
    pub file_extension: String,
    /// What Pygments calls it.
    pub pygments_lexer: String,
    /// What CodeMirror calls it.
    pub codemirror_mode: String,
    /// Which exporter writes notebooks out as scripts.
    pub nbconvert_exporter: String,
}

/// A title and an address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HelpLink {
    /// The title.
    pub text: String,
    /// The address.
    pub url: String,
}
