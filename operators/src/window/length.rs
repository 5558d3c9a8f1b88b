//! Lengths that event time, which counts milliseconds, can distinguish.

use std::time::Duration;

/// What is wrong with a length of windows, or the distance between them.
pub(super) fn length_problem(what: &str, length: Duration) -> Option<String> {
    if length.is_zero() {
        return Some(format!("{what} must be at least 1 ms, but is 0"));
    }
    span_problem(what, length)
}

/// What is wrong with a span of event time that may be none. What is smaller than a millisecond would be
/// cut off: windows of 1.5 ms would be such of 1 ms.
pub(super) fn span_problem(what: &str, span: Duration) -> Option<String> {
    let whole = span.subsec_nanos().is_multiple_of(1_000_000);
    (!whole).then(|| format!("{what} must be a whole number of milliseconds, but is {span:?}"))
}
