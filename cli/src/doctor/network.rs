use std::net::TcpListener;

use perilune_config::Configuration;
use perilune_config::settings::Transport;

use super::Findings;

/// Whether a kernel could listen where it shall.
pub fn check(configuration: &Configuration, findings: &mut Findings) {
    let kernel = &configuration.settings.kernel;
    if kernel.transport == Transport::Ipc {
        return findings.ok("kernels listen on Unix sockets");
    }
    let ip = kernel.ip;
    match TcpListener::bind((ip, 0)) {
        Err(error) => findings.problem(
            format!("kernels cannot listen on {ip}: {error}"),
            "perilune config set kernel.transport ipc, or another kernel.ip",
        ),
        Ok(_) if !ip.is_loopback() => findings.warning(
            format!("kernels listen on {ip}: messages are signed, but not encrypted"),
            "perilune config unset kernel.ip, unless the network is trusted",
        ),
        Ok(_) => findings.ok(format!("kernels can listen on {ip}")),
    }
}
