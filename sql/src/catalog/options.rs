//! The settings of a session that are known: their types, their defaults, and whether anything looks at them.

use std::fmt;
use std::time::Duration;

use millstream_operators::parse_duration;

use super::Session;
use crate::error::{SqlError, SqlResult};
use crate::suggestion::nearest;

/// A setting, as Flink's `ConfigOption`.
#[derive(Clone, Copy, Debug)]
pub struct ConfigOption {
    /// Its key.
    pub key: &'static str,
    /// What a value must be.
    pub kind: OptionKind,
    /// The value if it is not set.
    pub default: &'static str,
    /// What becomes of it.
    pub status: OptionStatus,
}

/// What the value of a setting must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OptionKind {
    /// Any text.
    Text,
    /// `true` or `false`.
    Boolean,
    /// A whole number from this one on.
    Integer(u64),
    /// A number, not below 0.
    Number,
    /// As `200 ms`.
    Duration,
    /// One of these, in whatever case it is written.
    OneOf(&'static [&'static str]),
}

/// What becomes of a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OptionStatus {
    /// The engine does what it says.
    Used,
    /// Scripts for Flink may set it: nothing looks at it.
    Accepted,
}

use OptionKind::{Boolean, Duration as Time, Integer, Number, OneOf, Text};
use OptionStatus::{Accepted, Used};

const fn option(
    key: &'static str,
    kind: OptionKind,
    default: &'static str,
    status: OptionStatus,
) -> ConfigOption {
    ConfigOption { key, kind, default, status }
}

/// All settings that are known, by key.
pub const OPTIONS: &[ConfigOption] = &[
    option("execution.attached", Boolean, "true", Accepted),
    option("execution.buffer-timeout.enabled", Boolean, "true", Used),
    option("execution.buffer-timeout.interval", Time, "100 ms", Used),
    option("execution.checkpointing.aligned-checkpoint-timeout", Time, "0 ms", Used),
    option("execution.checkpointing.dir", Text, "", Used),
    option(
        "execution.checkpointing.externalized-checkpoint-retention",
        OneOf(&["RETAIN_ON_CANCELLATION", "DELETE_ON_CANCELLATION"]),
        "RETAIN_ON_CANCELLATION",
        Used,
    ),
    option("execution.checkpointing.interval", Time, "", Used),
    option("execution.checkpointing.max-concurrent-checkpoints", Integer(1), "1", Used),
    option("execution.checkpointing.min-pause", Time, "0 ms", Used),
    option("execution.checkpointing.mode", OneOf(&["EXACTLY_ONCE", "AT_LEAST_ONCE"]), "EXACTLY_ONCE", Used),
    option("execution.checkpointing.num-retained", Integer(1), "1", Used),
    option("execution.checkpointing.savepoint-dir", Text, "", Used),
    option("execution.checkpointing.snapshot-compression", Boolean, "false", Used),
    option("execution.checkpointing.timeout", Time, "10 min", Used),
    option("execution.checkpointing.tolerable-failed-checkpoints", Integer(0), "0", Used),
    option("execution.checkpointing.unaligned.enabled", Boolean, "false", Used),
    option("execution.runtime-mode", OneOf(&["STREAMING", "BATCH", "AUTOMATIC"]), "STREAMING", Used),
    option("execution.savepoint.path", Text, "", Used),
    option("execution.state-recovery.ignore-unclaimed-state", Boolean, "false", Used),
    option("execution.state-recovery.path", Text, "", Used),
    option("metrics.latency.interval", Time, "0 ms", Used),
    option("millstream.source.rows-per-second", Integer(1), "", Used),
    option("parallelism.default", Integer(1), "1", Used),
    option("pipeline.auto-watermark-interval", Time, "200 ms", Used),
    option("pipeline.max-parallelism", Integer(1), "128", Used),
    option("pipeline.name", Text, "", Used),
    option("pipeline.object-reuse", Boolean, "false", Accepted),
    option("pipeline.operator-chaining.enabled", Boolean, "true", Used),
    option("restart-strategy.exponential-delay.attempts-before-reset-backoff", Integer(1), "", Accepted),
    option("restart-strategy.exponential-delay.backoff-multiplier", Number, "1.5", Used),
    option("restart-strategy.exponential-delay.initial-backoff", Time, "1 s", Used),
    option("restart-strategy.exponential-delay.jitter-factor", Number, "0.1", Used),
    option("restart-strategy.exponential-delay.max-backoff", Time, "1 min", Used),
    option("restart-strategy.exponential-delay.reset-backoff-threshold", Time, "1 h", Used),
    option("restart-strategy.failure-rate.delay", Time, "1 s", Used),
    option("restart-strategy.failure-rate.failure-rate-interval", Time, "1 min", Used),
    option("restart-strategy.failure-rate.max-failures-per-interval", Integer(0), "1", Used),
    option("restart-strategy.fixed-delay.attempts", Integer(0), "1", Used),
    option("restart-strategy.fixed-delay.delay", Time, "1 s", Used),
    option(
        "restart-strategy.type",
        OneOf(&[
            "none",
            "off",
            "disable",
            "fixed-delay",
            "fixeddelay",
            "failure-rate",
            "failurerate",
            "exponential-delay",
            "exponentialdelay",
        ]),
        "",
        Used,
    ),
    option("s3.access-key", Text, "", Used),
    option("s3.endpoint", Text, "", Used),
    option("s3.endpoint.region", Text, "", Used),
    option("s3.path.style.access", Boolean, "true", Accepted),
    option("s3.region", Text, "", Used),
    option("s3.secret-key", Text, "", Used),
    option("sql-client.display.color-schema", Text, "DEFAULT", Accepted),
    option("sql-client.display.max-column-width", Integer(1), "30", Used),
    option("sql-client.execution.max-table-result.rows", Integer(1), "1000000", Accepted),
    option(
        "sql-client.execution.result-mode",
        OneOf(&["TABLE", "CHANGELOG", "TABLEAU"]),
        "TABLEAU",
        Accepted,
    ),
    option("sql-client.verbose", Boolean, "false", Accepted),
    option("state.checkpoints.dir", Text, "", Used),
    option("state.savepoints.dir", Text, "", Used),
    option("table.display.max-column-width", Integer(1), "30", Used),
    option("table.dml-sync", Boolean, "false", Accepted),
    option("table.exec.emit.allow-lateness", Time, "", Used),
    option("table.exec.emit.early-fire.delay", Time, "", Used),
    option("table.exec.emit.early-fire.enabled", Boolean, "false", Used),
    option("table.exec.emit.late-fire.delay", Time, "", Used),
    option("table.exec.emit.late-fire.enabled", Boolean, "false", Used),
    option("table.exec.mini-batch.allow-latency", Time, "0 ms", Used),
    option("table.exec.mini-batch.enabled", Boolean, "false", Used),
    option("table.exec.mini-batch.size", Integer(0), "", Used),
    option("table.exec.resource.default-parallelism", Integer(0), "", Used),
    option("table.exec.sink.require-on-conflict", Boolean, "false", Used),
    option("table.exec.source.idle-timeout", Time, "0 ms", Used),
    option("table.exec.state.ttl", Time, "0 ms", Used),
    option("table.local-time-zone", Text, "default", Used),
    option("table.optimizer.agg-phase-strategy", OneOf(&["AUTO", "ONE_PHASE", "TWO_PHASE"]), "AUTO", Used),
    option("table.optimizer.distinct-agg.split.bucket-num", Integer(1), "1024", Used),
    option("table.optimizer.distinct-agg.split.enabled", Boolean, "false", Used),
    option("table.optimizer.reuse-source-enabled", Boolean, "true", Accepted),
    option("table.optimizer.reuse-sub-plan-enabled", Boolean, "true", Used),
    option("table.plan.compile.catalog-objects", Text, "ALL", Accepted),
    option("table.sql-dialect", OneOf(&["DEFAULT"]), "default", Accepted),
];

impl ConfigOption {
    /// The setting of this key.
    pub fn named(key: &str) -> Option<&'static Self> {
        OPTIONS.iter().find(|option| option.key == key)
    }

    /// Checks a value.
    ///
    /// # Errors
    /// If it is not what the setting must be.
    pub fn check(&self, value: &str) -> SqlResult<()> {
        let trimmed = value.trim();
        let fits = match self.kind {
            Text => true,
            Boolean => trimmed.eq_ignore_ascii_case("true") || trimmed.eq_ignore_ascii_case("false"),
            Integer(minimum) => trimmed.parse::<u64>().is_ok_and(|number| number >= minimum),
            Number => trimmed.parse::<f64>().is_ok_and(|number| number >= 0.0 && number.is_finite()),
            Time => parse_duration(trimmed).is_some(),
            OneOf(values) => values.iter().any(|known| known.eq_ignore_ascii_case(trimmed)),
        };
        if fits { Ok(()) } else { Err(self.invalid(value)) }
    }

    fn invalid(&self, value: &str) -> SqlError {
        SqlError::validation(format!(
            "Invalid value '{value}' for option '{}': it must be {}",
            self.key, self.kind
        ))
    }
}

/// Checks a setting before it is made; the answer is a warning, if there is something to say.
///
/// # Errors
/// If the key is known and the value is not what it must be.
pub fn check_setting(key: &str, value: &str) -> SqlResult<Option<String>> {
    match ConfigOption::named(key) {
        Some(option) => option.check(value).map(|()| None),
        None => {
            let keys: Vec<&str> = OPTIONS.iter().map(|option| option.key).collect();
            Ok(nearest(key, &keys)
                .map(|known| format!("nothing looks at the setting '{key}': did you mean '{known}'?")))
        }
    }
}

impl Session {
    /// The value of a setting that is a number; `None` if it is not set.
    ///
    /// # Errors
    /// If it is something else.
    pub fn integer(&self, key: &str) -> SqlResult<Option<u64>> {
        self.parsed(key, |value| value.parse().ok(), Integer(0))
    }

    /// The value of a setting that is a number with a fraction; `None` if it is not set.
    ///
    /// # Errors
    /// If it is something else.
    pub fn number(&self, key: &str) -> SqlResult<Option<f64>> {
        self.parsed(key, |value| value.parse().ok(), Number)
    }

    /// The value of a setting that is a length of time; `None` if it is not set.
    ///
    /// # Errors
    /// If it is something else.
    pub fn duration(&self, key: &str) -> SqlResult<Option<Duration>> {
        self.parsed(key, parse_duration, Time)
    }

    /// The value of a setting that is true or false; false if it is not set.
    ///
    /// # Errors
    /// If it is something else.
    pub fn flag(&self, key: &str) -> SqlResult<bool> {
        let parse = |value: &str| value.to_ascii_lowercase().parse().ok();
        Ok(self.parsed(key, parse, Boolean)?.unwrap_or(false))
    }

    /// Whether results are those of the end, without the changes that led there.
    pub fn is_batch(&self) -> bool {
        self.setting("execution.runtime-mode").is_some_and(|mode| mode.trim().eq_ignore_ascii_case("batch"))
    }

    fn parsed<T>(
        &self,
        key: &str,
        parse: impl Fn(&str) -> Option<T>,
        otherwise: OptionKind,
    ) -> SqlResult<Option<T>> {
        let Some(value) = self.setting(key) else { return Ok(None) };
        if let Some(option) = ConfigOption::named(key) {
            option.check(value)?;
        }
        parse(value.trim()).map(Some).ok_or_else(|| {
            SqlError::validation(format!(
                "Invalid value '{value}' for option '{key}': it must be {otherwise}"
            ))
        })
    }
}

impl fmt::Display for OptionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Text => f.write_str("a text"),
            Boolean => f.write_str("true or false"),
            Integer(0) => f.write_str("a number"),
            Integer(1) => f.write_str("a number above 0"),
            Integer(minimum) => write!(f, "a number from {minimum} on"),
            Number => f.write_str("a number, not below 0"),
            Time => f.write_str("a duration such as '200 ms'"),
            OneOf(values) => write!(f, "one of {}", values.join(", ")),
        }
    }
}

impl fmt::Display for OptionStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Used => "used",
            Accepted => "accepted, without effect",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{OPTIONS, check_setting};

    #[test]
    fn options_are_sorted_and_their_defaults_fit() {
        assert!(OPTIONS.is_sorted_by_key(|option| option.key));
        for option in OPTIONS.iter().filter(|option| !option.default.is_empty()) {
            assert_eq!(option.check(option.default), Ok(()), "{}", option.key);
        }
    }

    #[test]
    fn values_of_known_settings_are_checked() {
        let wrong = [
            ("parallelism.default", "0"),
            ("parallelism.default", "many"),
            ("table.dml-sync", "yes"),
            ("execution.checkpointing.interval", "10 parsecs"),
            ("execution.runtime-mode", "sometimes"),
            ("restart-strategy.exponential-delay.jitter-factor", "-1"),
        ];
        for (key, value) in wrong {
            let error = check_setting(key, value).unwrap_err();
            assert!(error.message().contains(key) && error.message().contains(value), "{error}");
        }
        assert_eq!(check_setting("execution.runtime-mode", "batch"), Ok(None));
        assert_eq!(check_setting("my.own.setting", "anything"), Ok(None));
    }

    #[test]
    fn a_misspelled_key_gets_a_warning() {
        let warning = check_setting("paralelism.default", "2").unwrap().unwrap();
        assert!(warning.contains("parallelism.default"), "{warning}");
    }
}
