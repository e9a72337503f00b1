use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use perilune_client::{Client, ClientError};
use perilune_tests::{KernelProcess, PATIENCE};
use perilune_wire::{ConnectionFile, Endpoints, Ports};

use super::{connect, events, run, text};

#[test]
fn a_client_knows_who_the_kernel_is() {
    let mut kernel = KernelProcess::tcp();
    run(async {
        let client = connect(&mut kernel).await;
        let info = client.info().expect("what the kernel says of itself");
        assert!(info.is_perilune());
        assert_eq!(info.implementation_version, env!("CARGO_PKG_VERSION"));
        assert_eq!(info.language_info["name"], "lua");
    });
}

#[test]
fn unix_sockets_do_as_well_as_ports() {
    let mut kernel = KernelProcess::ipc();
    run(async {
        let client = connect(&mut kernel).await;
        let request = client.execute("print(1)", false).expect("a request");
        assert_eq!(text(&events(&client, &request).await), "1\n");
    });
}

#[test]
fn so_do_addresses_of_version_6() {
    let mut kernel = KernelProcess::at(Endpoints::Tcp(
        std::net::Ipv6Addr::LOCALHOST.into(),
        Ports::default(),
    ));
    run(async {
        let client = connect(&mut kernel).await;
        let request = client.execute("print(6)", false).expect("a request");
        assert_eq!(text(&events(&client, &request).await), "6\n");
    });
}

#[test]
fn a_client_connects_while_a_cell_runs() {
    let mut kernel = KernelProcess::tcp();
    run(async {
        let first = connect(&mut kernel).await;
        let request = first
            .execute("while true do end", false)
            .expect("a request");
        super::begun(&first, &request).await;
        let second = connect(&mut kernel).await;
        second.interrupt().expect("an interrupt");
        events(&first, &request).await;
    });
}

#[test]
fn the_file_of_a_kernel_that_has_ended_is_an_error_at_once() {
    for mut kernel in [KernelProcess::tcp(), KernelProcess::ipc()] {
        let file = kernel.connection();
        kill(kernel.pid(), Signal::SIGKILL).expect("a kill");
        kernel.wait();
        let asked = Instant::now();
        let error = run(Client::connect(&file, PATIENCE)).expect_err("nobody is there");
        assert!(matches!(error, ClientError::NobodyThere { .. }), "{error}");
        assert!(error.to_string().contains("it has ended"), "{error}");
        assert!(asked.elapsed() < Duration::from_secs(2));
    }
}

#[test]
fn a_wrong_key_is_named() {
    let mut kernel = KernelProcess::tcp();
    let right = kernel.connection();
    let wrong = ConnectionFile::new(&right.endpoints().expect("endpoints"));
    let patience = Duration::from_secs(2);
    let error = run(Client::connect(&wrong, patience)).expect_err("the key is wrong");
    assert!(matches!(error, ClientError::Ignored { .. }), "{error}");
    assert!(error.to_string().contains("key"), "{error}");
}

#[test]
fn a_kernel_that_is_stopped_does_not_answer_and_that_is_said_in_time() {
    let mut kernel = KernelProcess::tcp();
    let file = kernel.connection();
    // It has started when it answers.
    run(async { drop(connect(&mut kernel).await) });
    kill(kernel.pid(), Signal::SIGSTOP).expect("a stop");
    let asked = Instant::now();
    let error = run(Client::connect(&file, Duration::from_millis(500))).expect_err("it is stopped");
    assert!(matches!(error, ClientError::Silent { .. }), "{error}");
    assert!(asked.elapsed() < Duration::from_secs(10));
}

#[test]
fn what_is_no_kernel_is_found_out() {
    let server = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = server.local_addr().expect("an address").port();
    let talk = std::thread::spawn(move || {
        use std::io::Write;
        // Whoever comes is greeted in another protocol.
        for stream in server.incoming().take(2).flatten() {
            let _ = (&stream).write_all(&[b'x'; 256]);
        }
    });
    let ports = Ports {
        shell: port,
        iopub: port,
        stdin: port,
        control: port,
        hb: port,
    };
    let file = ConnectionFile::new(&Endpoints::Tcp([127, 0, 0, 1].into(), ports));
    let error = run(Client::connect(&file, Duration::from_secs(2))).expect_err("no kernel");
    assert!(matches!(error, ClientError::NoKernel { .. }), "{error}");
    talk.join().expect("a server");
}
