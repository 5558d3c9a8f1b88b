use std::time::Duration;

use millstream_runtime::ErrorKind;
use millstream_runtime::checkpoint::{CheckpointConfig, CheckpointMode};
use millstream_runtime::driver::SnapshotLocation;
use millstream_runtime::job::{ExponentialDelay, RestartStrategy, RestoreFrom};

use super::{Configuration, KEYS};
use crate::Environment;

const SECOND: Duration = Duration::from_secs(1);

fn configured<const N: usize>(settings: [(&str, &str); N]) -> Environment {
    Environment::new().configure(&Configuration::from_iter(settings)).unwrap()
}

#[test]
fn settings_reach_the_environment() {
    let env = configured([
        ("parallelism.default", "3"),
        ("pipeline.max-parallelism", " 24 "),
        ("pipeline.operator-chaining.enabled", "FALSE"),
        ("execution.buffer-timeout.interval", "5 ms"),
        ("metrics.latency.interval", "20 ms"),
        ("execution.state-recovery.ignore-unclaimed-state", "true"),
    ]);
    assert_eq!((env.plan.parallelism, env.plan.max_parallelism, env.plan.chaining), (3, 24, false));
    assert_eq!(env.plan.buffer_timeout, Some(Duration::from_millis(5)));
    assert_eq!(env.plan.latency_interval, Some(Duration::from_millis(20)));
    assert!(env.allow_unclaimed_state);
    let timeouts =
        [("execution.buffer-timeout.interval", "5 ms"), ("execution.buffer-timeout.enabled", "false")];
    assert_eq!(configured(timeouts).plan.buffer_timeout, None);
    assert_eq!(configured([("metrics.latency.interval", "0")]).plan.latency_interval, None);

    // What is not set, or empty, stays as it was.
    let settings = Configuration::new().set("parallelism.default", " ");
    let env = Environment::new().parallelism(7).checkpoint_every(SECOND).configure(&settings).unwrap();
    assert_eq!((env.plan.parallelism, env.checkpoints), (7, CheckpointConfig::every(SECOND)));
}

#[test]
fn paths_have_two_names_of_which_the_newer_counts() {
    let folder = |env: Environment| match env.snapshots {
        SnapshotLocation::Folder(folder) => folder,
        _ => "none".to_owned(),
    };
    let (old, new) = (("state.checkpoints.dir", "old"), ("execution.checkpointing.dir", "new"));
    assert_eq!(folder(configured([old])), "old");
    assert_eq!(folder(configured([old, new])), "new");
    let (old, new) = (("execution.savepoint.path", "old"), ("execution.state-recovery.path", "new"));
    assert_eq!(configured([old]).restore, RestoreFrom::Path("old".into()));
    assert_eq!(configured([old, new]).restore, RestoreFrom::Path("new".into()));
}

#[test]
fn checkpoints_are_those_of_flink() {
    let every = |rest: &[(&str, &str)]| {
        let interval = ("execution.checkpointing.interval".to_owned(), "1 s".to_owned());
        let rest =
            rest.iter().map(|(key, value)| (format!("execution.checkpointing.{key}"), (*value).to_owned()));
        let settings = Configuration::from_iter(std::iter::once(interval).chain(rest));
        Environment::new().configure(&settings).unwrap().checkpoints
    };
    let config = || CheckpointConfig::every(SECOND);
    assert_eq!(every(&[]), config());
    let all = [
        ("min-pause", "2 s"),
        ("timeout", "3 s"),
        ("tolerable-failed-checkpoints", "4"),
        ("num-retained", "5"),
        ("max-concurrent-checkpoints", "6"),
        ("mode", "at_least_once"),
        ("externalized-checkpoint-retention", "DELETE_ON_CANCELLATION"),
        ("snapshot-compression", "true"),
    ];
    let expected = config()
        .min_pause(2 * SECOND)
        .timeout(3 * SECOND)
        .tolerable_failures(4)
        .retained(5)
        .max_concurrent(6)
        .mode(CheckpointMode::AtLeastOnce)
        .delete_on_cancellation()
        .compressed();
    assert_eq!(every(&all), expected);
    let unaligned = ("unaligned.enabled", "true");
    assert_eq!(every(&[unaligned]), config().unaligned_after(Duration::ZERO));
    assert_eq!(
        every(&[unaligned, ("aligned-checkpoint-timeout", "30 s")]),
        config().unaligned_after(30 * SECOND)
    );
    assert_eq!(every(&[("aligned-checkpoint-timeout", "30 s")]), config());
    let none =
        configured([("execution.checkpointing.interval", "0"), ("execution.checkpointing.timeout", "1 s")]);
    assert_eq!(none.checkpoints, CheckpointConfig::disabled());
}

#[test]
fn restart_strategies_are_those_of_flink() {
    let strategy = |rest: &[(&str, &str)]| {
        let settings = rest.iter().map(|(key, value)| (format!("restart-strategy.{key}"), *value));
        Environment::new().configure(&Configuration::from_iter(settings)).unwrap().restart
    };
    assert_eq!(strategy(&[("fixed-delay.attempts", "3")]), None, "without a type");
    for off in ["none", "off", "disable"] {
        assert_eq!(strategy(&[("type", off)]), Some(RestartStrategy::None));
    }
    assert_eq!(strategy(&[("type", "FixedDelay")]), Some(RestartStrategy::fixed_delay(1, SECOND)));
    let fixed = [("type", "fixed-delay"), ("fixed-delay.attempts", "3"), ("fixed-delay.delay", "2 s")];
    assert_eq!(strategy(&fixed), Some(RestartStrategy::fixed_delay(3, 2 * SECOND)));
    let rate = [
        ("type", "failure-rate"),
        ("failure-rate.max-failures-per-interval", "2"),
        ("failure-rate.failure-rate-interval", "3 s"),
        ("failure-rate.delay", "4 s"),
    ];
    assert_eq!(strategy(&rate), Some(RestartStrategy::failure_rate(2, 3 * SECOND, 4 * SECOND)));
    let exponential = [
        ("type", "exponential-delay"),
        ("exponential-delay.initial-backoff", "2 s"),
        ("exponential-delay.max-backoff", "3 s"),
        ("exponential-delay.reset-backoff-threshold", "4 s"),
        ("exponential-delay.backoff-multiplier", "5"),
        ("exponential-delay.jitter-factor", "0.6"),
    ];
    let expected = ExponentialDelay::new()
        .initial(2 * SECOND)
        .max(3 * SECOND)
        .reset_after(4 * SECOND)
        .multiplier(5.0)
        .jitter(0.6);
    assert_eq!(strategy(&exponential), Some(expected.into()));
    let older = configured([("restart-strategy", "none")]);
    assert_eq!(older.restart, Some(RestartStrategy::None));
}

#[test]
fn what_cannot_be_set_is_refused_by_name() {
    let cases = [
        ("paralelism.default", "2", "there is no setting"),
        ("parallelism.default", "0", "a whole number from 1 on"),
        ("parallelism.default", "4294967296", "not too large"),
        ("execution.buffer-timeout.enabled", "perhaps", "true or false"),
        ("execution.buffer-timeout.interval", "often", "a duration such as"),
        ("restart-strategy.type", "sometimes", "one of none, off, disable, fixed-delay"),
    ];
    for (key, value, expected) in cases {
        let settings = Configuration::new().set(key, value);
        let error = Environment::new().configure(&settings).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::InvalidJob);
        let text = error.to_string();
        assert!(text.contains(&format!("'{key}'")) && text.contains(expected), "{text}");
    }
    let settings = Configuration::from_iter([
        ("execution.checkpointing.interval", "1 s"),
        ("execution.checkpointing.mode", "EXACTLY_TWICE"),
    ]);
    assert!(Environment::new().configure(&settings).is_err());
}

#[test]
fn keys_are_flat_or_nested() {
    let read = |text: &str| serde_json::from_str::<Configuration>(text);
    let expected = Configuration::new()
        .set("parallelism.default", 2)
        .set("pipeline.operator-chaining.enabled", false)
        .set("restart-strategy.exponential-delay.jitter-factor", 0.5)
        .set("restart-strategy.type", "exponential-delay");
    let flat = r#"{"parallelism.default": 2, "pipeline.operator-chaining.enabled": false,
        "restart-strategy.exponential-delay.jitter-factor": 0.5, "restart-strategy.type": "exponential-delay"}"#;
    let nested = r#"{"parallelism": {"default": "2"}, "pipeline": {"operator-chaining.enabled": false}, "state": null,
        "restart-strategy": {"type": "exponential-delay", "exponential-delay": {"jitter-factor": 0.5}}}"#;
    assert_eq!(read(flat).unwrap(), expected);
    assert_eq!(read(nested).unwrap(), expected);
    assert_eq!(read(&serde_json::to_string(&expected).unwrap()).unwrap(), expected);
    for (text, problem) in [
        (r#"{"a": {"b": 1}, "a.b": 2}"#, "'a.b' is there twice"),
        (r#"{"a": {"b": 1, "b": 2}}"#, "'b' is there twice"),
        (r#"{"a": [1]}"#, "expected a text, a number"),
        ("7", "expected a map"),
    ] {
        let error = read(text).unwrap_err().to_string();
        assert!(error.contains(problem), "{error}");
    }
}

#[test]
fn keys_are_in_order() {
    assert!(KEYS.is_sorted());
}
