//! When the folders of PARTITIONED BY are complete, and what then happens: `sink.partition-commit.*`.
//!
//! See Flink's [partition commit](https://nightlies.apache.org/flink/flink-docs-stable/docs/connectors/table/filesystem/#partition-commit).

#[cfg(test)]
mod tests;
mod time_extractor;

use std::time::Duration;

use millstream_connectors::files::{PartitionCommit, PartitionStatus};

use super::Partitioning;
use crate::connectors::Options;
use crate::error::{SqlError, SqlResult};
use crate::types::zone::Zone;
use time_extractor::TimeExtractor;

/// When a folder is complete: `sink.partition-commit.trigger`.
#[derive(Clone, Debug)]
enum Trigger {
    /// So long after it was created, by the wall clock.
    ProcessTime,
    /// When the watermark has passed its time by so much.
    PartitionTime { extractor: TimeExtractor, zone: Zone },
}

/// What the options say of the folders of a sink.
#[derive(Clone, Debug)]
pub(super) struct CommitOptions {
    trigger: Trigger,
    delay: Duration,
    success_file: String,
}

impl CommitOptions {
    /// Takes them from the options of a table; `None` where nothing is done with folders that are complete.
    pub(super) fn take(options: &mut Options, partitioning: &Partitioning) -> SqlResult<Option<Self>> {
        let policy = options.take("sink.partition-commit.policy.kind");
        let success_file = options.take("sink.partition-commit.success-file.name");
        let delay = options.duration("sink.partition-commit.delay")?.unwrap_or_default();
        let zone = options.take("sink.partition-commit.watermark-time-zone");
        let extractor = TimeExtractor::take(options)?;
        let trigger = match options.take("sink.partition-commit.trigger").as_deref().map(str::trim) {
            None | Some("process-time") => Trigger::ProcessTime,
            Some("partition-time") => {
                let zone = zone.as_deref().map_or(Ok(Zone::UTC), Zone::of).map_err(|error| {
                    SqlError::validation(format!(
                        "Invalid value '{}' for option 'sink.partition-commit.watermark-time-zone'",
                        zone.as_deref().unwrap_or_default()
                    ))
                    .with_hint(error.to_string())
                })?;
                Trigger::PartitionTime { extractor, zone }
            }
            Some(other) => {
                return Err(SqlError::validation(format!(
                    "Unsupported partition commit trigger: {other}; 'sink.partition-commit.trigger' must be \
                     process-time or partition-time"
                )));
            }
        };
        let Some(policy) = policy else { return Ok(None) };
        for kind in policy.split(',').map(str::trim) {
            match kind {
                "success-file" => {}
                "metastore" => {
                    return Err(SqlError::validation(
                        "Can not configure a 'metastore' partition commit policy for a file system table. You can only \
                         configure 'metastore' partition commit policy for a hive table.",
                    ));
                }
                "custom" => {
                    return Err(SqlError::unsupported(
                        "'sink.partition-commit.policy.kind' = 'custom' is not supported: its class is one of Java",
                    ));
                }
                other => {
                    return Err(SqlError::validation(format!("Unsupported policy: {other}"))
                        .with_hint("'sink.partition-commit.policy.kind' can be success-file"));
                }
            }
        }
        if partitioning.names().next().is_none() {
            return Ok(None);
        }
        let success_file = success_file.unwrap_or_else(|| "_SUCCESS".to_owned());
        Ok(Some(Self { trigger, delay, success_file }))
    }

    /// The same for the sink that writes the folders.
    pub(super) fn commit(self, partitioning: Partitioning) -> PartitionCommit {
        let Self { trigger, delay, success_file } = self;
        let delay = i64::try_from(delay.as_millis()).unwrap_or(i64::MAX);
        PartitionCommit::success_file(&success_file, move |status| {
            is_complete(&trigger, delay, &partitioning, status)
        })
    }
}

fn is_complete(
    trigger: &Trigger,
    delay: i64,
    partitioning: &Partitioning,
    status: &PartitionStatus<'_>,
) -> Result<bool, String> {
    match trigger {
        Trigger::ProcessTime => {
            Ok(delay == 0 || status.now.as_millis() > status.created.as_millis().saturating_add(delay))
        }
        Trigger::PartitionTime { extractor, zone } => {
            let values = partitioning.values(status.folder);
            let time = extractor.extract(&values)?;
            let instant =
                zone.to_instant(time, 3).ok_or_else(|| format!("the time {time} is out of range"))?;
            Ok(status.watermark.as_millis() > instant.saturating_add(delay))
        }
    }
}
