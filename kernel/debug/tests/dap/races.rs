//! Whatever comes when: each request is answered once, nothing waits for ever, and nothing is
//! stopped that nobody debugs.

use std::thread;

use perilune_language::debug::{Debugger as _, Reason};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::bench::{Bench, answered, stop};

/// What one of those does who have to do with a kernel.
#[derive(Debug, Clone)]
enum Act {
    Ask(&'static str, Value),
    Run(u8),
    Interrupt,
    Gone,
    /// Lets others go first.
    Yield,
}

fn act() -> impl Strategy<Value = Act> {
    let asked = prop::sample::select(vec![
        (
            "initialize",
            json!({"perilune": {"leaveOnDisconnect": true}}),
        ),
        ("attach", json!({})),
        ("attach", json!({"stopOnEntry": true})),
        ("disconnect", json!({})),
        ("continue", json!({})),
        ("continue", json!({})),
        ("next", json!({})),
        ("pause", json!({})),
        ("stackTrace", json!({"threadId": 1})),
        ("evaluate", json!({"expression": "x"})),
        ("evaluate", json!({"expression": "error"})),
        ("inspectVariables", json!({})),
        ("variables", json!({"variablesReference": 101})),
        ("debugInfo", json!({})),
        ("cancel", json!({"requestId": 17})),
        (
            "setBreakpoints",
            json!({"source": {"name": "a"}, "breakpoints": [{"line": 1}]}),
        ),
        ("nonsense", json!([1])),
    ]);
    prop_oneof![
        8 => asked.prop_map(|(command, arguments)| Act::Ask(command, arguments)),
        2 => (1_u8..4).prop_map(Act::Run),
        1 => Just(Act::Interrupt),
        1 => Just(Act::Gone),
        2 => Just(Act::Yield),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn every_request_is_answered_once_whatever_happens_meanwhile(
        clients in prop::collection::vec(prop::collection::vec(act(), 1..25), 1..4),
        ends in any::<bool>(),
    ) {
        let bench = Bench::new();
        let responses: Vec<_> = thread::scope(|scope| {
            let handles: Vec<_> = clients
                .iter()
                .enumerate()
                .map(|(number, acts)| {
                    let hand = bench.hand();
                    let name = number.to_string();
                    scope.spawn(move || {
                        let mut responses = Vec::new();
                        for act in acts {
                            match act {
                                Act::Ask(command, arguments) => {
                                    responses.push(hand.send(&name, command, arguments.clone()));
                                }
                                Act::Run(times) => {
                                    hand.run((0..*times).map(|_| stop(Reason::Breakpoint)));
                                }
                                Act::Interrupt => hand.interrupt(),
                                Act::Gone => hand.debugger.gone(&name),
                                Act::Yield => thread::yield_now(),
                            }
                        }
                        if ends && number == 0 {
                            hand.debugger.end();
                        }
                        responses
                    })
                })
                .collect();
            handles.into_iter().flat_map(|it| it.join().unwrap()).collect()
        });
        // All leave; by then nothing has a reason to stay.
        let left: Vec<_> = (0..clients.len())
            .map(|number| bench.send(&number.to_string(), "disconnect", json!({})))
            .collect();
        for response in responses.iter().chain(&left) {
            answered(response);
        }
        prop_assert!(!bench.debugger.is_on());
        let debugger = std::sync::Arc::clone(&bench.debugger);
        bench.end();
        prop_assert_eq!(debugger.stopped_at(), None);
        prop_assert!(debugger.wishes().is_empty());
    }
}
