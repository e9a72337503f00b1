use std::sync::{Arc, Mutex, PoisonError};

use perilune_wire::content::{HostMemory, ReplyStatus, UsageReply};
use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System};
use tokio::sync::Semaphore;

use crate::context::Context;
use crate::turn::{Origin, Turn};

/// Measures what the kernel and its machine use. Percentages are since the last measurement.
#[derive(Clone)]
pub(crate) struct Usage {
    system: Arc<Mutex<Option<System>>>,
    places: Arc<Semaphore>,
}

/// How many may be measuring at once.
const MOST_AT_ONCE: usize = 4;

impl Usage {
    pub(crate) fn new() -> Self {
        Self {
            system: Arc::default(),
            places: Arc::new(Semaphore::new(MOST_AT_ONCE)),
        }
    }

    /// Measures and answers on a thread of its own: walking through all processes takes its time.
    /// Gives the request back where that cannot be done.
    pub(crate) fn answer(&self, context: &Arc<Context>, origin: Origin) -> Result<(), Origin> {
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            return Err(origin);
        };
        let (usage, context, asked) = (self.clone(), Arc::clone(context), origin.clone());
        std::thread::Builder::new()
            .name("usage".to_owned())
            .spawn(move || {
                let mut turn = Turn::begin(&context, &context.outbox, asked);
                let reply = usage.measure();
                turn.reply(reply);
                drop(place);
            })
            .map(drop)
            .map_err(|error| {
                tracing::error!(%error, "usage could not be measured");
                origin
            })
    }

    fn measure(&self) -> UsageReply {
        let mut system = self.system.lock().unwrap_or_else(PoisonError::into_inner);
        let first = system.is_none();
        let system = system.get_or_insert_with(System::new);
        system.refresh_memory();
        system.refresh_cpu_usage();
        let wanted = ProcessRefreshKind::nothing()
            .without_tasks()
            .with_cpu()
            .with_memory();
        system.refresh_processes_specifics(ProcessesToUpdate::All, true, wanted);

        let own = Pid::from_u32(std::process::id());
        let ours = || {
            system
                .processes()
                .values()
                .filter(|process| descends(system, process, own))
        };
        let (total, available) = (system.total_memory(), system.available_memory());
        UsageReply {
            status: ReplyStatus::Ok,
            hostname: System::host_name().unwrap_or_default(),
            pid: std::process::id(),
            kernel_cpu: ours().map(sysinfo::Process::cpu_usage).sum(),
            kernel_memory: ours().map(memory).sum(),
            cpu_count: system.cpus().len(),
            host_cpu_percent: (!first).then(|| system.global_cpu_usage()),
            host_virtual_memory: HostMemory {
                total,
                available,
                percent: percent(total.saturating_sub(available), total),
                used: system.used_memory(),
                free: system.free_memory(),
            },
        }
    }
}

fn descends(system: &System, process: &sysinfo::Process, ancestor: Pid) -> bool {
    let mut current = Some(process);
    // Parents cannot form a ring, but what is read while processes come and go might.
    for _ in 0..64 {
        match current {
            Some(process) if process.pid() == ancestor => return true,
            Some(process) => {
                current = process.parent().and_then(|parent| system.process(parent));
            }
            None => return false,
        }
    }
    false
}

/// The proportional share where the system tells it, as ipykernel reports; else what is resident.
fn memory(process: &sysinfo::Process) -> u64 {
    proportional_share(process.pid()).unwrap_or_else(|| process.memory())
}

fn proportional_share(pid: Pid) -> Option<u64> {
    let rollup = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
    let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"))?;
    line.trim()
        .strip_suffix("kB")?
        .trim()
        .parse::<u64>()
        .ok()
        .map(|kilobytes| kilobytes * 1024)
}

fn percent(part: u64, whole: u64) -> f32 {
    if whole == 0 {
        return 0.0;
    }
    // Tenths of a percent fit into sixteen bits, and those into a float.
    f32::from(u16::try_from(part.saturating_mul(1000) / whole).unwrap_or(u16::MAX)) / 10.0
}
