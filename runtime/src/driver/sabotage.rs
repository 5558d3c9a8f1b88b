//! Deliberate mistakes, to prove that the simulation would notice them.

#[cfg(any(test, feature = "simulation"))]
use millstream_state::snapshot::journal::{JournalMistake, JournalOptions};

/// A mistake that a test asks the engine to make. Production code always runs with
/// [`Sabotage::None`]; there is no way to set another outside the simulation driver.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sabotage {
    /// No mistake.
    #[default]
    None,
    /// Tasks do not wait for the barrier of their last input.
    SkipAlignment,
    /// Unaligned checkpoints do not hold what is in flight.
    LoseInFlight,
    /// Subtasks are notified to commit before the manifest is written.
    CommitBeforeManifest,
    /// Sources begin anew after a restore instead of where the snapshot says.
    ForgetSourcePosition,
    /// Of key groups, only the content is restored, and nothing that has changed behind it.
    LoseChanges,
    /// Timers are not restored.
    DropTimers,
    /// A source that follows another is begun before all readers are done with that one.
    SwitchTooEarly,
    /// A checkpoint counts when it has a manifest: nothing is listed in the journal, and nobody asks it.
    IgnoreJournal,
    /// A process goes on from the journal of another without an entry of its own.
    TakeOverWithoutEntry,
    /// The first entries of epochs are deleted like all others.
    DeleteFirstEntries,
}

impl Sabotage {
    /// Whether it is this mistake; never, unless the feature `simulation` is on.
    pub(crate) fn makes(self, mistake: Self) -> bool {
        cfg!(any(test, feature = "simulation")) && self == mistake
    }

    /// The journal of a simulated process.
    #[cfg(any(test, feature = "simulation"))]
    pub(super) const fn journal(self) -> JournalOptions {
        let mistake = match self {
            Self::IgnoreJournal => JournalMistake::ManifestAlone,
            Self::TakeOverWithoutEntry => JournalMistake::TakeOverWithoutEntry,
            Self::DeleteFirstEntries => JournalMistake::DeleteFirst,
            _ => JournalMistake::None,
        };
        // The fewer entries stay, the sooner a number is free that must not be.
        JournalOptions { mistake, recent: 0 }
    }
}
