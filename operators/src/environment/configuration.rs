//! Settings of an environment by Flink's names, as a configuration file has them.

mod apply;
mod duration;
mod keys;
mod nested;

use std::collections::BTreeMap;
use std::time::Duration;

use millstream_runtime::{Error, ErrorKind, Result};
use serde::Serialize;

pub use self::duration::parse_duration;
use self::keys::KEYS;

/// Settings by the names of [Flink's options](https://nightlies.apache.org/flink/flink-docs-release-2.3/docs/deployment/config/), for
/// [`Environment::configure`](crate::Environment::configure).
///
/// It is read from whatever format serde has, in the program's own file for instance: keys may be flat or nested, and values
/// texts, numbers or booleans. The same settings are those of SQL's `SET`.
///
/// | Key | What it sets |
/// |---|---|
/// | `parallelism.default`, `pipeline.max-parallelism`, `pipeline.operator-chaining.enabled` | [`parallelism`](crate::Environment::parallelism) and so on |
/// | `execution.buffer-timeout.interval`, `execution.buffer-timeout.enabled` | [`buffer_timeout`](crate::Environment::buffer_timeout) |
/// | `execution.checkpointing.interval`, `….min-pause`, `….timeout`, `….max-concurrent-checkpoints`, `….tolerable-failed-checkpoints`, `….num-retained`, `….mode`, `….externalized-checkpoint-retention`, `….unaligned.enabled`, `….aligned-checkpoint-timeout`, `….snapshot-compression` | [`checkpointing`](crate::Environment::checkpointing) |
/// | `execution.checkpointing.dir`, or `state.checkpoints.dir` | [`snapshot_folder`](crate::Environment::snapshot_folder) |
/// | `execution.state-recovery.path`, or `execution.savepoint.path` | [`restore_from`](crate::Environment::restore_from) |
/// | `execution.state-recovery.ignore-unclaimed-state` | [`allow_unclaimed_state`](crate::Environment::allow_unclaimed_state) |
/// | `metrics.latency.interval` | [`latency_tracking_interval`](crate::Environment::latency_tracking_interval) |
/// | `restart-strategy.type`, `restart-strategy.fixed-delay.…`, `….failure-rate.…`, `….exponential-delay.…` | [`restart_strategy`](crate::Environment::restart_strategy) |
///
/// ```
/// use millstream::Configuration;
/// use millstream::prelude::*;
///
/// let settings = Configuration::new().set("parallelism.default", 1).set("execution.checkpointing.interval", "10 s");
/// let env = Environment::new().configure(&settings)?;
/// let numbers = env.from_collection([3, 1, 2]).collect();
/// let report = env.execute("numbers")?;
/// assert_eq!(numbers.to_vec(), [3, 1, 2]);
/// assert_eq!(report.metrics.checkpoints.completed(), 1);
///
/// let misspelled = Configuration::new().set("paralelism.default", 1);
/// assert!(Environment::new().configure(&misspelled).is_err());
/// # Ok::<(), Error>(())
/// ```
#[doc(alias("config.yaml", "ConfigOption"))]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Configuration(BTreeMap<String, String>);

impl Configuration {
    /// No settings: those of the environment stay.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a setting, or changes it.
    #[must_use]
    pub fn set(mut self, key: impl Into<String>, value: impl ToString) -> Self {
        self.0.insert(key.into(), value.to_string());
        self
    }

    /// Whether there is a setting of this name.
    pub fn knows(key: &str) -> bool {
        KEYS.contains(&key)
    }

    /// # Errors
    /// For the first setting that there is not.
    fn check_keys(&self) -> Result<()> {
        let unknown = self.0.keys().find(|key| !Self::knows(key));
        unknown.map_or(Ok(()), |key| {
            let problem = format!(
                "there is no setting '{key}': the documentation of `Configuration` lists those that there are"
            );
            Err(Error::new(ErrorKind::InvalidJob, problem))
        })
    }

    /// The first of these settings that is there and not empty.
    fn text(&self, keys: &[&str]) -> Option<&str> {
        let values = keys.iter().filter_map(|key| self.0.get(*key));
        values.map(|value| value.trim()).find(|value| !value.is_empty())
    }

    fn parsed<T>(&self, key: &str, parse: impl Fn(&str) -> Option<T>, expected: &str) -> Result<Option<T>> {
        let Some(value) = self.text(&[key]) else { return Ok(None) };
        let invalid = || {
            let problem = format!("Invalid value '{value}' for option '{key}': it must be {expected}");
            Error::new(ErrorKind::InvalidJob, problem)
        };
        parse(value).map(Some).ok_or_else(invalid)
    }

    fn duration(&self, key: &str) -> Result<Option<Duration>> {
        self.parsed(key, parse_duration, "a duration such as '200 ms'")
    }

    fn flag(&self, key: &str) -> Result<Option<bool>> {
        self.parsed(key, |value| value.to_ascii_lowercase().parse().ok(), "true or false")
    }

    /// A whole number, from `least` on.
    fn integer<N: TryFrom<u64>>(&self, key: &str, least: u64) -> Result<Option<N>> {
        let parse = |value: &str| {
            let number = value.parse::<u64>().ok().filter(|number| *number >= least)?;
            N::try_from(number).ok()
        };
        self.parsed(key, parse, &format!("a whole number from {least} on that is not too large"))
    }

    fn number(&self, key: &str) -> Result<Option<f64>> {
        let parse =
            |value: &str| value.parse::<f64>().ok().filter(|number| number.is_finite() && *number >= 0.0);
        self.parsed(key, parse, "a number, not below 0")
    }

    /// Which of `names` it is, in whatever case and with or without hyphens.
    fn one_of<T: Copy>(&self, key: &str, names: &[(&str, T)]) -> Result<Option<T>> {
        let plain = |name: &str| name.to_ascii_lowercase().replace('-', "");
        let parse = |value: &str| {
            let value = plain(value);
            names.iter().find(|(name, _)| plain(name) == value).map(|(_, meaning)| *meaning)
        };
        let all = names.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
        self.parsed(key, parse, &format!("one of {all}"))
    }
}

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for Configuration {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(settings: I) -> Self {
        Self(settings.into_iter().map(|(key, value)| (key.into(), value.into())).collect())
    }
}

#[cfg(test)]
mod tests;
