//! Rolling aggregates: the value so far of each key, emitted anew with each of its records.
//!
//! As Flink's rolling aggregations on a keyed stream. Each operator is a [`RollingFunction`] of a
//! few lines; state, snapshots and the loop stand in [`RollingOperator`](rolling_operator).

mod count;
mod extreme;
mod fold;
mod reduce;
mod rolling_operator;
mod sum;

pub(crate) use extreme::beats;
pub(crate) use rolling_operator::RollingFunction;

#[cfg(test)]
mod tests;
