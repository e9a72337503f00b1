//! How fast frames travel: a ROUTER's round trip, beside a bare socket and beside the `zeromq`
//! crate, and how much iopub publishes. Prints; decides nothing.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use perilune_transport::{Incoming, ShellGate, Transport, Weight, ZeroMq};
use perilune_wire::{Endpoints, Ports};
use tokio::runtime::{Builder, Runtime};
use zeromq::{RouterSocket, Socket, SocketRecv, SocketSend};

const WARM_UP: usize = 2_000;
const ROUND_TRIPS: usize = 20_000;
/// Publications between two turns of the connections.
const TURN: usize = 8;
/// Bytes published that the subscriber has not read yet.
const IN_FLIGHT: usize = 16 << 20;
const FRAMES: [usize; 7] = [9, 64, 200, 180, 2, 140, 5];

fn main() {
    println!("round trip of a 600-byte message in seven frames, TCP, one client that blocks");
    for _ in 0..3 {
        report("bare socket", bare_echo());
        report("perilune", our_echo());
        report("zeromq 0.7", zeromq_echo());
    }
    println!("\niopub to one subscriber that reads all");
    for (size, count) in [(600, 200_000), (16 << 10, 40_000), (1 << 20, 1_000)] {
        publish(size, count);
    }
}

fn runtime() -> Runtime {
    Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
}

fn report(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |share: f64| times[(times.len() as f64 * share) as usize].as_nanos() as f64 / 1000.0;
    println!(
        "  {what:<12} p50 {:6.1} us   p99 {:6.1} us",
        at(0.5),
        at(0.99)
    );
}

/// The message as it travels.
fn message() -> Vec<u8> {
    let mut bytes = Vec::new();
    for (index, length) in FRAMES.iter().enumerate() {
        bytes.extend([u8::from(index + 1 < FRAMES.len()), *length as u8]);
        bytes.resize(bytes.len() + length, b'x');
    }
    bytes
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).expect("connect");
    stream.set_nodelay(true).expect("nodelay");
    stream
}

fn shake_hands(mut stream: TcpStream, socket_type: &str) -> TcpStream {
    let mut greeting = vec![0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 0];
    greeting.extend(b"NULL");
    greeting.resize(64, 0);
    let mut body = b"\x05READY\x0bSocket-Type".to_vec();
    body.extend((socket_type.len() as u32).to_be_bytes());
    body.extend(socket_type.as_bytes());
    stream.write_all(&greeting).expect("greeting");
    stream.write_all(&[4, body.len() as u8]).expect("ready");
    stream.write_all(&body).expect("ready");
    stream.read_exact(&mut [0; 64]).expect("their greeting");
    let mut header = [0; 2];
    stream.read_exact(&mut header).expect("their ready");
    stream
        .read_exact(&mut vec![0; usize::from(header[1])])
        .expect("their ready");
    stream
}

fn round_trips(mut stream: TcpStream) -> Vec<Duration> {
    let message = message();
    let mut answer = vec![0; message.len()];
    let mut times = Vec::with_capacity(ROUND_TRIPS);
    for round in 0..WARM_UP + ROUND_TRIPS {
        let start = Instant::now();
        stream.write_all(&message).expect("send");
        stream.read_exact(&mut answer).expect("receive");
        if round >= WARM_UP {
            times.push(start.elapsed());
        }
    }
    assert_eq!(answer, message);
    times
}

fn bare_echo() -> Vec<Duration> {
    let listener = TcpListener::bind("127.0.0.1:0").expect("bind");
    let address = listener.local_addr().expect("address");
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("accept");
        stream.set_nodelay(true).expect("nodelay");
        let mut buffer = [0; 4096];
        while let Ok(count @ 1..) = stream.read(&mut buffer) {
            stream.write_all(&buffer[..count]).expect("write");
        }
    });
    let times = round_trips(connect(address));
    server.join().expect("no panic");
    times
}

fn bind() -> (ZeroMq, Ports) {
    let wanted = Endpoints::Tcp(IpAddr::V4(Ipv4Addr::LOCALHOST), Ports::default());
    let (kernel, bound) = ZeroMq::bind(&wanted).expect("bind");
    (kernel, bound.ports())
}

fn our_echo() -> Vec<Duration> {
    runtime().block_on(async {
        let (mut kernel, ports) = bind();
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, ports.shell));
        let client = thread::spawn(move || round_trips(shake_hands(connect(address), "DEALER")));
        for _ in 0..WARM_UP + ROUND_TRIPS {
            match kernel.recv(ShellGate::Open).await {
                Some(Incoming::Message { channel, frames }) => kernel.reply(channel, frames),
                other => panic!("{other:?}"),
            }
        }
        kernel.flush(Duration::from_secs(1)).await;
        client.join().expect("no panic")
    })
}

fn zeromq_echo() -> Vec<Duration> {
    runtime().block_on(async {
        let mut router = RouterSocket::new();
        let endpoint = router
            .bind("tcp://127.0.0.1:0")
            .await
            .expect("bind")
            .to_string();
        let address = endpoint
            .trim_start_matches("tcp://")
            .parse()
            .expect("an address");
        let client = thread::spawn(move || round_trips(shake_hands(connect(address), "DEALER")));
        for _ in 0..WARM_UP + ROUND_TRIPS {
            let message = router.recv().await.expect("receive");
            router.send(message).await.expect("send");
        }
        // The last one leaves in another task.
        tokio::task::spawn_blocking(|| client.join().expect("no panic"))
            .await
            .expect("no panic")
    })
}

fn publish(size: usize, count: usize) {
    runtime().block_on(async {
        let (mut kernel, ports) = bind();
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, ports.iopub));
        let total = (3 + 4 + if size > 255 { 9 } else { 2 } + size - 1) * count;
        let received = Arc::new(AtomicUsize::new(0));
        let count_received = received.clone();
        let client = thread::spawn(move || {
            let mut stream = shake_hands(connect(address), "SUB");
            stream.write_all(&[0, 1, 1]).expect("subscribe");
            let mut buffer = vec![0; 256 << 10];
            while count_received.load(Relaxed) < total {
                count_received.fetch_add(stream.read(&mut buffer).expect("receive"), Relaxed);
            }
        });
        assert!(matches!(
            kernel.recv(ShellGate::Open).await,
            Some(Incoming::Subscribed { .. })
        ));
        let frames = vec![
            Bytes::from_static(b"topic"),
            Bytes::from(vec![b'x'; size - 1]),
        ];
        let start = Instant::now();
        for number in 0..count {
            // Once in a while the connections have their turn, as they do between two requests.
            if number % TURN == 0 {
                tokio::task::yield_now().await;
            }
            while number * size > received.load(Relaxed) + IN_FLIGHT {
                tokio::task::yield_now().await;
            }
            assert_eq!(kernel.publish(frames.clone(), Weight::Output), []);
        }
        kernel.flush(Duration::from_secs(60)).await;
        client.join().expect("no panic");
        let seconds = start.elapsed().as_secs_f64();
        let rate = count as f64 / seconds;
        let megabytes = rate * size as f64 / f64::from(1 << 20);
        println!("  {size:>8} bytes: {rate:>9.0} messages/s, {megabytes:>6.0} MiB/s");
    });
}
