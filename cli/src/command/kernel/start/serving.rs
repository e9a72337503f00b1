use std::sync::Arc;

use anyhow::{Context, Result, bail};
use perilune_config::Size;
use perilune_daemon::log::secrets;
use perilune_daemon::{Folders, Record, Registration, Supervisor};
use perilune_engine::{CaughtSignals, LuaOptions, Options, ShutdownPolicy, Vitals};
use perilune_wire::Session;
use tokio::sync::oneshot;
use tracing::Level;

use super::Arguments;
use super::registration::Launch;
use crate::caretaker::{Caretaker, Parts};
use crate::exit::Exit;
use crate::health::Health;
use crate::kernels::leftovers;
use crate::log;
use crate::open_files;
use crate::settings;
use crate::standard;
use crate::supervision::Supervision;

/// Serves a kernel to its end. `ready` is called when it answers, Lua and all.
///
/// # Errors
///
/// When it cannot start, and when it cannot go on.
pub fn serve(
    arguments: &Arguments,
    launch: &Launch,
    signals: CaughtSignals,
    supervisor: Option<Supervisor>,
    ready: impl FnOnce(&Record),
) -> Result<Exit> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("starting the I/O runtime")?;
    runtime.block_on(serve_here(arguments, launch, signals, supervisor, ready))
}

async fn serve_here(
    arguments: &Arguments,
    launch: &Launch,
    signals: CaughtSignals,
    supervisor: Option<Supervisor>,
    ready: impl FnOnce(&Record),
) -> Result<Exit> {
    let settings = launch.configured.settings();
    if launch.name.is_none() && arguments.state.asks_for_a_state() {
        bail!("--restore and --save are for a kernel with a name: give it one with --name");
    }
    let path = arguments.connection.path(launch.name.as_ref())?;
    // A name that the user gave is taken before anything else is touched.
    let named = match &launch.name {
        Some(_) => launch.register(&path)?,
        None => None,
    };
    let predecessor = named.as_ref().and_then(|it| it.predecessor.as_ref());
    if let Some(record) = predecessor.and_then(|it| it.record.as_ref()) {
        leftovers::clear_before(record, &path);
    }
    let mut connection = arguments
        .connection
        .connection(path, launch.name.as_ref(), settings)?;
    open_files::raise_limit();
    let (transport, bound) = connection.bind()?;
    let log = launch.open_log(named.as_ref())?;
    let (descriptors, kept) = standard::take()?;
    let usual = if launch.daemon {
        Level::INFO
    } else {
        Level::WARN
    };
    log::start(settings, usual, kept, log)?;
    secrets().register(connection.file.expose_key());
    let registration = match named {
        None => launch.register(&connection.path)?,
        named => named,
    };
    let vitals = Arc::new(Vitals::new());
    let folder = registration.as_ref().map(|it| launch.folder(it.name()));
    let health = Health::start(settings, &vitals, folder.transpose()?.as_deref())?;
    let (answers, answering) = oneshot::channel();
    let supervision = supervisor
        .map(|supervisor| Supervision::begin(supervisor, Arc::clone(&vitals)))
        .transpose()?;
    let history = settings::history_options(
        settings,
        connection.file.kernel_name.as_deref(),
        std::env::current_dir().unwrap_or_default(),
    );
    let journal = registration
        .as_ref()
        .and_then(|registration| settings::journal_options(settings, registration.name()));
    let shutdown = Arc::new(ShutdownPolicy::new(settings::deadlines(settings)));
    let caretaker = Caretaker::new(
        launch.configured.clone(),
        Parts {
            history: history.limits.clone(),
            journal: journal.as_ref().map(|journal| journal.limits.clone()),
            shutdown: Arc::clone(&shutdown),
            supervision: supervision.clone(),
        },
    );
    let name = registration.as_ref().map(Registration::name);
    let dumps = name
        .map(|name| Folders::of_this_user().map(|folders| folders.kernel(name).join("dumps")))
        .transpose()?;
    let options = Options {
        name: name.map(ToString::to_string),
        dumps,
        lua: LuaOptions {
            memory_limit: settings.kernel.memory_limit.map(to_bytes),
            project: arguments.project(settings),
            ..LuaOptions::default()
        },
        program: None,
        descriptors: Some(descriptors),
        launcher: if launch.daemon { None } else { launcher() },
        signals: Some(signals),
        ports: bound.ports(),
        history: Some(history),
        journal,
        shutdown,
        steward: Some(Arc::new(caretaker)),
        state: launch
            .name
            .as_ref()
            .map(|name| settings::state_options(settings, name))
            .transpose()?,
        ready: Some(Box::new(move || {
            let _ = answers.send(());
        })),
        vitals,
    };
    let session = Session::new(connection.file.key(), "kernel");
    let mut kernel = std::pin::pin!(perilune_engine::serve(transport, session, options));
    // Whoever finds the connection file finds a kernel that answers, also to signals.
    tokio::select! {
        biased;
        code = &mut kernel => return Ok(Exit::of_script(code?)),
        () = std::future::ready(()) => {}
    }
    let written = connection.write(bound.ports())?;
    if let (false, Some(written)) = (launch.daemon, &written) {
        written.announce();
    }
    tracing::info!(connection_file = %connection.path.display(), "the kernel listens");
    let record = match &registration {
        Some(registration) => {
            let mut record =
                launch.record(registration.name(), &connection.path, written.is_some())?;
            record.health = health.as_ref().map(Health::address);
            record.health_token_file = health.as_ref().and_then(Health::token_file);
            match registration.write(&record) {
                Err(error) if launch.name.is_none() => {
                    tracing::warn!(%error, "other programs will not find this kernel by its name");
                }
                written => written?,
            }
            Some(record)
        }
        None => None,
    };
    tokio::select! {
        code = &mut kernel => return Ok(Exit::of_script(code?)),
        answers = answering => {
            if let (Ok(()), Some(record)) = (answers, &record) {
                ready(record);
                if let Some(supervision) = &supervision {
                    supervision.ready();
                }
            }
        }
    }
    Ok(Exit::of_script(kernel.await?))
}

/// Bytes as this machine counts them; a limit beyond them is none.
fn to_bytes(size: Size) -> usize {
    usize::try_from(size.bytes()).unwrap_or(usize::MAX)
}

/// The process that Jupyter says launched this one.
fn launcher() -> Option<u32> {
    std::env::var("JPY_PARENT_PID").ok()?.parse().ok()
}
