//! The events of a match, or of what may become one.

use std::sync::Arc;

use millstream_state::Timestamp;

use super::buffer::{SharedBuffer, Taken};
use super::spec::StageId;

/// The events of a match, or of what may become one, by stage. As the map that FlinkCEP's functions get, and the
/// context of its iterative conditions.
///
/// Lends the events: nothing is copied. Stages are asked for by the names the pattern gives them; asking for another is a
/// mistake of the program, and fails the job.
pub struct Matched<'a, E> {
    pub(super) names: &'a [Arc<str>],
    pub(super) buffer: &'a SharedBuffer<E>,
    pub(super) taken: &'a [Taken],
}

impl<E> Clone for Matched<'_, E> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<E> Copy for Matched<'_, E> {}

impl<'a, E> Matched<'a, E> {
    /// The events of a stage, in order.
    ///
    /// # Panics
    /// If the pattern has no such stage.
    #[doc(alias("getEventsForPattern", "get"))]
    pub fn events(&self, stage: &str) -> impl DoubleEndedIterator<Item = &'a E> + use<'a, E> {
        self.events_of(self.stage(stage))
    }

    /// The first event of a stage; `None` if it has none.
    ///
    /// # Panics
    /// If the pattern has no such stage.
    pub fn first(&self, stage: &str) -> Option<&'a E> {
        self.events(stage).next()
    }

    /// The last event of a stage; `None` if it has none.
    ///
    /// # Panics
    /// If the pattern has no such stage.
    pub fn last(&self, stage: &str) -> Option<&'a E> {
        self.events(stage).next_back()
    }

    /// All events in order, each with the name of its stage.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&'a str, &'a E)> + use<'a, E> {
        let (names, buffer) = (self.names, self.buffer);
        self.taken.iter().filter_map(move |taken| {
            let name = names.get(usize::from(taken.stage.0))?;
            Some((name.as_ref(), buffer.event(taken.slot)?))
        })
    }

    /// The events of the stage with this number, in order.
    pub fn events_of(&self, stage: StageId) -> impl DoubleEndedIterator<Item = &'a E> + use<'a, E> {
        let buffer = self.buffer;
        let of_stage = self.taken.iter().filter(move |taken| taken.stage == stage);
        of_stage.filter_map(move |taken| buffer.event(taken.slot))
    }

    /// How many events there are.
    pub const fn len(&self) -> usize {
        self.taken.len()
    }

    /// Whether there are none: when a condition looks at what may become the first.
    pub const fn is_empty(&self) -> bool {
        self.taken.is_empty()
    }

    /// The timestamp of the first event.
    pub fn start(&self) -> Option<Timestamp> {
        self.taken.first().and_then(|taken| self.buffer.place_of(taken.slot)).map(|(_, timestamp)| timestamp)
    }

    /// The timestamp of the last event.
    pub fn end(&self) -> Option<Timestamp> {
        self.taken.last().and_then(|taken| self.buffer.place_of(taken.slot)).map(|(_, timestamp)| timestamp)
    }

    fn stage(&self, name: &str) -> StageId {
        let index = self.names.iter().position(|other| other.as_ref() == name);
        let index = index.and_then(|index| u16::try_from(index).ok());
        index.map_or_else(|| no_stage(name, self.names), StageId)
    }
}

#[cold]
#[allow(
    clippy::panic,
    reason = "a mistake in the program that no input can cause; an empty answer would hide it"
)]
fn no_stage(name: &str, names: &[Arc<str>]) -> ! {
    panic!("the pattern has no stage `{name}` that takes events; it has `{}`", names.join("`, `"))
}
