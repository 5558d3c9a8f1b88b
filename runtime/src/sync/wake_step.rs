//! What a model leaves out.

/// A step without which a wake-up gets lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WakeStep {
    /// A producer that has raised its flag looks for room again.
    SecondLook,
    /// A result is in its slot before the task is woken.
    ResultBeforeWake,
}
