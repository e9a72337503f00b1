use tokio::io::duplex;

use super::*;

const LIMITS: FrameLimits = FrameLimits {
    message_bytes: 1 << 20,
    frames: 8,
};

/// What the socket makes of a peer that sends these bytes, and what the peer was sent.
async fn meet(socket: Socket, bytes: &[u8]) -> (Result<Introduced, HandshakeError>, Vec<u8>) {
    let (ours, mut theirs) = duplex(4096);
    let (mut reader, mut writer) = tokio::io::split(ours);
    theirs.write_all(bytes).await.unwrap();
    theirs.shutdown().await.unwrap();
    let result = shake_hands(&mut reader, &mut writer, socket, LIMITS).await;
    drop((reader, writer));
    let mut answer = Vec::new();
    theirs.read_to_end(&mut answer).await.unwrap();
    (result, answer)
}

fn peer(minor: u8, socket_type: &[u8], identity: &[u8]) -> Vec<u8> {
    let mut body = b"\x05READY\x0bsocket-type".to_vec();
    body.extend((socket_type.len() as u32).to_be_bytes());
    body.extend(socket_type);
    body.extend(b"\x08Identity");
    body.extend((identity.len() as u32).to_be_bytes());
    body.extend(identity);
    let mut bytes = greeting().to_vec();
    bytes[11] = minor;
    bytes.extend(&command(&body)[..]);
    bytes
}

#[tokio::test]
async fn peers_of_3_0_and_3_1_are_accepted_and_told_who_we_are() {
    for minor in [0, 1] {
        let (result, answer) = meet(Socket::Shell, &peer(minor, b"DEALER", b"ada")).await;
        assert_eq!(result.unwrap().identity, "ada");
        assert_eq!(answer[..64], greeting());
        assert_eq!(answer[64..], ready(Socket::Shell)[..]);
    }
}

#[tokio::test]
async fn what_comes_right_behind_ready_is_not_lost() {
    let mut bytes = peer(1, b"SUB", b"");
    bytes.extend([0, 1, 1]);
    let (result, _) = meet(Socket::Iopub, &bytes).await;
    let mut decoder = result.unwrap().decoder;
    let subscribe = Item::Message(vec![Bytes::from_static(b"\x01")]);
    assert_eq!(decoder.next(), Ok(Some(subscribe)));
}

#[tokio::test]
async fn each_socket_takes_the_types_that_go_with_it() {
    let all: [&[u8]; 10] = [
        b"DEALER", b"REQ", b"ROUTER", b"SUB", b"XSUB", b"PUB", b"REP", b"PUSH", b"", b"dealer",
    ];
    for socket in Socket::ALL {
        let mut accepted = Vec::new();
        for socket_type in all {
            let (result, answer) = meet(socket, &peer(0, socket_type, b"")).await;
            match result {
                Ok(_) => accepted.push(socket_type),
                Err(error) => {
                    assert!(
                        matches!(error, HandshakeError::IncompatibleSocket { .. }),
                        "{error}"
                    );
                    assert!(answer.windows(6).any(|bytes| bytes == b"\x05ERROR"));
                }
            }
        }
        let expected: &[&[u8]] = match socket {
            Socket::Iopub => &[b"SUB", b"XSUB"],
            _ => &[b"DEALER", b"REQ", b"ROUTER", b"dealer"],
        };
        assert_eq!(accepted, expected, "{socket}");
    }
}

#[tokio::test]
async fn who_is_no_peer_is_refused_by_its_first_byte() {
    let (result, _) = meet(Socket::Shell, b"GET / HTTP/1.1\r\n").await;
    assert!(matches!(result, Err(HandshakeError::NotZmtp)));
}

#[tokio::test]
async fn older_versions_are_refused_before_the_rest_of_their_greeting() {
    for major in [0, 1, 2] {
        let mut bytes = greeting()[..10].to_vec();
        bytes.push(major);
        let (result, _) = meet(Socket::Shell, &bytes).await;
        assert!(matches!(result, Err(HandshakeError::TooOld(it)) if it == major));
    }
}

#[tokio::test]
async fn other_mechanisms_are_refused() {
    for mechanism in [&b"CURVE"[..], b"PLAIN", b"", b"NULLL"] {
        let mut bytes = greeting();
        bytes[12..32].fill(0);
        bytes[12..12 + mechanism.len()].copy_from_slice(mechanism);
        let (result, _) = meet(Socket::Shell, &bytes).await;
        assert!(matches!(result, Err(HandshakeError::Mechanism(_))));
    }
}

#[tokio::test]
async fn identities_that_could_be_mistaken_for_ours_or_are_too_long_are_refused() {
    for identity in [&b"\0abcd"[..], &[b'x'; 256]] {
        let (result, _) = meet(Socket::Shell, &peer(0, b"DEALER", identity)).await;
        assert!(matches!(result, Err(HandshakeError::Identity)));
    }
    let (result, _) = meet(Socket::Shell, &peer(0, b"DEALER", &[b'x'; 255])).await;
    assert_eq!(result.unwrap().identity.len(), 255);
}

#[tokio::test]
async fn anything_but_ready_is_refused() {
    let mut message = greeting().to_vec();
    message.extend([0, 1, b'x']);
    let (result, _) = meet(Socket::Shell, &message).await;
    assert!(matches!(result, Err(HandshakeError::MessageBeforeReady)));

    let mut ping = greeting().to_vec();
    ping.extend(&command(b"\x04PING\0\0")[..]);
    let (result, _) = meet(Socket::Shell, &ping).await;
    assert!(matches!(
        result,
        Err(HandshakeError::UnexpectedCommand("PING"))
    ));

    for body in [
        &b""[..],
        b"\x05READ",
        b"\x05READY\x0b",
        b"\x05READY\x01a\xff\xff\xff\xff",
    ] {
        let mut malformed = greeting().to_vec();
        malformed.extend(&command(body)[..]);
        let (result, _) = meet(Socket::Shell, &malformed).await;
        assert!(matches!(result, Err(HandshakeError::MalformedReady)));
    }
}

#[tokio::test]
async fn a_peer_that_refuses_us_says_why() {
    let mut bytes = greeting().to_vec();
    bytes.extend(&refusal("not you")[..]);
    let (result, _) = meet(Socket::Shell, &bytes).await;
    assert_eq!(result.unwrap_err().to_string(), "the peer refused: not you");
}
