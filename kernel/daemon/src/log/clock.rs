use std::time::SystemTime;

/// What time it is.
pub trait Clock: Send + Sync {
    /// As the machine has it, which may set it back or forth.
    fn now(&self) -> SystemTime;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }
}
