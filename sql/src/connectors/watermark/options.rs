//! `scan.watermark.*`: what the options of a table say of its watermarks.

use std::time::Duration;

use super::WatermarkEmission;
use crate::connectors::Options;
use crate::error::{SqlError, SqlResult};

const STRATEGY: &str = "scan.watermark.emit.strategy";
const GAP: &str = "scan.watermark.emit.on-event.gap";
const IDLE_TIMEOUT: &str = "scan.watermark.idle-timeout";
const GROUP: &str = "scan.watermark.alignment.group";
const MAX_DRIFT: &str = "scan.watermark.alignment.max-drift";
const UPDATE_INTERVAL: &str = "scan.watermark.alignment.update-interval";

/// How often sources of a group look at each other, unless the table says it.
const DEFAULT_UPDATE_INTERVAL: Duration = Duration::from_secs(1);

/// With which sources one keeps pace in event time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WatermarkAlignment {
    pub(crate) group: String,
    pub(crate) max_drift: Duration,
    pub(crate) update_interval: Duration,
}

impl WatermarkAlignment {
    fn take(options: &mut Options) -> SqlResult<Option<Self>> {
        let (group, max_drift) = (options.take(GROUP), options.duration(MAX_DRIFT)?);
        let update_interval = options.duration(UPDATE_INTERVAL)?;
        match (group, max_drift) {
            (Some(group), Some(max_drift)) => {
                let update_interval = update_interval.unwrap_or(DEFAULT_UPDATE_INTERVAL);
                Ok(Some(Self { group, max_drift, update_interval }))
            }
            (None, None) if update_interval.is_none() => Ok(None),
            _ => Err(SqlError::validation(format!(
                "'{GROUP}' and '{MAX_DRIFT}' must be set together when watermarks are to be aligned"
            ))),
        }
    }
}

/// The options of a table on its watermarks, as Flink's `WatermarkParams`. They mean something to sources that make
/// watermarks themselves, and nothing to others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct WatermarkOptions {
    /// When watermarks are emitted, if the table says it.
    pub(crate) emission: Option<WatermarkEmission>,
    /// After how long without rows a split is idle, if the table says it.
    pub(crate) idle_timeout: Option<Duration>,
    /// With whom the source keeps pace, if the table says it.
    pub(crate) alignment: Option<WatermarkAlignment>,
}

impl WatermarkOptions {
    /// Takes them from the options of a table.
    ///
    /// # Errors
    /// If one is not what it must be.
    pub(crate) fn take(options: &mut Options) -> SqlResult<Self> {
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
        let alignment = WatermarkAlignment::take(options)?;
        Ok(Self { emission, idle_timeout, alignment })
    }
}
