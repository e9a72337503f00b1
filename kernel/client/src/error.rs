use std::time::Duration;

use perilune_wire::WireError;
use zeromq::ZmqError;

/// Why a kernel cannot be talked to.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Nobody is behind the connection file.
    #[error("no kernel listens on {address}: it has ended")]
    NobodyThere {
        /// The channel's address.
        address: String,
    },
    /// Somebody listens, and says nothing.
    #[error(
        "the kernel on {address} did not answer for {} s: it is stopped or stuck",
        .after.as_secs_f64()
    )]
    Silent {
        /// The channel's address.
        address: String,
        /// How long we waited.
        after: Duration,
    },
    /// It is alive and does not answer what we sign.
    #[error(
        "the kernel on {address} lives and does not answer: the key in its connection file is \
         not its own"
    )]
    Ignored {
        /// The heartbeat's address.
        address: String,
    },
    /// What listens there is no kernel.
    #[error("what listens on {address} is no Jupyter kernel: {reason}")]
    NoKernel {
        /// The channel's address.
        address: String,
        /// What was wrong with it.
        reason: Box<ZmqError>,
    },
    /// A request was not answered in time.
    #[error("the kernel did not answer {request} within {} s", .after.as_secs_f64())]
    NoReply {
        /// What was asked.
        request: &'static str,
        /// How long we waited.
        after: Duration,
    },
    /// The connection broke, and the kernel had not said that it ends.
    #[error("the connection to the kernel was lost: it was killed, or has crashed")]
    Lost,
    /// The kernel has ended, as it had said.
    #[error("the kernel has ended")]
    Ended,
    /// A message is not as it must be.
    #[error("a message of the kernel: {0}")]
    Message(#[from] WireError),
    /// The operating system refused something.
    #[error("{what}: {reason}")]
    System {
        /// What was to be done.
        what: &'static str,
        /// What the system said.
        reason: std::io::Error,
    },
}
