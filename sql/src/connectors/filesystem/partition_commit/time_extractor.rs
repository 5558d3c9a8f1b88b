//! The time of a folder, from the values of its columns: `partition.time-extractor.*`.

use crate::connectors::Options;
use crate::error::{SqlError, SqlResult};
use crate::types::calendar::TimestampUnit;
use crate::types::text::pattern::Pattern;
use crate::types::text::timestamp::parse_timestamp;

/// Reads the time of a folder. As Flink's `DefaultPartTimeExtractor`.
#[derive(Clone, Debug)]
pub(super) struct TimeExtractor {
    /// `$dt $hm:00`, in which names of columns stand for their values; the value of the first column if there is none.
    pattern: Option<String>,
    /// How the text is read; `yyyy-MM-dd HH:mm:ss`, of which the time may be missing, if there is none.
    format: Option<Pattern>,
}

impl TimeExtractor {
    pub(super) fn take(options: &mut Options) -> SqlResult<Self> {
        let class = options.take("partition.time-extractor.class");
        match options.take("partition.time-extractor.kind").as_deref() {
            None | Some("default") if class.is_none() => {}
            None | Some("default" | "custom") => {
                return Err(SqlError::unsupported(
                    "'partition.time-extractor.class' is not supported: it is a class of Java",
                )
                .with_hint("'partition.time-extractor.timestamp-pattern' = '$dt $hour:00:00' makes a time of columns"));
            }
            Some(other) => {
                return Err(SqlError::validation(format!(
                    "Invalid value '{other}' for option 'partition.time-extractor.kind': it must be default"
                )));
            }
        }
        let pattern = options.take("partition.time-extractor.timestamp-pattern");
        let format = options.take("partition.time-extractor.timestamp-formatter");
        let format = format.map(|text| {
            Pattern::compile(&text).map_err(|error| {
                SqlError::validation(format!(
                    "Invalid value '{text}' for option 'partition.time-extractor.timestamp-formatter': {error}"
                ))
            })
        });
        Ok(Self { pattern, format: format.transpose()? })
    }

    /// The time on the clock, in milliseconds since 1970-01-01 00:00:00.
    ///
    /// # Errors
    /// What is wrong, if the text is no time.
    pub(super) fn extract(&self, values: &[(String, String)]) -> Result<i64, String> {
        let text = match &self.pattern {
            None => values.first().map(|(_, value)| value.clone()).unwrap_or_default(),
            Some(pattern) => values
                .iter()
                .fold(pattern.clone(), |text, (name, value)| text.replace(&format!("${name}"), value)),
        };
        let time = match &self.format {
            None => parse_timestamp(&text, 3),
            Some(format) => format.parse(&text).and_then(|time| time.timestamp(TimestampUnit::Millisecond)),
        };
        time.ok_or_else(|| {
            format!("'{text}' is no time, see 'partition.time-extractor.timestamp-pattern' and '…-formatter'")
        })
    }
}
