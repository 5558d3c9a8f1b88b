//! From the automaton to the user's function.

use millstream_runtime::Result;
use millstream_runtime::chain::Output;
use millstream_state::Timestamp;

use super::function::{PatternContext, PatternProcessFunction};
use super::nfa::{MatchOutput, Matched};
use crate::function::{Emitter, FunctionResult, TimeOfDay};
use crate::process::TimeDomain;

/// Calls the user's function with matches.
pub(super) struct Calls<'a, 'o, K, O, F> {
    pub(super) function: &'a mut F,
    pub(super) key: &'a K,
    pub(super) watermark: Timestamp,
    pub(super) clock: &'a TimeOfDay,
    /// What is emitted must not be late for the operators further down.
    pub(super) earliest: Timestamp,
    pub(super) domain: TimeDomain,
    pub(super) output: &'a mut Output<'o, O>,
}

impl<K, O, F> Calls<'_, '_, K, O, F> {
    fn call<T>(
        &mut self,
        at: Timestamp,
        call: impl FnOnce(&mut F, &mut PatternContext<'_, K>, &mut Emitter<'_, O>) -> FunctionResult,
    ) -> Result<()>
    where
        F: PatternProcessFunction<K, T, O>,
    {
        let timestamp = at.max(self.earliest);
        let mut cx =
            PatternContext { key: self.key, timestamp, watermark: self.watermark, clock: self.clock };
        let emitted = match self.domain {
            TimeDomain::EventTime => timestamp,
            TimeDomain::ProcessingTime => Timestamp::MIN,
        };
        Ok(call(self.function, &mut cx, &mut Emitter::new(self.output, emitted))?)
    }
}

impl<K, T, O, F: PatternProcessFunction<K, T, O>> MatchOutput<T> for Calls<'_, '_, K, O, F> {
    fn matched(&mut self, matched: &Matched<'_, T>, at: Timestamp) -> Result<()> {
        self.call(at, |function, cx, out| function.process_match(matched, cx, out))
    }

    fn timed_out(&mut self, partial: &Matched<'_, T>, at: Timestamp) -> Result<()> {
        self.call(at, |function, cx, out| function.process_timed_out(partial, cx, out))
    }
}
