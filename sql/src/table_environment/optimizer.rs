//! What settings say of plans.

use super::TableEnvironment;
use crate::error::{SqlError, SqlResult};
use crate::plan::MiniBatch;

impl TableEnvironment {
    /// How many buckets the arguments of aggregates with DISTINCT have; `None` if they have none. What is read in batch mode
    /// is not split, as in Flink.
    pub(super) fn distinct_buckets(&self) -> SqlResult<Option<u32>> {
        let is_on = self.session.flag("table.optimizer.distinct-agg.split.enabled")?;
        if !is_on || self.session.is_batch() {
            return Ok(None);
        }
        let key = "table.optimizer.distinct-agg.split.bucket-num";
        let buckets = self.session.integer(key)?.unwrap_or(1024);
        let buckets = i32::try_from(buckets).ok().and_then(|buckets| u32::try_from(buckets).ok());
        let buckets = buckets.filter(|buckets| *buckets > 0);
        buckets.map(Some).ok_or_else(|| {
            SqlError::validation(format!(
                "Invalid value for option '{key}': it must be from 1 to {}",
                i32::MAX
            ))
        })
    }

    /// How rows are collected, if they are.
    pub(super) fn mini_batch(&self) -> SqlResult<Option<MiniBatch>> {
        if !self.session.flag("table.exec.mini-batch.enabled")? || self.session.is_batch() {
            return Ok(None);
        }
        let latency = self.session.duration("table.exec.mini-batch.allow-latency")?.unwrap_or_default();
        let allow_latency = u64::try_from(latency.as_millis()).unwrap_or(u64::MAX);
        if allow_latency == 0 {
            return Err(SqlError::validation("MiniBatch Latency must be greater than 0 ms.")
                .with_hint("SET 'table.exec.mini-batch.allow-latency' = '2 s'"));
        }
        let size = self.session.integer("table.exec.mini-batch.size")?.unwrap_or_default();
        if size == 0 {
            return Err(SqlError::validation(
                "Key: 'table.exec.mini-batch.size' , default: -1 (fallback keys: []) must be > 0",
            )
            .with_hint("SET 'table.exec.mini-batch.size' = '5000'"));
        }
        let strategy = self.session.setting("table.optimizer.agg-phase-strategy").map(str::trim);
        let two_phase = !strategy.is_some_and(|strategy| strategy.eq_ignore_ascii_case("ONE_PHASE"));
        Ok(Some(MiniBatch { allow_latency, size, two_phase }))
    }
}
