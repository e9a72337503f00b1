use std::collections::BTreeSet;

use perilune_language::debug::{
    DataTarget, Frame, FrameId, Frames, HolderId, Kind, Part, Paused, Purpose, Raised, Refusal,
    Scope, ScopeKind, SourceReader, StepTarget, Thread, ThreadId, Variable,
};
use perilune_language::{Completion, Match, MimeBundle};

/// Code of five frames, the innermost in `/nowhere/inner.lua`, with a global `x` and a coroutine.
#[derive(Debug, Clone)]
pub struct Scripted {
    newest_frame: u32,
    pub x: i64,
    pub raised: Option<Raised>,
    /// Whether it panics when `panic` is evaluated.
    pub panics: bool,
    /// Whether `os.exit` was evaluated.
    is_ending: bool,
    /// What was asked of it.
    pub asked: Vec<String>,
}

pub const COROUTINE: ThreadId = ThreadId(7);
const SESSION: HolderId = HolderId(100);
const LOCALS: HolderId = HolderId(101);
const TABLE: HolderId = HolderId(102);
const FRAMES: u32 = 5;

impl Scripted {
    pub fn new() -> Self {
        Self {
            newest_frame: 0,
            x: 1,
            raised: None,
            panics: false,
            is_ending: false,
            asked: Vec::new(),
        }
    }

    fn frame_of(&self, frame: FrameId) -> Result<u32, Refusal> {
        if frame.0 == 0 || frame.0 > self.newest_frame {
            return Err(Refusal(format!("there is no frame {}", frame.0)));
        }
        Ok((frame.0 - 1) % FRAMES)
    }
}

pub fn variable(name: &str, value: &str, type_name: &str, kind: Kind) -> Variable {
    Variable {
        name: name.to_owned(),
        value: value.to_owned(),
        type_name: type_name.to_owned(),
        kind,
        evaluate_name: (!name.is_empty()).then(|| name.to_owned()),
        holder: None,
        named: 0,
        indexed: 0,
        is_constant: false,
        is_virtual: false,
        defined_at: None,
    }
}

fn table(name: &str) -> Variable {
    Variable {
        holder: Some(TABLE),
        named: 1,
        indexed: 1000,
        ..variable(name, "{1, 2, …}", "table", Kind::Compound)
    }
}

impl Paused for Scripted {
    fn threads(&mut self) -> Vec<Thread> {
        let thread = |id, name: &str| Thread {
            id,
            name: name.to_owned(),
        };
        vec![
            thread(ThreadId::MAIN, "main"),
            thread(COROUTINE, "coroutine: f"),
        ]
    }

    fn frames(
        &mut self,
        thread: ThreadId,
        start: usize,
        count: Option<usize>,
    ) -> Result<Frames, Refusal> {
        if thread != ThreadId::MAIN && thread != COROUTINE {
            return Err(Refusal(format!("there is no thread {}", thread.0)));
        }
        let first = self.newest_frame;
        self.newest_frame += FRAMES;
        let frames = (0..FRAMES).map(|level| Frame {
            id: FrameId(first + level + 1),
            name: format!("f{level} of {}", thread.0),
            source: (level < 4).then(|| "/nowhere/inner.lua".into()),
            line: if level < 4 { 10 + level } else { 0 },
            column: if level == 0 { 5 } else { 0 },
            is_foreign: level == 3,
            can_restart: level == 0,
        });
        Ok(Frames {
            frames: frames
                .skip(start)
                .take(count.unwrap_or(usize::MAX))
                .collect(),
            total: FRAMES as usize,
        })
    }

    fn scopes(&mut self, frame: FrameId) -> Result<Vec<Scope>, Refusal> {
        self.frame_of(frame)?;
        let scope = |kind, name, holder| Scope {
            kind,
            name,
            holder,
            named: 2,
            indexed: 0,
        };
        Ok(vec![
            scope(ScopeKind::Locals, "Locals", LOCALS),
            scope(ScopeKind::Globals, "Globals", SESSION),
        ])
    }

    fn session(&mut self) -> HolderId {
        self.asked.push("session".to_owned());
        SESSION
    }

    fn variables(&mut self, holder: HolderId, part: Part) -> Result<Vec<Variable>, Refusal> {
        match holder {
            SESSION => Ok(vec![
                variable("x", &self.x.to_string(), "integer", Kind::Integer),
                table("t"),
            ]),
            LOCALS => Ok(vec![
                variable("i", "42", "integer", Kind::Integer),
                variable("big", "9007199254740993", "integer", Kind::Integer),
                variable("half", "0.5", "float", Kind::Float),
                variable("yes", "true", "boolean", Kind::Boolean),
                variable("name", "\"größe\"", "string", Kind::Text),
                variable("nothing", "nil", "nil", Kind::Other),
                Variable {
                    defined_at: Some(("/nowhere/inner.lua".into(), 3)),
                    is_constant: true,
                    ..variable("f", "function: f", "function", Kind::Function)
                },
                table("t"),
                Variable {
                    is_virtual: true,
                    evaluate_name: None,
                    ..table("[metatable]")
                },
            ]),
            TABLE if part.indexed == Some(false) => {
                Ok(vec![variable("key", "1", "integer", Kind::Integer)])
            }
            TABLE => Ok(
                (part.start..1000.min(part.start + part.count.unwrap_or(1000)))
                    .map(|at| variable(&format!("[{}]", at + 1), "0", "integer", Kind::Integer))
                    .collect(),
            ),
            _ => Err(Refusal(format!("there are no variables {}", holder.0))),
        }
    }

    fn set_variable(
        &mut self,
        holder: HolderId,
        name: &str,
        expression: &str,
    ) -> Result<Variable, Refusal> {
        if (holder, name) != (SESSION, "x") {
            return Err(Refusal(format!("`{name}` cannot be set")));
        }
        self.x = expression
            .parse()
            .map_err(|_| Refusal("no number".to_owned()))?;
        Ok(variable("x", expression, "integer", Kind::Integer))
    }

    fn set_expression(
        &mut self,
        frame: Option<FrameId>,
        target: &str,
        expression: &str,
    ) -> Result<Variable, Refusal> {
        frame.map(|frame| self.frame_of(frame)).transpose()?;
        self.set_variable(SESSION, target, expression)
    }

    fn evaluate(
        &mut self,
        frame: Option<FrameId>,
        expression: &str,
        purpose: Purpose,
    ) -> Result<Variable, Refusal> {
        let level = frame.map(|frame| self.frame_of(frame)).transpose()?;
        self.asked.push(format!("evaluate {expression}"));
        match expression {
            "panic" if self.panics => panic!("as the test wants it"),
            "os.exit()" => {
                self.is_ending = true;
                Err(Refusal("it has asked the process to exit".to_owned()))
            }
            "error" => Err(Refusal("attempt to call a nil value".to_owned())),
            "x" => Ok(variable("", &self.x.to_string(), "integer", Kind::Integer)),
            "t" => Ok(table("")),
            _ => Ok(variable(
                "",
                &format!("{expression} {purpose:?} {level:?}"),
                "string",
                Kind::Text,
            )),
        }
    }

    fn complete(&mut self, _: Option<FrameId>, code: &str, cursor: usize) -> Completion {
        let typed: String = code.chars().take(cursor).collect();
        let word = typed.rsplit(|it: char| !it.is_alphanumeric()).next();
        let start = cursor - word.unwrap_or_default().chars().count();
        Completion {
            matches: vec![Match {
                text: "größe".to_owned(),
                kind: "function",
                signature: Some("(a, b)".to_owned()),
            }],
            start,
            end: cursor,
        }
    }

    fn rich(&mut self, _: Option<FrameId>, name: &str) -> Result<MimeBundle, Refusal> {
        if name == "t" {
            Ok(MimeBundle::plain("t").with("text/html", "<b>t</b>"))
        } else {
            Err(Refusal(format!("there is no variable `{name}`")))
        }
    }

    fn copy_to_globals(
        &mut self,
        frame: Option<FrameId>,
        from: &str,
        to: &str,
    ) -> Result<(), Refusal> {
        let level = frame.map(|frame| self.frame_of(frame)).transpose()?;
        self.asked.push(format!("copy {from} of {level:?} to {to}"));
        Ok(())
    }

    fn step_targets(&mut self, frame: FrameId) -> Result<Vec<StepTarget>, Refusal> {
        self.frame_of(frame)?;
        Ok(vec![StepTarget {
            id: 3,
            label: "f(g())".to_owned(),
            line: 10,
            column: 5,
        }])
    }

    fn data_target(
        &mut self,
        holder: Option<HolderId>,
        _: Option<FrameId>,
        name: &str,
    ) -> Result<DataTarget, Refusal> {
        match holder {
            Some(TABLE) => Ok(DataTarget {
                data: format!("field:1:{name}"),
                description: format!("t.{name}"),
            }),
            _ => Err(Refusal("only fields of tables can be watched".to_owned())),
        }
    }

    fn raised(&mut self) -> Option<Raised> {
        self.raised.clone()
    }

    fn is_ending(&self) -> bool {
        self.is_ending
    }
}

/// A line has code unless it is empty or a comment; a line `!` does not compile, nor does an
/// expression with one.
pub struct Lines;

impl SourceReader for Lines {
    fn lines(&self, code: &str) -> Result<BTreeSet<u32>, String> {
        if code.lines().any(|line| line == "!") {
            return Err("unexpected symbol near '!'".to_owned());
        }
        let lines = (1..).zip(code.lines());
        let with_code = |line: &str| !line.trim().is_empty() && !line.starts_with("--");
        Ok(lines
            .filter(|(_, line)| with_code(line))
            .map(|(line, _)| line)
            .collect())
    }

    fn expression(&self, code: &str) -> Result<(), String> {
        if code.contains('!') {
            return Err("unexpected symbol near '!'".to_owned());
        }
        Ok(())
    }
}
