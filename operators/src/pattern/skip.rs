//! Which matches a match leaves out, as it is written down.

use super::nfa::OnMiss;

/// Which matches are left out when one has been found. As FlinkCEP's `AfterMatchSkipStrategy`, with its meanings.
///
/// A match waits until no partial match that has begun earlier might still leave it out. Of several that begin and end with the
/// same events, the one goes first that has taken the earlier events, and of those the one that has taken them for the
/// earlier stages.
#[doc(alias = "AfterMatchSkipStrategy")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AfterMatchSkip(pub(super) Skip);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Skip {
    No,
    ToNext,
    PastLastEvent,
    ToFirst(String, OnMiss),
    ToLast(String, OnMiss),
}

impl AfterMatchSkip {
    /// Every match is given out.
    #[doc(alias = "noSkip")]
    pub const fn no_skip() -> Self {
        Self(Skip::No)
    }

    /// Leaves out the matches that begin with the same event.
    #[doc(alias = "skipToNext")]
    pub const fn to_next() -> Self {
        Self(Skip::ToNext)
    }

    /// Leaves out the matches that begin with an event of this one, or between them.
    #[doc(alias = "skipPastLastEvent")]
    pub const fn past_last_event() -> Self {
        Self(Skip::PastLastEvent)
    }

    /// Leaves out the matches that begin before the first event of a stage. If it has none, no match is left out.
    #[doc(alias = "skipToFirst")]
    pub fn to_first(stage: impl Into<String>) -> Self {
        Self(Skip::ToFirst(stage.into(), OnMiss::NoSkip))
    }

    /// Leaves out the matches that begin before the last event of a stage. If it has none, no match is left out.
    #[doc(alias = "skipToLast")]
    pub fn to_last(stage: impl Into<String>) -> Self {
        Self(Skip::ToLast(stage.into(), OnMiss::NoSkip))
    }

    /// Fails the job if the stage to skip to has no event in a match, or is that with which it begins. As Flink's
    /// `throwExceptionOnMiss`. Changes nothing where no stage is named.
    #[doc(alias = "throwExceptionOnMiss")]
    #[must_use]
    pub fn fail_on_miss(self) -> Self {
        Self(match self.0 {
            Skip::ToFirst(stage, _) => Skip::ToFirst(stage, OnMiss::Fail),
            Skip::ToLast(stage, _) => Skip::ToLast(stage, OnMiss::Fail),
            other => other,
        })
    }
}
