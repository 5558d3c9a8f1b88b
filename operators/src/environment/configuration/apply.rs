//! What each setting does to an environment.

use std::time::Duration;

use millstream_runtime::Result;
use millstream_runtime::checkpoint::{CheckpointConfig, CheckpointMode};
use millstream_runtime::job::{ExponentialDelay, RestartStrategy};

use super::Configuration;
use crate::Environment;

/// The restart strategies, as `restart-strategy.type` names them.
#[derive(Clone, Copy)]
enum Restarts {
    None,
    FixedDelay,
    FailureRate,
    ExponentialDelay,
}

impl Environment {
    /// Makes the settings of a [`Configuration`], which says what there is and has an example. What it does not set stays as it is.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidJob`](millstream_runtime::ErrorKind::InvalidJob) for a setting that there is not, or a value that is not what
    /// it must be.
    pub fn configure(mut self, settings: &Configuration) -> Result<Self> {
        settings.check_keys()?;
        if let Some(parallelism) = settings.integer("parallelism.default", 1)? {
            self = self.parallelism(parallelism);
        }
        if let Some(maximum) = settings.integer("pipeline.max-parallelism", 1)? {
            self = self.max_parallelism(maximum);
        }
        if settings.flag("pipeline.operator-chaining.enabled")? == Some(false) {
            self = self.disable_operator_chaining();
        }
        if let Some(timeout) = settings.duration("execution.buffer-timeout.interval")? {
            self = self.buffer_timeout(timeout);
        }
        if settings.flag("execution.buffer-timeout.enabled")? == Some(false) {
            self = self.buffer_timeout(None);
        }
        if let Some(interval) = settings.duration("metrics.latency.interval")? {
            // As in Flink, none is off.
            self = self.latency_tracking_interval(Some(interval).filter(|interval| !interval.is_zero()));
        }
        if let Some(config) = settings.checkpoints()? {
            self = self.checkpointing(config);
        }
        if let Some(folder) = settings.text(&["execution.checkpointing.dir", "state.checkpoints.dir"]) {
            self = self.snapshot_folder(folder);
        }
        if let Some(strategy) = settings.restart_strategy()? {
            self = self.restart_strategy(strategy);
        }
        if let Some(path) = settings.text(&["execution.state-recovery.path", "execution.savepoint.path"]) {
            self = self.restore_from(path);
        }
        if settings.flag("execution.state-recovery.ignore-unclaimed-state")? == Some(true) {
            self = self.allow_unclaimed_state();
        }
        Ok(self)
    }
}

impl Configuration {
    /// `None` where no interval is set: without one there are no checkpoints.
    fn checkpoints(&self) -> Result<Option<CheckpointConfig>> {
        let key = |rest: &str| format!("execution.checkpointing.{rest}");
        let Some(interval) = self.duration(&key("interval"))?.filter(|interval| !interval.is_zero()) else {
            return Ok(None);
        };
        let mut config = CheckpointConfig::every(interval);
        if let Some(pause) = self.duration(&key("min-pause"))? {
            config = config.min_pause(pause);
        }
        if let Some(timeout) = self.duration(&key("timeout"))? {
            config = config.timeout(timeout);
        }
        if let Some(failures) = self.integer(&key("tolerable-failed-checkpoints"), 0)? {
            config = config.tolerable_failures(failures);
        }
        if let Some(retained) = self.integer(&key("num-retained"), 1)? {
            config = config.retained(retained);
        }
        if let Some(concurrent) = self.integer(&key("max-concurrent-checkpoints"), 1)? {
            config = config.max_concurrent(concurrent);
        }
        let modes =
            [("EXACTLY_ONCE", CheckpointMode::ExactlyOnce), ("AT_LEAST_ONCE", CheckpointMode::AtLeastOnce)];
        if let Some(mode) = self.one_of(&key("mode"), &modes)? {
            config = config.mode(mode);
        }
        let deletes = [("RETAIN_ON_CANCELLATION", false), ("DELETE_ON_CANCELLATION", true)];
        if self.one_of(&key("externalized-checkpoint-retention"), &deletes)? == Some(true) {
            config = config.delete_on_cancellation();
        }
        let aligned = self.duration(&key("aligned-checkpoint-timeout"))?;
        if self.flag(&key("unaligned.enabled"))? == Some(true) {
            config = config.unaligned_after(aligned.unwrap_or_default());
        }
        if self.flag(&key("snapshot-compression"))? == Some(true) {
            config = config.compressed();
        }
        Ok(Some(config))
    }

    fn restart_strategy(&self) -> Result<Option<RestartStrategy>> {
        let key = |rest: &str| format!("restart-strategy.{rest}");
        let duration = |rest: &str, otherwise: u64| -> Result<Duration> {
            Ok(self.duration(&key(rest))?.unwrap_or(Duration::from_secs(otherwise)))
        };
        let count = |rest: &str| -> Result<u32> { Ok(self.integer(&key(rest), 0)?.unwrap_or(1)) };
        let types = [
            ("none", Restarts::None),
            ("off", Restarts::None),
            ("disable", Restarts::None),
            ("fixed-delay", Restarts::FixedDelay),
            ("failure-rate", Restarts::FailureRate),
            ("exponential-delay", Restarts::ExponentialDelay),
        ];
        // As in Flink before 1.19, too.
        let strategy = match self.one_of(&key("type"), &types)? {
            None => self.one_of("restart-strategy", &types)?,
            given => given,
        };
        let Some(strategy) = strategy else { return Ok(None) };
        Ok(Some(match strategy {
            Restarts::None => RestartStrategy::None,
            Restarts::FixedDelay => RestartStrategy::fixed_delay(
                count("fixed-delay.attempts")?,
                duration("fixed-delay.delay", 1)?,
            ),
            Restarts::FailureRate => RestartStrategy::failure_rate(
                count("failure-rate.max-failures-per-interval")?,
                duration("failure-rate.failure-rate-interval", 60)?,
                duration("failure-rate.delay", 1)?,
            ),
            Restarts::ExponentialDelay => {
                let mut delay = ExponentialDelay::new()
                    .initial(duration("exponential-delay.initial-backoff", 1)?)
                    .max(duration("exponential-delay.max-backoff", 60)?)
                    .reset_after(duration("exponential-delay.reset-backoff-threshold", 3_600)?);
                if let Some(multiplier) = self.number(&key("exponential-delay.backoff-multiplier"))? {
                    delay = delay.multiplier(multiplier);
                }
                if let Some(jitter) = self.number(&key("exponential-delay.jitter-factor"))? {
                    delay = delay.jitter(jitter);
                }
                delay.into()
            }
        }))
    }
}
