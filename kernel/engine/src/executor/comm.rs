use perilune_language::{CommMessage, Failure, FailureKind, Language};
use perilune_transport::Weight;
use perilune_wire::Outgoing;
use perilune_wire::content::{CommClose, Object};

use super::{Executor, begin_code, end_with, error_content};
use crate::context::{Context, RunningCode};
use crate::outbox::{Outbox, Place};
use crate::turn::{Origin, Turn};

impl<L: Language> Executor<L> {
    pub(super) fn comm(&mut self, context: &Context, origin: Origin, message: CommMessage) {
        let (id, opens) = (
            message.id().to_owned(),
            matches!(message, CommMessage::Open { .. }),
        );
        let cell = context.comms().cell(&id);
        match &message {
            CommMessage::Open { id, target, .. } => context.comms().open(id, target, None),
            CommMessage::Close { id, .. } => context.comms().close(id),
            CommMessage::Data { .. } => {}
        }
        self.has_run = true;
        self.has_changed = true;
        self.keeper.code_runs();
        let (mut turn, accepted) = context.running.during(|| {
            let _runs = context.debugging.code_runs();
            let code = RunningCode::comm(origin.parent.clone());
            let (turn, _code) = begin_code(context, origin, code);
            let place = cell.clone().map_or(Place::Request, Place::Cell);
            let listening = self.output.begin_turn(&turn.origin().parent, place, None);
            let accepted = self.language.comm(message);
            drop(listening);
            (turn, accepted)
        });
        match accepted {
            Ok(true) => {}
            Ok(false) => {
                if opens {
                    close_refused(context, &mut turn, id);
                }
            }
            Err(Failure {
                kind: FailureKind::Exit(code),
                ..
            }) => {
                turn.reply(());
                drop(turn);
                end_with(context, code);
                return;
            }
            Err(failure) => {
                let parent = cell.unwrap_or_else(|| turn.origin().parent.clone());
                let error = Outgoing::new("error", parent, error_content(failure));
                context.publish(error, Weight::Essential);
                // The language has forgotten it.
                if opens {
                    close_refused(context, &mut turn, id);
                }
            }
        }
        turn.reply(());
    }
}

/// Tells the one who opened a comm that there is nobody at its other end.
fn close_refused(context: &Context, turn: &mut Turn<'_, &Outbox>, id: String) {
    context.comms().close(&id);
    let close = CommClose {
        comm_id: id,
        data: Object::new(),
    };
    turn.publish("comm_close", close, Weight::Essential);
}
