//! Where the sockets are bound, and what is said when they cannot be.

use std::net::{IpAddr, Ipv4Addr};

use perilune_transport::ZeroMq;
use perilune_wire::{Endpoints, Ports};

use crate::support::tcp;

fn ipc(folder: &tempfile::TempDir, ports: Ports) -> Endpoints {
    let prefix = folder.path().join("kernel");
    Endpoints::Ipc(prefix.to_str().expect("unicode").to_owned(), ports)
}

fn names(folder: &tempfile::TempDir) -> Vec<String> {
    let entries = std::fs::read_dir(folder.path()).expect("a folder");
    let mut names: Vec<String> = entries
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_str()
                .expect("unicode")
                .to_owned()
        })
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn free_ports_are_chosen_and_reported() {
    let (_kernel, bound) = ZeroMq::bind(&tcp()).expect("free ports");
    let Ports {
        shell,
        iopub,
        stdin,
        control,
        hb,
    } = bound.ports();
    let mut ports = vec![shell, iopub, stdin, control, hb];
    ports.sort_unstable();
    ports.dedup();
    assert_eq!(ports.len(), 5);
    assert!(ports[0] > 0);
}

#[tokio::test]
async fn a_taken_port_is_named_and_nothing_stays_bound() {
    let (_kernel, bound) = ZeroMq::bind(&tcp()).expect("free ports");
    let taken = bound.ports().control;
    let ports = Ports {
        control: taken,
        ..Ports::default()
    };
    let wanted = Endpoints::Tcp(IpAddr::V4(Ipv4Addr::LOCALHOST), ports);
    let error = ZeroMq::bind(&wanted).expect_err("it is taken");
    let expected =
        format!("cannot bind control to tcp://127.0.0.1:{taken}: it is in use by another process");
    assert_eq!(error.to_string(), expected);
}

#[tokio::test]
async fn a_kernel_that_ended_leaves_its_ports_to_the_next() {
    let (kernel, bound) = ZeroMq::bind(&tcp()).expect("free ports");
    drop(kernel);
    tokio::task::yield_now().await;
    let (_next, again) = ZeroMq::bind(&bound).expect("free again");
    assert_eq!(again, bound);
}

#[tokio::test]
async fn an_address_of_another_machine_is_named() {
    let wanted = Endpoints::Tcp("192.0.2.1".parse().expect("an address"), Ports::default());
    let error = ZeroMq::bind(&wanted).expect_err("not ours").to_string();
    assert!(
        error.starts_with("cannot bind shell to tcp://192.0.2.1:0: "),
        "{error}"
    );
}

#[tokio::test]
async fn free_numbers_are_chosen_for_socket_files_and_the_files_go_with_the_kernel() {
    let folder = tempfile::tempdir().expect("a folder");
    let wanted = ipc(
        &folder,
        Ports {
            stdin: 2,
            ..Ports::default()
        },
    );
    let (kernel, bound) = ZeroMq::bind(&wanted).expect("free");
    assert_eq!(
        bound.ports(),
        Ports {
            shell: 1,
            iopub: 3,
            stdin: 2,
            control: 4,
            hb: 5
        }
    );
    assert_eq!(
        names(&folder),
        ["kernel-1", "kernel-2", "kernel-3", "kernel-4", "kernel-5"]
    );
    drop(kernel);
    assert_eq!(names(&folder), [""; 0]);
}

#[tokio::test]
async fn a_second_kernel_does_not_take_the_first_ones_files() {
    let folder = tempfile::tempdir().expect("a folder");
    let (_first, bound) = ZeroMq::bind(&ipc(&folder, Ports::default())).expect("free");
    let error = ZeroMq::bind(&bound).expect_err("in use").to_string();
    assert!(
        error.contains("kernel-1: it is in use by another process"),
        "{error}"
    );
    let (_second, other) = ZeroMq::bind(&ipc(&folder, Ports::default())).expect("others");
    assert_eq!(other.ports().shell, 6);
}

#[tokio::test]
async fn a_path_too_long_for_a_socket_is_an_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let prefix = folder
        .path()
        .join("x".repeat(200))
        .to_str()
        .expect("unicode")
        .to_owned();
    let error = ZeroMq::bind(&Endpoints::Ipc(prefix, Ports::default())).expect_err("too long");
    assert!(
        error.to_string().starts_with("cannot bind shell to ipc://"),
        "{error}"
    );
}
