use perilune_client::event::{Event, StreamName};
use perilune_client::{Client, ClientError, Notice};
use perilune_tests::{KernelProcess, PATIENCE};
use serde_json::json;

use super::{begun, connect, events, run, text};

#[test]
fn a_cell_is_told_in_order() {
    let mut kernel = KernelProcess::tcp();
    run(async {
        let client = connect(&mut kernel).await;
        let code = "print('a') io.stderr:write('b\\n') return 7";
        let request = client.execute(code, false).expect("a request");
        let events = events(&client, &request).await;
        let [
            Event::Started(input),
            Event::Stream(a),
            Event::Stream(b),
            Event::Result(result),
        ] = &events[..]
        else {
            panic!("{events:?}");
        };
        assert_eq!((input.execution_count, input.code.as_str()), (1, code));
        assert_eq!((a.name, a.text.as_str()), (StreamName::Stdout, "a\n"));
        assert_eq!((b.name, b.text.as_str()), (StreamName::Stderr, "b\n"));
        assert_eq!(result.data["text/plain"], "7");
    });
}

#[test]
fn what_is_asked_is_answered_while_a_cell_runs_and_its_events_are_kept() {
    let mut kernel = KernelProcess::tcp();
    run(async {
        let client = connect(&mut kernel).await;
        let code = "for i = 1, 1000 do print(i) end while true do end";
        let request = client.execute(code, false).expect("a request");
        begun(&client, &request).await;
        let reply = client.control("kernel_info_request", json!({}), PATIENCE);
        assert_eq!(reply.await.expect("a reply")["implementation"], "perilune");
        let complete = client.complete("string.for", 10, PATIENCE).await;
        assert_eq!(complete.expect("a reply")["matches"], json!(["format"]));
        client.interrupt().expect("an interrupt");
        let heard = text(&events(&client, &request).await);
        assert!(heard.starts_with("1\n2\n") && heard.contains("\n1000\n"));
    });
}

#[test]
fn several_ask_while_one_listens() {
    let mut kernel = KernelProcess::tcp();
    run(async {
        let client = connect(&mut kernel).await;
        let request = client.execute("print('x')", false).expect("a request");
        let listens = events(&client, &request);
        let asks = async {
            for _ in 0..50 {
                let reply = client.is_complete("for i = 1, 2 do", PATIENCE).await;
                assert_eq!(reply.expect("a reply")["status"], "incomplete");
            }
        };
        let (events, (), ()) = tokio::join!(listens, asks, asks_inspect(&client));
        assert_eq!(text(&events), "x\n");
    });
}

async fn asks_inspect(client: &Client) {
    let reply = client.inspect("string.format", 13, 0, PATIENCE).await;
    assert_eq!(reply.expect("a reply")["found"], true);
}

#[test]
fn what_is_never_answered_is_given_up() {
    let mut kernel = KernelProcess::tcp();
    run(async {
        let client = connect(&mut kernel).await;
        let limit = std::time::Duration::from_millis(200);
        let reply = client.control("no_such_request", json!({}), limit).await;
        assert!(
            matches!(reply, Err(ClientError::NoReply { .. })),
            "{reply:?}"
        );
    });
}

#[test]
fn a_question_is_answered() {
    let mut kernel = KernelProcess::tcp();
    run(async {
        let client = connect(&mut kernel).await;
        let code = "print('hello ' .. io.read())";
        let request = client.execute(code, true).expect("a request");
        loop {
            if let Notice::Question(question) =
                client.next().await.expect("a kernel").expect("a message")
            {
                assert_eq!(question.request, request);
                client
                    .answer(&question, Some("moon".to_owned()))
                    .expect("an answer");
                break;
            }
        }
        assert!(text(&events(&client, &request).await).contains("hello moon"));
    });
}

#[test]
fn ten_clients_each_hear_their_own() {
    let mut kernel = KernelProcess::tcp();
    let file = kernel.connection();
    let clients: Vec<_> = (0..10)
        .map(|number| {
            let file = file.clone();
            std::thread::spawn(move || {
                run(async {
                    let client = Client::connect(&file, PATIENCE).await.expect("a client");
                    let code = format!("for i = 1, 200 do print('client {number}', i) end");
                    let request = client.execute(&code, false).expect("a request");
                    let heard = text(&events(&client, &request).await);
                    assert_eq!(heard.lines().count(), 200);
                    assert!(
                        heard
                            .lines()
                            .all(|it| it.starts_with(&format!("client {number}\t")))
                    );
                });
            })
        })
        .collect();
    for client in clients {
        client.join().expect("a client that is content");
    }
}
