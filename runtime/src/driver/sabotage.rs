//! Deliberate mistakes, to prove that the simulation would notice them.

/// A mistake that a test asks the engine to make. Production code always runs with
/// [`Sabotage::None`]; there is no way to set another outside the simulation driver.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sabotage {
    /// No mistake.
    #[default]
    None,
    /// Tasks do not wait for the barrier of their last input.
    SkipAlignment,
    /// Subtasks are told to commit before the manifest is written.
    CommitBeforeManifest,
    /// Sources begin anew after a restore instead of where the snapshot says.
    ForgetSourcePosition,
    /// Timers are not restored.
    DropTimers,
}
