//! What becomes of matches.

use millstream_runtime::graph::OutputTag;
use millstream_state::{Record, Timestamp};

use super::nfa::Matched;
use crate::function::{Emitter, FunctionResult, TimeOfDay};

/// What a [`PatternProcessFunction`] may ask, besides the match.
#[doc(alias = "TimeContext")]
pub struct PatternContext<'a, K> {
    pub(super) key: &'a K,
    pub(super) timestamp: Timestamp,
    pub(super) watermark: Timestamp,
    pub(super) clock: &'a TimeOfDay,
}

impl<K> PatternContext<'_, K> {
    /// The key; `()` where the stream has none.
    pub const fn key(&self) -> &K {
        self.key
    }

    /// When the match was found: the timestamp of the event by which it was, or at which its time was over. What is
    /// emitted gets it, in event time.
    pub const fn timestamp(&self) -> Timestamp {
        self.timestamp
    }

    /// How far event time has come.
    #[doc(alias = "currentWatermark")]
    pub const fn watermark(&self) -> Timestamp {
        self.watermark
    }

    /// The processing time. Reads a clock.
    #[doc(alias = "currentProcessingTime")]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

/// What becomes of the matches of a pattern. As FlinkCEP's `PatternProcessFunction`, with its
/// `TimedOutPartialMatchHandler`. Each subtask works with a clone of it.
#[doc(alias("TimedOutPartialMatchHandler", "PatternSelectFunction"))]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no `PatternProcessFunction` on records `{T}` with key `{K}` that emits `{O}`",
    note = "implement it for your type, which must also be `Clone + Send + Sync + 'static`; for a closure there is `select`"
)]
pub trait PatternProcessFunction<K, T, O>: Clone + Send + Sync + 'static {
    /// Takes a match.
    ///
    /// # Errors
    /// Whatever fails the job.
    #[doc(alias = "processMatch")]
    fn process_match(
        &mut self,
        matched: &Matched<'_, T>,
        cx: &mut PatternContext<'_, K>,
        out: &mut Emitter<'_, O>,
    ) -> FunctionResult;

    /// Takes a partial match whose time is over, at [`PatternContext::timestamp`]; of a partial match that was or may still
    /// have been a match as well, for example one that ends with a stage that occurs any number of times, too.
    ///
    /// # Errors
    /// Whatever fails the job.
    #[doc(alias = "processTimedOutMatch")]
    fn process_timed_out(
        &mut self,
        partial: &Matched<'_, T>,
        cx: &mut PatternContext<'_, K>,
        out: &mut Emitter<'_, O>,
    ) -> FunctionResult {
        let _ = (partial, cx, out);
        Ok(())
    }
}

/// A closure that makes records of matches.
#[derive(Clone)]
pub(super) struct Select<F>(pub(super) F);

impl<K, T, O, I, F> PatternProcessFunction<K, T, O> for Select<F>
where
    I: IntoIterator<Item = O>,
    F: FnMut(&Matched<'_, T>) -> I + Clone + Send + Sync + 'static,
{
    fn process_match(
        &mut self,
        matched: &Matched<'_, T>,
        _: &mut PatternContext<'_, K>,
        out: &mut Emitter<'_, O>,
    ) -> FunctionResult {
        (self.0)(matched).into_iter().try_for_each(|record| out.emit(record))
    }
}

/// A closure that makes records of matches, and one that makes records of a side output of what has timed out.
pub(super) struct SelectWithTimeout<F, G, S> {
    pub(super) select: F,
    pub(super) timed_out: G,
    pub(super) tag: OutputTag<S>,
}

impl<F: Clone, G: Clone, S> Clone for SelectWithTimeout<F, G, S> {
    fn clone(&self) -> Self {
        Self { select: self.select.clone(), timed_out: self.timed_out.clone(), tag: self.tag.clone() }
    }
}

impl<K, T, O, S, I, J, F, G> PatternProcessFunction<K, T, O> for SelectWithTimeout<F, G, S>
where
    S: Record,
    I: IntoIterator<Item = O>,
    J: IntoIterator<Item = S>,
    F: FnMut(&Matched<'_, T>) -> I + Clone + Send + Sync + 'static,
    G: FnMut(&Matched<'_, T>, Timestamp) -> J + Clone + Send + Sync + 'static,
{
    fn process_match(
        &mut self,
        matched: &Matched<'_, T>,
        _: &mut PatternContext<'_, K>,
        out: &mut Emitter<'_, O>,
    ) -> FunctionResult {
        (self.select)(matched).into_iter().try_for_each(|record| out.emit(record))
    }

    fn process_timed_out(
        &mut self,
        partial: &Matched<'_, T>,
        cx: &mut PatternContext<'_, K>,
        out: &mut Emitter<'_, O>,
    ) -> FunctionResult {
        let mut records = (self.timed_out)(partial, cx.timestamp()).into_iter();
        records.try_for_each(|record| out.emit_side(&self.tag, record))
    }
}
