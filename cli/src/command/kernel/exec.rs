use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::Args;
use clap_complete::ArgValueCompleter;
use perilune_client::{Client, ClientError};
use serde_json::json;

use crate::command::seconds;
use crate::exit::Exit;
use crate::kernels::{self, Kernel, SCHEMA_VERSION};
use crate::run::{JsonLines, Left, Person, Report, RunEnd, Runner, Source, Stops, Summary, Wishes};
use crate::standard::{self, Kept};
use crate::terminal::Answers;

/// `perilune kernel exec`
#[derive(Debug, Args)]
#[command(
    override_usage = "perilune kernel exec [OPTIONS] [KERNEL] <CODE|FILE|->\n       \
                      perilune kernel exec [OPTIONS] [KERNEL] -e <CODE>",
    after_help = "\
What names a file that is there is a file: a Lua script, or a notebook, whose cells are run one
after the other. - is standard input. Everything else is code, and with -e everything is. The
code runs in the kernel's own folder and sees what is defined there.

Ctrl-C interrupts the cell; a second Ctrl-C leaves it running. A cell of another client that runs
before this one is never interrupted. A cell that the kernel did not run because another client's
failed is sent again.

Exit codes: 0 it ran, 1 it failed, or the kernel ended, 2 wrong command line, 3 the kernel is not
running, 4 it does not answer, 124 it ran longer than --timeout, 130 interrupted."
)]
pub struct Arguments {
    /// A kernel's name, its id or the start of it, or its connection file [default: the one that
    /// runs, or `default`]; then code, a file, or - for standard input
    #[arg(value_name = "KERNEL|CODE|FILE", num_args = 0..=2,
        add = ArgValueCompleter::new(kernels::complete_with_files))]
    words: Vec<String>,
    /// Run this code, whatever it looks like
    #[arg(
        long = "code",
        short = 'e',
        value_name = "CODE",
        allow_hyphen_values = true
    )]
    code: Option<String>,
    /// Print the id of the request and leave; `perilune kernel output ID` shows what became of it
    #[arg(long, short)]
    detach: bool,
    /// Interrupt what runs longer, the time it waits for others included
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    timeout: Option<Duration>,
    /// Go on when a cell of a notebook fails, and exit with 0
    #[arg(long)]
    allow_errors: bool,
    /// Let the code ask for no input
    #[arg(long)]
    no_input: bool,
    /// Print what happens as JSON Lines (docs/run-json.md)
    #[arg(long)]
    json: bool,
}

/// How long a kernel may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long an answer that shows that is waited for at first.
const ASK_AGAIN: Duration = Duration::from_millis(100);
/// How long what is sent may take to arrive.
const ARRIVAL: Duration = Duration::from_secs(20);

/// Waits until all that was sent has arrived: what is asked behind it on the same channel is
/// answered. What arrives just before the code begins waits for its end, so it is asked again; and
/// ever more patiently, for an answer takes its time when the code floods its clients.
async fn arrival(client: &Client) -> Result<(), ClientError> {
    let deadline = Instant::now() + ARRIVAL;
    let mut limit = ASK_AGAIN;
    loop {
        match client.complete("", 0, limit).await {
            Err(ClientError::NoReply { .. }) if Instant::now() < deadline => limit *= 2,
            answer => return answer.map(drop),
        }
    }
}

/// Whether a kernel of ours is called so, and lives.
fn is_kernel(text: &str) -> Result<bool> {
    Ok(Kernel::all()?
        .iter()
        .any(|kernel| kernel.name() == text && kernel.is_alive() == Some(true)))
}

impl Arguments {
    pub fn run(self) -> Result<Exit> {
        let Some((kernel, source)) = self.kernel_and_source()? else {
            return Ok(Exit::Usage);
        };
        let kernel = Kernel::find(kernel.as_deref())?;
        let kept = standard::keep()?;
        kernels::block_on(async {
            // Before anything can be interrupted.
            let stops = Stops::listen()?;
            let client = kernel.connect(PATIENCE).await?;
            if self.detach {
                self.leave(&kernel, &client, &source).await
            } else {
                self.see_through(&kernel, &client, source, stops, kept)
                    .await
            }
        })
    }

    /// Which kernel, and what is to be run in it; `None` when that was not said.
    fn kernel_and_source(&self) -> Result<Option<(Option<String>, Source)>> {
        let (kernel, what) = match (&self.code, &self.words[..]) {
            (Some(code), []) => return Ok(Some((None, Source::code(code)))),
            (Some(code), [kernel]) => {
                return Ok(Some((Some(kernel.clone()), Source::code(code))));
            }
            (None, [what]) => (None, what),
            (None, [kernel, what]) => (Some(kernel.clone()), what),
            _ => {
                standard::say(
                    "perilune: say what to run: code, a file, or - for standard input \
                     (`perilune kernel exec --help`)",
                );
                return Ok(None);
            }
        };
        let path = Path::new(what);
        if kernel.is_none() && self.code.is_none() && is_kernel(what)? {
            standard::say(&format!(
                "perilune: {what} is a kernel; say what to run in it, or with -e that it is code"
            ));
            return Ok(None);
        }
        if what == "-" || path.is_file() {
            return Ok(Some((kernel, Source::read(path)?)));
        }
        let looks_like_a_file = path
            .extension()
            .is_some_and(|extension| extension == "lua" || extension == "ipynb")
            && !what.contains(char::is_whitespace);
        if looks_like_a_file {
            bail!("there is no file {what}; if it is code, say so with -e");
        }
        Ok(Some((kernel, Source::code(what))))
    }

    async fn see_through(
        &self,
        kernel: &Kernel,
        client: &Client,
        mut source: Source,
        stops: Stops,
        kept: &'static Kept,
    ) -> Result<Exit> {
        let began = Instant::now();
        let cells = source.notebook.code_cells().len();
        let reads_stdin = source.name == "standard input";
        let mut report: Box<dyn Report> = if self.json {
            Box::new(JsonLines::begin(&kept.stdout, &source.name, cells)?)
        } else {
            Box::new(Person::begin(kept, source.name.clone(), source.kind))
        };
        let answers = if reads_stdin || self.no_input {
            Answers::none()
        } else {
            Answers::from_stdin()?
        };
        let wishes = Wishes {
            allow_errors: self.allow_errors,
            timeout: self.timeout,
            allow_stdin: !self.no_input && !reads_stdin,
            keeps_outputs: false,
            shares_kernel: true,
        };
        let notebook = &mut source.notebook;
        let mut runner = Runner::new(client, notebook, &mut *report, stops, answers, wishes);
        let end = match runner.run().await {
            Ok(end) => end,
            Err(error) => match error.downcast::<ClientError>() {
                Ok(error) => return Err(kernel.error(error).into()),
                Err(error) => return Err(error),
            },
        };
        let left = runner
            .left()
            .map(|left| (left, runner.request().to_owned()));
        let not_run = cells - runner.reached();
        let exit = match end {
            // With what code, only whoever started the kernel is told.
            RunEnd::Exited => Exit::Failed,
            end => end.exit(0),
        };
        report.ends(&Summary {
            end,
            exit,
            not_run,
            output: None,
            duration: began.elapsed(),
        })?;
        let name = kernel.name();
        if end == RunEnd::Exited {
            standard::say(&format!("perilune: {name} has ended"));
        }
        match left {
            None => {}
            Some((Left::Running, request)) => standard::say(&format!(
                "perilune: the cell runs on in {name}: `perilune kernel interrupt {name}` stops \
                 it, `perilune kernel output -k {name} {request}` shows what becomes of it"
            )),
            Some((Left::Waiting, request)) => standard::say(&format!(
                "perilune: the cell still waits in {name}, and will run when its turn comes; \
                 `perilune kernel output -k {name} {request}` shows what becomes of it"
            )),
        }
        Ok(exit)
    }

    /// Leaves the cells to the kernel.
    async fn leave(&self, kernel: &Kernel, client: &Client, source: &Source) -> Result<Exit> {
        let error = |error| kernel.error(error);
        let is_ours = client.info().is_some_and(|info| info.is_perilune());
        // Whoever attaches to a kernel of ours can answer.
        let may_ask = is_ours && !self.no_input;
        let mut requests = Vec::new();
        for cell in source.notebook.code_cells() {
            if !cell.source.trim().is_empty() {
                requests.push(client.execute(&cell.source, may_ask).map_err(error)?);
            }
        }
        match arrival(client).await {
            Ok(_) => {}
            // A kernel of others answers when it has time; what was sent has left meanwhile.
            Err(ClientError::NoReply { .. }) if !is_ours => {}
            Err(reason) => return Err(error(reason).into()),
        }
        let mut stdout = io::stdout().lock();
        if self.json {
            let document = json!({
                "schema_version": SCHEMA_VERSION,
                "name": kernel.name(),
                "msg_ids": requests,
            });
            writeln!(stdout, "{document}").context("printing the ids")?;
        } else {
            for request in &requests {
                writeln!(stdout, "{request}").context("printing the ids")?;
            }
        }
        Ok(Exit::Success)
    }
}
