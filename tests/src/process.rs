use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use perilune_wire::{ConnectionFile, Endpoints, Ports};
use tempfile::TempDir;

/// How long anything may take that a test waits for.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// The real binary, launched as a Jupyter client launches it.
pub struct KernelProcess {
    child: Child,
    directory: TempDir,
}

/// `perilune` as cargo built it: beside the folder of the test that runs.
fn binary() -> PathBuf {
    let test = std::env::current_exe().expect("the test's own path");
    let folder = test
        .parent()
        .and_then(Path::parent)
        .expect("the target folder");
    let binary = folder.join("perilune");
    assert!(
        binary.exists(),
        "{} is missing: run `cargo build` first",
        binary.display()
    );
    binary
}

impl KernelProcess {
    /// Starts a kernel on free TCP ports.
    pub fn tcp() -> Self {
        Self::start(&|_| Endpoints::Tcp([127, 0, 0, 1].into(), Ports::default()))
    }

    /// Starts a kernel on Unix sockets.
    pub fn ipc() -> Self {
        Self::start(&|directory| {
            let prefix = directory.join("kernel").to_string_lossy().into_owned();
            Endpoints::Ipc(prefix, Ports::default())
        })
    }

    /// Starts a kernel there.
    pub fn at(endpoints: Endpoints) -> Self {
        Self::start(&|_| endpoints.clone())
    }

    fn start(endpoints: &dyn Fn(&Path) -> Endpoints) -> Self {
        let directory = TempDir::new().expect("a temporary folder");
        let file = ConnectionFile::new(&endpoints(directory.path()));
        let path = directory.path().join("kernel.json");
        std::fs::write(&path, file.to_json().expect("JSON")).expect("a connection file");
        let child = Command::new(binary())
            .args(["kernel", "start", "--connection-file"])
            .arg(&path)
            .env("PERILUNE_HISTORY", directory.path().join("history.sqlite"))
            .stdin(Stdio::null())
            .spawn()
            .expect("the kernel starts");
        Self { child, directory }
    }

    /// The connection file, once the kernel has written the ports that it bound.
    pub fn connection(&mut self) -> ConnectionFile {
        let path = self.directory.path().join("kernel.json");
        let deadline = Instant::now() + PATIENCE;
        loop {
            let text = std::fs::read(&path).expect("the connection file");
            let file = ConnectionFile::parse(&text).expect("a connection file");
            if file.endpoints().expect("endpoints").ports().all_chosen() {
                return file;
            }
            let ended = self.child.try_wait().expect("the kernel's state");
            assert!(ended.is_none(), "the kernel ended at its start: {ended:?}");
            assert!(
                Instant::now() < deadline,
                "the kernel never wrote its ports"
            );
            std::thread::yield_now();
        }
    }

    /// The kernel's process.
    pub fn pid(&self) -> nix::unistd::Pid {
        nix::unistd::Pid::from_raw(self.child.id().cast_signed())
    }

    /// Waits for the kernel's end.
    pub fn wait(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().expect("the kernel's state") {
                return status;
            }
            assert!(Instant::now() < deadline, "the kernel does not end");
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

impl Drop for KernelProcess {
    fn drop(&mut self) {
        // A kernel that a failed test leaves behind; one that has ended is not there to be killed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
