//! `scan.watermark.*`: what the options of a table say of its watermarks.

use std::time::Duration;

use super::WatermarkEmission;
use crate::connectors::Options;
use crate::error::{SqlError, SqlResult};

const STRATEGY: &str = "scan.watermark.emit.strategy";
const GAP: &str = "scan.watermark.emit.on-event.gap";
const IDLE_TIMEOUT: &str = "scan.watermark.idle-timeout";
const ALIGNMENT: [&str; 3] = [
    "scan.watermark.alignment.group",
    "scan.watermark.alignment.max-drift",
    "scan.watermark.alignment.update-interval",
];

/// The options of a table on its watermarks, as Flink's `WatermarkParams`. They mean something to sources that make
/// watermarks themselves, and nothing to others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct WatermarkOptions {
    /// When watermarks are emitted, if the table says it.
    pub(crate) emission: Option<WatermarkEmission>,
    /// After how long without rows a split is idle, if the table says it.
    pub(crate) idle_timeout: Option<Duration>,
}

impl WatermarkOptions {
    /// Takes them from the options of a table.
    ///
    /// # Errors
    /// If one is not what it must be, or asks for alignment.
    pub(crate) fn take(options: &mut Options) -> SqlResult<Self> {
        if let Some(key) = ALIGNMENT.into_iter().find(|key| options.take(key).is_some()) {
            return Err(SqlError::unsupported(format!(
                "'{key}' is not supported yet: sources do not wait for each other"
            ))
            .with_hint(
                "leave out 'scan.watermark.alignment.*': it changes how much is buffered, not what comes out",
            ));
        }
        let gap = options.parse::<u64>(GAP, "a number above 0")?;
        if gap == Some(0) {
            return Err(SqlError::validation(format!(
                "Invalid value '0' for option '{GAP}': it must be a number above 0"
            )));
        }
        let emission = match options.take(STRATEGY) {
            None => None,
            Some(value) => Some(match value.trim().to_ascii_lowercase().as_str() {
                "on-periodic" => WatermarkEmission::OnPeriodic,
                "on-event" => WatermarkEmission::OnEvent { gap: gap.unwrap_or(1) },
                _ => {
                    return Err(SqlError::validation(format!(
                        "Invalid value '{value}' for option '{STRATEGY}': it must be on-periodic or on-event"
                    )));
                }
            }),
        };
        let idle_timeout = options.duration(IDLE_TIMEOUT)?;
        Ok(Self { emission, idle_timeout })
    }
}
