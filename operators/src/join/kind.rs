//! Which records without a partner a join emits as well.

/// Which records without a partner a join emits as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct JoinKind {
    /// Those of the left stream.
    pub(super) left_outer: bool,
    /// Those of the right stream.
    pub(super) right_outer: bool,
}

impl JoinKind {
    pub(super) const INNER: Self = Self { left_outer: false, right_outer: false };
    pub(super) const LEFT: Self = Self { left_outer: true, right_outer: false };
    pub(super) const RIGHT: Self = Self { left_outer: false, right_outer: true };
    pub(super) const FULL: Self = Self { left_outer: true, right_outer: true };
}

/// Makes a record of a pair of which one half may be missing; never of two missing halves.
pub(super) trait JoinFunction<A, B, O>:
    FnMut(Option<&A>, Option<&B>) -> Option<O> + Clone + Send + Sync + 'static
{
}

impl<A, B, O, F> JoinFunction<A, B, O> for F where
    F: FnMut(Option<&A>, Option<&B>) -> Option<O> + Clone + Send + Sync + 'static
{
}

/// A function of pairs as one of halves.
pub(super) fn inner<A, B, O>(
    mut join: impl FnMut(&A, &B) -> O + Clone + Send + Sync + 'static,
) -> impl JoinFunction<A, B, O> {
    move |left: Option<&A>, right: Option<&B>| left.zip(right).map(|(left, right)| join(left, right))
}

/// A function of pairs whose right half may be missing as one of halves.
pub(super) fn left<A, B, O>(
    mut join: impl FnMut(&A, Option<&B>) -> O + Clone + Send + Sync + 'static,
) -> impl JoinFunction<A, B, O> {
    move |left: Option<&A>, right: Option<&B>| left.map(|left| join(left, right))
}

/// A function of pairs whose left half may be missing as one of halves.
pub(super) fn right<A, B, O>(
    mut join: impl FnMut(Option<&A>, &B) -> O + Clone + Send + Sync + 'static,
) -> impl JoinFunction<A, B, O> {
    move |left: Option<&A>, right: Option<&B>| right.map(|right| join(left, right))
}

/// A function of pairs of which one half may be missing as one of halves.
pub(super) fn full<A, B, O>(
    mut join: impl FnMut(Option<&A>, Option<&B>) -> O + Clone + Send + Sync + 'static,
) -> impl JoinFunction<A, B, O> {
    move |left: Option<&A>, right: Option<&B>| Some(join(left, right))
}
