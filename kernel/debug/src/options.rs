use perilune_language::Interrupt;

/// What a debugger is made with.
#[derive(Debug)]
pub struct Options {
    /// The kernel's own, which ends code that has stopped too.
    pub interrupt: Interrupt,
    /// The program whose parts all cells are, as its cells are called; nothing where cells are cells.
    pub program: Option<String>,
}
