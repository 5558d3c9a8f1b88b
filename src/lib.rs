//! Stateful stream processing with Apache Flink's model: parallel streams, keyed state, event
//! time, and consistent snapshots.
//!
//! A job is an ordinary program. An [`Environment`] gives streams, methods on streams add
//! operators, and [`Environment::execute`] runs the whole on all cores. With checkpoints on, the
//! job survives the failure of any part of it, and with a snapshot folder also that of the process:
//! it goes on from the last checkpoint, and nothing is lost or counted twice.
//!
//! ```
//! use millstream::prelude::*;
//!
//! let env = Environment::new().parallelism(2);
//! let clicks = [("ann", 1), ("bob", 2), ("ann", 65)].map(|(user, second)| (user.to_owned(), second));
//! let per_minute = env
//!     .from_collection(clicks)
//!     .assign_timestamps_and_watermarks(
//!         WatermarkStrategy::bounded_out_of_orderness(Duration::from_secs(5))
//!             .timestamp_assigner(|(_, second): &(String, i64)| Timestamp::from_millis(second * 1_000)),
//!     )
//!     .key_by(|(user, _)| user.clone())
//!     .window(TumblingEventTimeWindows::of(Duration::from_secs(60)))
//!     .count()
//!     .map(|result| (result.window.start.as_millis() / 1_000, result.key, result.value))
//!     .collect();
//! env.execute("clicks per minute")?;
//! assert_eq!(per_minute.sorted(), [(0, "ann".into(), 1), (0, "bob".into(), 1), (60, "ann".into(), 1)]);
//! # Ok::<(), millstream::Error>(())
//! ```
//!
//! # Where things are
//!
//! [`prelude`] has what most programs need. What they need besides has a module for each subject:
//!
//! | Module | What is in it |
//! |---|---|
//! | [`function`] | what functions are given and what they return, and traits for those with state |
//! | [`state`] | states, aggregate functions, and what a [snapshot](state::snapshot) on a store holds |
//! | [`state_processor`] | states of snapshots, read and written without a job |
//! | [`time`], [`window`], [`join`], [`pattern`] | timestamps and watermarks; windows; joins; sequences of events that are looked for |
//! | [`async_io`] | outside systems that are asked for each record |
//! | [`source`], [`sink`], [`connectors`] | where records come from and go to |
//! | [`checkpoint`], [`restart`] | when snapshots are taken, and what happens after a failure |
//! | [`job`], [`metrics`] | a running job, and what it has done |
//! | [`testing`], `simulation` (behind the feature of this name) | parts of a job on their own, and whole jobs under faults |
//! | [`engine`] | what all of this stands on; no stability is promised for it |
//!
//! # How settings are written
//!
//! Whatever has settings is a builder: its methods consume it and return it. A setting is named after
//! what it sets, without `set_` or `with_`: `.parallelism(4)`, `.idleness(..)`, `.rate(..)`. What adds
//! something, or has no argument, says what is then done or so: `.register_store(..)`,
//! `.disable_chaining()`, `.whole_files()`. Prepositions belong to constructors:
//! [`CheckpointConfig::every`](checkpoint::CheckpointConfig::every),
//! [`EventTimeSessionWindows::with_gap`](window::EventTimeSessionWindows::with_gap). The search of this
//! documentation also finds Flink's names, such as `setParallelism`, `enableCheckpointing` and `keyBy`.
//!
//! This crate is a facade without logic: the parts are `millstream-operators` (the stream API),
//! `millstream-runtime` (execution, checkpoints, recovery), `millstream-state` (state and snapshots) and
//! `millstream-connectors` (outside systems, each behind a feature).

pub mod checkpoint;
pub mod engine;
pub mod function;
pub mod job;
pub mod prelude;
pub mod sink;
pub mod source;
pub mod state;
pub mod testing;
pub mod time;

/// Connectors to outside systems, each behind a feature.
pub mod connectors {
    #[cfg(any(
        feature = "files",
        feature = "http",
        feature = "kafka",
        feature = "mysql-cdc",
        feature = "nats",
        feature = "postgres-cdc"
    ))]
    pub use millstream_connectors::Gathered;
    #[cfg(any(feature = "mysql-cdc", feature = "postgres-cdc"))]
    pub use millstream_connectors::cdc;
    #[cfg(feature = "files")]
    pub use millstream_connectors::files;
    #[cfg(feature = "http")]
    pub use millstream_connectors::http;
    #[cfg(feature = "jdbc")]
    pub use millstream_connectors::jdbc;
    #[cfg(feature = "kafka")]
    pub use millstream_connectors::kafka;
    #[cfg(feature = "mysql-cdc")]
    pub use millstream_connectors::mysql_cdc;
    #[cfg(feature = "nats")]
    pub use millstream_connectors::nats;
    #[cfg(feature = "opentelemetry")]
    pub use millstream_connectors::opentelemetry;
    #[cfg(feature = "postgres-cdc")]
    pub use millstream_connectors::postgres_cdc;
    #[cfg(feature = "prometheus")]
    pub use millstream_connectors::prometheus;
    #[cfg(feature = "socket")]
    pub use millstream_connectors::socket;
}

/// Flink's SQL: tables, queries and the jobs that they become.
///
/// ```
/// use millstream::prelude::*;
/// use millstream::sql::{TableEnvironment, TableResult};
///
/// let mut tables = TableEnvironment::new();
/// let TableResult::Query(query) = tables.execute_sql(
///     "SELECT word, COUNT(*) AS n FROM (VALUES ('to'), ('be'), ('to')) AS words(word) GROUP BY word",
/// )? else { panic!("no query") };
/// let env = Environment::new().parallelism(1);
/// let text = millstream::sql::chunk::RowText::new(query.schema());
/// let changes = query.build(&env)?.flat_map(move |chunk| text.lines(&chunk)).collect();
/// env.execute("words")?;
/// assert_eq!(changes.to_vec(), ["+I[to, 1]", "+I[be, 1]", "-U[to, 1]", "+U[to, 2]"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[cfg(feature = "sql")]
pub use millstream_sql as sql;

/// What operators and subtasks have done, as [`JobHandle::metrics`](job::JobHandle::metrics) tells it.
pub mod metrics {
    pub use millstream_runtime::job::SubtaskId;
    pub use millstream_runtime::metrics::{
        Counter, Gauge, Histogram, HistogramSnapshot, LatencyMetrics, Meter, MetricGroup, MetricName,
        MetricValue, OperatorMetrics, SubtaskMetrics,
    };
}

/// What happens after a failure.
pub mod restart {
    pub use millstream_runtime::job::{ExponentialDelay, RestartStrategy};
}

/// A whole job in one thread, in an order that a seed decides, with crashes and faults: to test
/// that a job's answer is exact whatever happens.
///
/// Tasks, messages, requests to the store and clocks happen one at a time, and the seed says which
/// is next; a seed that fails does so each time. The job master, the tasks and the snapshots are
/// those of production. A sink that is to survive the crashes of the simulated process must have
/// its outside system in the test, as the [`Collected`](crate::sink::Collected) here. That one is for one
/// process at a time: no process may live on beside its successor and write to it as well.
///
/// ```
/// use millstream::prelude::*;
/// use millstream::simulation::{Faults, Simulation};
/// use millstream::sink::{CollectSink, Collected};
///
/// let faults = Faults { zombies_per_cent: 0, ..Faults::all() };
/// for seed in 0..10 {
///     let counts = Collected::default();
///     let report = Simulation::new(seed).faults(faults).run(|_store| {
///         let env = Environment::new()
///             .parallelism(2)
///             .checkpoint_every(Duration::from_millis(20))
///             .restart_strategy(RestartStrategy::fixed_delay(1_000, Duration::ZERO));
///         let words = env.from_collection(["to", "be", "or", "not", "to", "be"].map(String::from));
///         let _sink = words.key_by(|word| word.clone()).count().sink_to(CollectSink::new(&counts));
///         env.job("count words")
///     })?;
///     let expected = [("be", 1), ("be", 2), ("not", 1), ("or", 1), ("to", 1), ("to", 2)];
///     assert_eq!(counts.sorted(), expected.map(|(word, n)| (word.to_owned(), n)), "{report:?}");
/// }
/// # Ok::<(), millstream::Error>(())
/// ```
#[cfg(feature = "simulation")]
pub mod simulation {
    pub use millstream_runtime::driver::simulation::{Faults, Sabotage, Simulation, SimulationReport};
}

pub use millstream_operators::{
    BroadcastConnectedStream, Configuration, ConnectedStreams, Environment, KeyedBroadcastConnectedStream,
    KeyedConnectedStreams, KeyedStream, Stream,
};
pub use millstream_operators::{async_io, join, pattern, window};
pub use millstream_runtime::graph::{ChainingPolicy, OutputTag};
pub use millstream_runtime::{Error, ErrorKind, Result};
pub use millstream_state::state_processor;
pub use millstream_state::{Key, Record, Timestamp};

/// Compiles and runs what the README shows.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// Compiles and runs what the guide shows.
#[cfg(doctest)]
mod guide {
    #[doc = include_str!("../docs/src/introduction.md")]
    struct Introduction;
    #[doc = include_str!("../docs/src/new-project.md")]
    struct NewProject;
    #[doc = include_str!("../docs/src/concepts.md")]
    struct Concepts;
    #[doc = include_str!("../docs/src/tour.md")]
    struct Tour;
    #[doc = include_str!("../docs/src/process-functions.md")]
    struct ProcessFunctions;
    #[doc = include_str!("../docs/src/patterns.md")]
    struct Patterns;
    #[doc = include_str!("../docs/src/joins.md")]
    struct Joins;
    #[doc = include_str!("../docs/src/async-io.md")]
    struct AsyncIo;
    #[doc = include_str!("../docs/src/state.md")]
    struct State;
    #[doc = include_str!("../docs/src/windows.md")]
    struct Windows;
    #[doc = include_str!("../docs/src/state-types.md")]
    struct StateTypes;
    #[doc = include_str!("../docs/src/recovery.md")]
    struct Recovery;
    #[doc = include_str!("../docs/src/life.md")]
    struct Life;
    #[doc = include_str!("../docs/src/operating.md")]
    struct Operating;
    #[doc = include_str!("../docs/src/flink.md")]
    struct Flink;
    #[doc = include_str!("../docs/src/testing.md")]
    struct Testing;
    #[cfg(feature = "kafka")]
    #[doc = include_str!("../docs/src/kafka.md")]
    struct Kafka;
    #[cfg(feature = "http")]
    #[doc = include_str!("../docs/src/http.md")]
    struct Http;
    #[cfg(feature = "nats")]
    #[doc = include_str!("../docs/src/nats.md")]
    struct Nats;
    #[cfg(feature = "postgres-cdc")]
    #[doc = include_str!("../docs/src/postgres-cdc.md")]
    struct PostgresCdc;
    #[cfg(feature = "mysql-cdc")]
    #[doc = include_str!("../docs/src/mysql-cdc.md")]
    struct MysqlCdc;
    #[cfg(feature = "sql")]
    #[doc = include_str!("../docs/src/sql.md")]
    struct Sql;
    #[doc = include_str!("../docs/src/write-a-source.md")]
    struct WriteASource;
    #[doc = include_str!("../docs/src/write-a-sink.md")]
    struct WriteASink;
    #[doc = include_str!("../docs/src/write-an-operator.md")]
    struct WriteAnOperator;
}
