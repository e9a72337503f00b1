use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use bytesize::ByteSize;
use clap::Args;
use perilune_config::Size;
use perilune_engine::LuaOptions;
use tracing::Level;

use crate::atomic_file::{self, Access};
use crate::embedded::EmbeddedKernel;
use crate::exit::Exit;
use crate::log::{self, Log};
use crate::notebook::Notebook;
use crate::run::{
    JsonLines, Person, Report, RunEnd, Runner, Source, SourceKind, Stops, Summary, Wishes,
};
use crate::settings::{self, Flags, SetOption};
use crate::standard::{self, Kept};
use crate::terminal::Answers;

/// `perilune run`
#[derive(Debug, Args)]
#[command(after_help = "\
A notebook runs in its own folder, as in Jupyter; a script in the current one. The kernel is in
this process: neither Python nor Jupyter is needed. Of notebooks and of standard input the value of
each cell is shown; a script shows what it writes. Ctrl-C interrupts the cell that runs and ends
the run; a second Ctrl-C does not wait for the cell. A cell tagged raises-exception may fail.

Exit codes: 0 all cells ran, 1 a cell failed, 2 wrong command line, 124 a cell timed out,
130 interrupted, N the script called os.exit(N).")]
pub struct Arguments {
    /// A notebook (.ipynb), a Lua script, or - for a script from standard input
    file: PathBuf,
    /// Write the executed notebook, also when a cell fails
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Print what happens as JSON Lines (docs/run-json.md)
    #[arg(long)]
    json: bool,
    /// Go on when a cell fails, and exit with 0
    #[arg(long)]
    allow_errors: bool,
    /// Interrupt a cell that runs longer, and end the run
    #[arg(long, value_name = "SECONDS", value_parser = super::seconds)]
    timeout: Option<Duration>,
    /// Let no cell ask for input
    #[arg(long)]
    no_input: bool,
    /// Run in this folder
    #[arg(long, value_name = "FOLDER")]
    cwd: Option<PathBuf>,
    /// How much memory Lua may use, such as 512MiB or 2GiB
    #[arg(long, value_name = "SIZE")]
    memory_limit: Option<ByteSize>,
    #[command(flatten)]
    log: Log,
    #[command(flatten)]
    set: SetOption,
    /// What the script finds in `arg` and `...`, after `--`
    #[arg(last = true, value_name = "ARGUMENTS")]
    arguments: Vec<String>,
}

impl Arguments {
    pub fn run(self) -> Result<Exit> {
        let source = Source::read(&self.file)?;
        // Before the folder changes.
        let output = self.output.as_deref().map(std::path::absolute).transpose();
        let output = output.context("finding the absolute path of the output")?;
        if let Some(output) = &output {
            check_writable(output)?;
        }
        if let Some(folder) = self.cwd.as_deref().or(source.folder.as_deref()) {
            std::env::set_current_dir(folder)
                .with_context(|| format!("going to the folder {}", folder.display()))?;
        }

        let flags = Flags::new(&self.set).with(
            "--memory-limit",
            "kernel.memory_limit",
            self.memory_limit.map(|it| it.as_u64()),
        );
        let flags = self.log.add_to(flags);
        let settings = settings::read(&settings::sources(flags)?)?.settings;
        let (descriptors, kept) = standard::take()?;
        // A person sees the errors of the cells on the same terminal.
        let log = match log::place(&settings, None) {
            Some(path) => Some(log::open(&settings, &path)?),
            None => None,
        };
        log::start(&settings, Level::ERROR, kept, log)?;
        let to_bytes = |size: Size| usize::try_from(size.bytes()).unwrap_or(usize::MAX);
        let name = || self.file.display().to_string();
        let lua = LuaOptions {
            memory_limit: settings.kernel.memory_limit.map(to_bytes),
            arguments: self.arguments.clone(),
            script_name: (source.kind != SourceKind::Notebook).then(name),
            project: settings
                .lua
                .project
                .then(std::env::current_dir)
                .and_then(Result::ok),
            is_program: source.kind == SourceKind::Script,
        };
        let program = (source.kind == SourceKind::Script).then(name);
        let kernel = EmbeddedKernel::start(descriptors, lua, program, None)?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context("starting the I/O runtime")?;
        runtime.block_on(self.run_in(kernel, source, output.as_deref(), kept))
    }

    async fn run_in(
        self,
        kernel: EmbeddedKernel,
        mut source: Source,
        output: Option<&Path>,
        kept: &'static Kept,
    ) -> Result<Exit> {
        let began = Instant::now();
        let code_cells = source.notebook.code_cells().len();
        let mut report: Box<dyn Report> = if self.json {
            Box::new(JsonLines::begin(&kept.stdout, &source.name, code_cells)?)
        } else {
            Box::new(Person::begin(kept, source.name.clone(), source.kind))
        };
        let wishes = Wishes {
            allow_errors: self.allow_errors,
            timeout: self.timeout,
            allow_stdin: !self.no_input,
            keeps_outputs: output.is_some(),
            shares_kernel: false,
        };
        let answers = if source.kind == SourceKind::Typed {
            Answers::none()
        } else {
            Answers::from_stdin()?
        };

        let stops = Stops::listen()?;
        let notebook = &mut source.notebook;
        let mut runner = Runner::new(
            kernel.client(),
            notebook,
            &mut *report,
            stops,
            answers,
            wishes,
        );
        let result = runner.run().await;
        let not_run = code_cells - runner.reached();

        // The outputs are worth keeping and the kernel must end, whatever happened to the run.
        let written = output.map_or(Ok(()), |output| write_notebook(&source.notebook, output));
        let code = match result {
            Ok(RunEnd::Exited) => kernel.ended().await,
            // The cells have run; how the kernel ends is a matter for its log.
            _ => {
                if let Err(error) = kernel.end().await {
                    tracing::error!("{error:#}");
                }
                Ok(0)
            }
        };
        let (end, code) = (result?, code?);
        written?;
        let exit = end.exit(code);
        report.ends(&Summary {
            end,
            exit,
            not_run,
            output,
            duration: began.elapsed(),
        })?;
        Ok(exit)
    }
}

fn write_notebook(notebook: &Notebook, path: &Path) -> Result<()> {
    let text = notebook.to_json().context("writing the notebook as JSON")?;
    atomic_file::replace(path, &text, Access::Shared)
        .with_context(|| format!("writing {}", path.display()))
}

/// Finds out before anything runs that the result of it could not be written.
fn check_writable(path: &Path) -> Result<()> {
    let folder = atomic_file::folder_of(path);
    tempfile::tempfile_in(&folder)
        .map(drop)
        .with_context(|| format!("{} cannot be written there", path.display()))
}
