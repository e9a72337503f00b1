use serde_json::value::RawValue;

/// What a debugger needs of the kernel around it. None of it may call the debugger.
pub trait Outlet: Send + Sync {
    /// Publishes an event of the Debug Adapter Protocol to every client, behind all that code has
    /// printed so far. May wait, and is called from the debugger's own thread and from code's only.
    fn event(&self, event: Box<RawValue>);

    /// Somebody wants to look at values while no code runs: [`Debugger::rest`](crate::Debugger::rest)
    /// is to be called, as soon as the language's thread runs no code. Wanting it twice is wanting
    /// it once.
    fn look(&self);

    /// Interrupts the code that runs, as a client's `interrupt_request` does.
    fn interrupt(&self);

    /// Ends a wait for input, if there is one, as an interrupt does. Called with the debugger's own
    /// state locked: may wait for nothing.
    fn interrupt_input(&self);
}
