//! From the settings of a session to the environment that its jobs run in: the one place where they are read.

use std::time::Duration;

use millstream_operators::Environment;
use millstream_runtime::checkpoint::{CheckpointConfig, CheckpointMode};
use millstream_runtime::job::{ExponentialDelay, RestartStrategy};
use millstream_sql::SqlError;
use millstream_sql::catalog::Session;

/// The environment that the settings of a session describe.
///
/// # Errors
/// If a setting is not what it must be.
pub fn environment(session: &Session) -> Result<Environment, SqlError> {
    let of_queries = session.integer("table.exec.resource.default-parallelism")?.filter(|value| *value > 0);
    let parallelism = of_queries.or(session.integer("parallelism.default")?).unwrap_or(1);
    let mut environment = Environment::new().parallelism(small(parallelism, "parallelism.default")?);
    if let Some(maximum) = session.integer("pipeline.max-parallelism")? {
        environment = environment.max_parallelism(small(maximum, "pipeline.max-parallelism")?);
    }
    let chaining = "pipeline.operator-chaining.enabled";
    if session.setting(chaining).is_some() && !session.flag(chaining)? {
        environment = environment.disable_operator_chaining();
    }
    if let Some(config) = checkpoints(session)? {
        environment = environment.checkpointing(config);
    }
    if let Some(folder) = text(session, &["execution.checkpointing.dir", "state.checkpoints.dir"]) {
        environment = environment.snapshot_folder(folder);
    }
    for (name, value) in session.store_options() {
        environment = environment.store_option(name, value);
    }
    if let Some(strategy) = restart_strategy(session)? {
        environment = environment.restart_strategy(strategy);
    }
    if let Some(path) = text(session, &["execution.state-recovery.path", "execution.savepoint.path"]) {
        environment = environment.restore_from(path);
    }
    if session.flag("execution.state-recovery.ignore-unclaimed-state")? {
        environment = environment.allow_unclaimed_state();
    }
    Ok(environment)
}

/// The name of a job.
pub fn job_name(session: &Session, otherwise: &str) -> String {
    text(session, &["pipeline.name"]).unwrap_or_else(|| otherwise.to_owned())
}

fn checkpoints(session: &Session) -> Result<Option<CheckpointConfig>, SqlError> {
    let Some(interval) =
        session.duration("execution.checkpointing.interval")?.filter(|value| !value.is_zero())
    else {
        return Ok(None);
    };
    let mut config = CheckpointConfig::every(interval);
    if let Some(pause) = session.duration("execution.checkpointing.min-pause")? {
        config = config.min_pause(pause);
    }
    if let Some(timeout) = session.duration("execution.checkpointing.timeout")? {
        config = config.timeout(timeout);
    }
    if let Some(failures) = session.integer("execution.checkpointing.tolerable-failed-checkpoints")? {
        config = config.tolerable_failures(u32::try_from(failures).unwrap_or(u32::MAX));
    }
    if let Some(retained) = session.integer("execution.checkpointing.num-retained")? {
        config = config.retained(usize::try_from(retained).unwrap_or(usize::MAX));
    }
    if let Some(concurrent) = session.integer("execution.checkpointing.max-concurrent-checkpoints")? {
        config = config.max_concurrent(usize::try_from(concurrent).unwrap_or(usize::MAX));
    }
    let mode = text(session, &["execution.checkpointing.mode"]);
    if mode.is_some_and(|mode| mode.eq_ignore_ascii_case("AT_LEAST_ONCE")) {
        config = config.mode(CheckpointMode::AtLeastOnce);
    }
    Ok(Some(config))
}

fn restart_strategy(session: &Session) -> Result<Option<RestartStrategy>, SqlError> {
    let Some(kind) = text(session, &["restart-strategy.type", "restart-strategy"]) else { return Ok(None) };
    let key = |rest: &str| format!("restart-strategy.{rest}");
    let duration = |rest: &str, otherwise: Duration| -> Result<Duration, SqlError> {
        Ok(session.duration(&key(rest))?.unwrap_or(otherwise))
    };
    let count = |rest: &str, otherwise: u32| -> Result<u32, SqlError> {
        let value = session.integer(&key(rest))?;
        Ok(value.map_or(otherwise, |value| u32::try_from(value).unwrap_or(u32::MAX)))
    };
    let second = Duration::from_secs(1);
    Ok(Some(match &*kind.to_ascii_lowercase().replace('-', "") {
        "none" | "off" | "disable" => RestartStrategy::None,
        "fixeddelay" => RestartStrategy::fixed_delay(
            count("fixed-delay.attempts", 1)?,
            duration("fixed-delay.delay", second)?,
        ),
        "failurerate" => RestartStrategy::failure_rate(
            count("failure-rate.max-failures-per-interval", 1)?,
            duration("failure-rate.failure-rate-interval", Duration::from_secs(60))?,
            duration("failure-rate.delay", second)?,
        ),
        "exponentialdelay" => {
            let number = |rest: &str| session.number(&key(rest));
            let mut delay = ExponentialDelay::new()
                .initial(duration("exponential-delay.initial-backoff", second)?)
                .max(duration("exponential-delay.max-backoff", Duration::from_secs(60))?)
                .reset_after(duration(
                    "exponential-delay.reset-backoff-threshold",
                    Duration::from_secs(3600),
                )?);
            if let Some(multiplier) = number("exponential-delay.backoff-multiplier")? {
                delay = delay.multiplier(multiplier);
            }
            if let Some(jitter) = number("exponential-delay.jitter-factor")? {
                delay = delay.jitter(jitter);
            }
            delay.into()
        }
        _ => {
            return Err(SqlError::validation(format!(
                "Invalid value '{kind}' for option 'restart-strategy.type': it must be one of none, fixed-delay, failure-rate, \
                 exponential-delay"
            )));
        }
    }))
}

/// The first of these settings that is there and not empty.
fn text(session: &Session, keys: &[&str]) -> Option<String> {
    let found =
        keys.iter().find_map(|key| session.setting(key).map(str::trim).filter(|value| !value.is_empty()));
    found.map(str::to_owned)
}

fn small(value: u64, key: &str) -> Result<u32, SqlError> {
    u32::try_from(value).map_err(|_| {
        SqlError::validation(format!("Invalid value '{value}' for option '{key}': it is too large"))
    })
}

#[cfg(test)]
mod tests {
    use millstream_sql::catalog::Session;

    use super::environment;

    fn refusal(settings: &[(&str, &str)]) -> Option<String> {
        let mut session = Session::new();
        session.settings.extend(settings.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())));
        environment(&session).err().map(|error| error.message().to_owned())
    }

    #[test]
    fn settings_reach_the_environment() {
        let mut session = Session::new();
        for (key, value) in [("parallelism.default", "3"), ("pipeline.max-parallelism", "24")] {
            session.settings.insert(key.to_owned(), value.to_owned());
        }
        let environment = environment(&session).unwrap();
        environment.from_collection([1, 2]).map(|number| number).discard();
        let explained = environment.explain().unwrap();
        let vertex = &explained.vertices[0];
        assert_eq!((vertex.parallelism, vertex.operators[0].max_parallelism), (3, 24));
    }

    #[test]
    fn wrong_settings_are_named() {
        let cases: [(&[(&str, &str)], &str); 3] = [
            (&[("parallelism.default", "0")], "parallelism.default"),
            (&[("execution.checkpointing.interval", "often")], "execution.checkpointing.interval"),
            (&[("restart-strategy.type", "sometimes")], "restart-strategy.type"),
        ];
        for (settings, key) in cases {
            let refusal = refusal(settings).unwrap();
            assert!(refusal.contains(key), "{refusal}");
        }
        let fixed =
            [("restart-strategy.type", "fixed-delay"), ("restart-strategy.fixed-delay.attempts", "2")];
        assert_eq!(refusal(&fixed), None);
    }
}
