//! Watermarks that sources make themselves, split by split.
//!
//! As Flink's `SupportsWatermarkPushDown` with its
//! [options](https://nightlies.apache.org/flink/flink-docs-stable/docs/sql/reference/ddl/create/#watermark): a split that is
//! behind holds the watermark back, however far the others are; after a restore all begin anew.

#[cfg(any(feature = "kafka", feature = "nats"))]
mod chunks;
mod options;
mod splits;
#[cfg(test)]
mod tests;

use std::time::Duration;

use crate::operators::WatermarkExpression;

#[cfg(any(feature = "kafka", feature = "nats"))]
pub(super) use chunks::chunk_strategy;
pub(crate) use options::{WatermarkAlignment, WatermarkOptions};
pub use splits::SplitWatermarks;

/// When a source emits watermarks: `scan.watermark.emit.strategy`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WatermarkEmission {
    /// `on-periodic`: when the rows at hand have been emitted.
    OnPeriodic,
    /// `on-event`: right behind each row that raises it.
    OnEvent {
        /// Looks at every so many-th row of a split alone; above 0. `scan.watermark.emit.on-event.gap`.
        gap: u64,
    },
}

/// What a source needs to make the watermarks of a table; each reader makes its [`SplitWatermarks`] from it.
#[derive(Clone)]
pub struct WatermarkStrategy {
    pub(super) expression: WatermarkExpression,
    pub(super) emission: WatermarkEmission,
    pub(super) idle_timeout: Option<Duration>,
    #[cfg_attr(
        not(any(feature = "kafka", feature = "nats")),
        allow(dead_code, reason = "only topics and streams wait for others")
    )]
    pub(super) alignment: Option<WatermarkAlignment>,
}

impl WatermarkStrategy {
    /// The watermark of each row that is scanned; a split without rows for `idle_timeout` does not hold others back.
    pub const fn new(
        expression: WatermarkExpression,
        emission: WatermarkEmission,
        idle_timeout: Option<Duration>,
    ) -> Self {
        Self { expression, emission, idle_timeout, alignment: None }
    }

    /// Keeps pace with the sources of a group.
    pub(crate) fn aligned(self, alignment: Option<WatermarkAlignment>) -> Self {
        Self { alignment, ..self }
    }

    /// Whether watermarks come right behind rows.
    #[cfg(any(feature = "kafka", feature = "nats"))]
    pub(super) const fn is_on_event(&self) -> bool {
        matches!(self.emission, WatermarkEmission::OnEvent { .. })
    }

    /// At which rows is looked alone, where watermarks come right behind them.
    #[cfg(any(feature = "kafka", feature = "nats"))]
    pub(super) const fn gap(&self) -> Option<u64> {
        match self.emission {
            WatermarkEmission::OnPeriodic => None,
            WatermarkEmission::OnEvent { gap } => Some(if gap == 0 { 1 } else { gap }),
        }
    }
}
