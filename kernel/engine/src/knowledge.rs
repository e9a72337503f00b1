use std::sync::atomic::{AtomicU64, Ordering};

use perilune_language::LanguageInfo;
use perilune_wire::PROTOCOL_VERSION;
use perilune_wire::content::{CommInfoReply, ConnectReply, HelpLink, KernelInfoReply, ReplyStatus};
use serde_json::value::{RawValue, to_raw_value};

use crate::context::Context;
use crate::request::Request;
use crate::status;

/// What the kernel knows without asking its language.
pub(crate) struct Knowledge {
    kernel_info: KernelInfoReply,
    execution_count: AtomicU64,
}

impl Knowledge {
    pub(crate) fn new(language: &LanguageInfo) -> Self {
        let version = env!("CARGO_PKG_VERSION");
        let name = capitalised(language.name);
        Self {
            kernel_info: KernelInfoReply {
                status: ReplyStatus::Ok,
                protocol_version: PROTOCOL_VERSION.to_owned(),
                implementation: "perilune".to_owned(),
                implementation_version: version.to_owned(),
                language_info: perilune_wire::content::LanguageInfo {
                    name: language.name.to_owned(),
                    version: language.version.to_owned(),
                    mimetype: language.mimetype.to_owned(),
                    file_extension: language.file_extension.to_owned(),
                    pygments_lexer: language.pygments_lexer.to_owned(),
                    codemirror_mode: language.codemirror_mode.to_owned(),
                    nbconvert_exporter: "script".to_owned(),
                },
                banner: format!(
                    "perilune {version}: {name} {} for Jupyter",
                    language.version
                ),
                debugger: true,
                help_links: language
                    .help_links
                    .iter()
                    .map(|(text, url)| HelpLink {
                        text: (*text).to_owned(),
                        url: (*url).to_owned(),
                    })
                    .collect(),
                supported_features: ["debugger", "iopub_welcome"].map(str::to_owned).to_vec(),
            },
            execution_count: AtomicU64::new(0),
        }
    }

    /// The number of the cell that runs, or ran last.
    pub(crate) fn execution_count(&self) -> u64 {
        self.execution_count.load(Ordering::SeqCst)
    }

    /// Goes on behind a cell of that number.
    pub(crate) fn count_from(&self, execution_count: u64) {
        self.execution_count
            .store(execution_count, Ordering::SeqCst);
    }

    /// Counts one cell more.
    pub(crate) fn count_cell(&self) -> u64 {
        self.execution_count.fetch_add(1, Ordering::SeqCst) + 1
    }
}

/// The answer to a request that needs no language; `None` when it does.
pub(crate) fn answer(context: &Context, request: &Request) -> Option<Box<RawValue>> {
    let content = match request {
        Request::KernelInfo => to_raw_value(&context.knowledge.kernel_info),
        Request::Connect => to_raw_value(&ConnectReply {
            status: ReplyStatus::Ok,
            shell_port: context.ports.shell,
            iopub_port: context.ports.iopub,
            stdin_port: context.ports.stdin,
            control_port: context.ports.control,
            hb_port: context.ports.hb,
        }),
        Request::CommInfo(request) => to_raw_value(&CommInfoReply {
            status: ReplyStatus::Ok,
            comms: context.comms().list(request.target_name.as_deref()),
        }),
        Request::Status => to_raw_value(&status::reply(context)),
        _ => return None,
    };
    content
        .inspect_err(|error| tracing::error!(%error, "a reply could not be written as JSON"))
        .ok()
}

fn capitalised(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}
