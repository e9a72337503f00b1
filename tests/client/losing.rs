use std::time::Instant;

use nix::sys::signal::{Signal, kill};
use perilune_client::{Client, ClientError, Notice};
use perilune_tests::{KernelProcess, PATIENCE};

use super::{SOON, begun, connect, events, run, text};

/// How the conversation ends.
async fn end(client: &Client) -> (Vec<Notice>, Option<ClientError>) {
    let mut notices = Vec::new();
    loop {
        match client.next().await {
            Some(Ok(notice)) => notices.push(notice),
            Some(Err(error)) => return (notices, Some(error)),
            None => return (notices, None),
        }
    }
}

#[test]
fn a_kernel_that_is_killed_is_a_connection_that_is_lost() {
    let mut kernel = KernelProcess::tcp();
    run(async {
        let client = connect(&mut kernel).await;
        let request = client
            .execute("while true do end", false)
            .expect("a request");
        begun(&client, &request).await;
        kill(kernel.pid(), Signal::SIGKILL).expect("a kill");
        let killed = Instant::now();
        let (_, error) = end(&client).await;
        assert!(matches!(error, Some(ClientError::Lost)), "{error:?}");
        assert!(killed.elapsed() < SOON);
        // Once is enough.
        assert!(client.next().await.is_none());
        let asked = client.control("kernel_info_request", (), SOON).await;
        assert!(matches!(asked, Err(ClientError::Ended)), "{asked:?}");
    });
}

#[test]
fn whoever_waits_for_a_reply_is_told_of_the_loss_too() {
    let mut kernel = KernelProcess::tcp();
    run(async {
        let client = connect(&mut kernel).await;
        let request = client
            .execute("while true do end", false)
            .expect("a request");
        begun(&client, &request).await;
        let pid = kernel.pid();
        let waiting = client.is_complete("1 +", PATIENCE);
        let killing = async { kill(pid, Signal::SIGKILL).expect("a kill") };
        let (reply, ()) = tokio::join!(waiting, killing);
        assert!(matches!(reply, Err(ClientError::Lost)), "{reply:?}");
    });
}

#[test]
fn a_kernel_that_is_shut_down_says_goodbye() {
    let mut kernel = KernelProcess::tcp();
    run(async {
        let client = connect(&mut kernel).await;
        client.shutdown(false).expect("a request");
        let (notices, error) = end(&client).await;
        assert!(error.is_none(), "{error:?}");
        let said = notices
            .iter()
            .any(|notice| matches!(notice, Notice::Ending { restart: false }));
        assert!(said, "{notices:?}");
    });
    assert!(kernel.wait().success());
}

#[test]
fn the_last_words_of_a_kernel_are_heard() {
    let mut kernel = KernelProcess::tcp();
    run(async {
        let client = connect(&mut kernel).await;
        let code = "for i = 1, 20000 do print(i) end os.exit(3)";
        let request = client.execute(code, false).expect("a request");
        let (notices, error) = end(&client).await;
        assert!(error.is_none(), "{error:?}");
        let events: Vec<_> = notices
            .into_iter()
            .filter_map(|notice| match notice {
                Notice::Event(parent, event) if parent == request => Some(event),
                _ => None,
            })
            .collect();
        assert!(text(&events).ends_with("\n20000\n"));
    });
}

#[test]
fn a_kernel_that_comes_back_is_there_again() {
    let mut kernel = KernelProcess::tcp();
    run(async {
        let client = connect(&mut kernel).await;
        let session = client.session().to_owned();
        let client = client
            .reconnect(&kernel.connection(), PATIENCE)
            .await
            .expect("a connection");
        assert_eq!(client.session(), session);
        let request = client.execute("print('again')", false).expect("a request");
        assert_eq!(text(&events(&client, &request).await), "again\n");
    });
}

#[test]
fn a_heart_that_stops_is_noticed_and_one_that_beats_again_too() {
    let mut kernel = KernelProcess::tcp();
    run(async {
        let client = connect(&mut kernel).await;
        kill(kernel.pid(), Signal::SIGSTOP).expect("a stop");
        loop {
            match client.next().await.expect("a kernel").expect("a message") {
                Notice::Silent(_) => kill(kernel.pid(), Signal::SIGCONT).expect("a continuation"),
                Notice::Awake => return,
                _ => {}
            }
        }
    });
}
