//! How far event time has come on each input channel of a subtask.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, AtomicU8, Ordering};

use millstream_state::Timestamp;

use crate::input::InputState;

/// How far event time has come on each input channel; written when a watermark or a status comes.
#[derive(Debug, Default)]
pub(super) struct InputWatermarks(OnceLock<Box<[(AtomicI64, AtomicU8)]>>);

impl InputWatermarks {
    /// Notes where channel `index` of `channels` stands.
    pub(super) fn set(&self, index: usize, channels: usize, watermark: Timestamp, state: InputState) {
        let new = || (AtomicI64::new(Timestamp::MIN.as_millis()), AtomicU8::new(0));
        let inputs = self.0.get_or_init(|| (0..channels).map(|_| new()).collect());
        if let Some((at, is)) = inputs.get(index) {
            at.store(watermark.as_millis(), Ordering::Relaxed);
            is.store(
                match state {
                    InputState::Active => 0,
                    InputState::Idle => 1,
                    InputState::Ended => 2,
                },
                Ordering::Relaxed,
            );
        }
    }

    /// All channels, or none before the first watermark.
    pub(super) fn read(&self) -> Vec<(Timestamp, InputState)> {
        let read = |(at, is): &(AtomicI64, AtomicU8)| {
            let state = match is.load(Ordering::Relaxed) {
                0 => InputState::Active,
                1 => InputState::Idle,
                _ => InputState::Ended,
            };
            (Timestamp::from_millis(at.load(Ordering::Relaxed)), state)
        };
        self.0.get().map(|inputs| inputs.iter().map(read).collect()).unwrap_or_default()
    }
}
