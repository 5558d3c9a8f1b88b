//! Jobs over rows that come in three parts.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures::executor::block_on;
use millstream_operators::Environment;
use millstream_runtime::Error;
use millstream_runtime::driver::actor::JobHandle;
use millstream_runtime::job::{JobStatus, RestartStrategy};
use millstream_runtime::metrics::{MetricValue, OperatorMetrics};
use millstream_sql::connectors::TestRows;
use millstream_sql::{TableEnvironment, TableResult};
use object_store::ObjectStoreExt;
use object_store::memory::InMemory;

use super::operators::{Operator, TABLES};

/// Where a savepoint lies.
#[derive(Clone, Debug)]
pub enum Place {
    /// In memory, under a number.
    Memory(Arc<InMemory>, usize),
    Folder(PathBuf),
}

const MEMORY: &str = "memory://savepoints";

impl Place {
    fn path(&self) -> String {
        match self {
            Self::Memory(_, number) => format!("{MEMORY}/{number}"),
            Self::Folder(folder) => folder.to_string_lossy().into_owned(),
        }
    }

    /// How many files, as it were, the savepoint lists that are to be committed again; 0 if nobody has said it.
    fn committables(&self) -> u64 {
        let Self::Memory(store, number) = self else { return 0 };
        let read = async {
            let bytes = store.get(&format!("committables-{number}").into()).await.ok()?.bytes().await.ok()?;
            std::str::from_utf8(&bytes).ok()?.parse().ok()
        };
        block_on(read).unwrap_or_default()
    }

    fn set_committables(&self, count: u64) {
        if let Self::Memory(store, number) = self {
            block_on(store.put(&format!("committables-{number}").into(), count.to_string().into())).unwrap();
        }
    }
}

/// Which rows a job reads.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    from: usize,
    to: usize,
    /// Whether it goes on from a savepoint, which says what has been read, and may be stopped with one.
    continues: bool,
}

impl Part {
    pub const PARTS: usize = 3;

    /// All rows.
    pub const WHOLE: Self = Self { from: 0, to: Self::PARTS, continues: false };

    /// The parts from this one up to another; the job goes on from a savepoint if there are any before them, and is left
    /// open if there are any behind.
    pub const fn between(from: usize, to: usize) -> Self {
        Self { from, to, continues: true }
    }

    /// The same rows, by a job that knows nothing of those before and behind.
    pub const fn alone(self) -> Self {
        Self { continues: false, ..self }
    }

    const fn is_open(self) -> bool {
        self.continues && self.to < Self::PARTS
    }

    /// What a table has, and how many rows of it are new.
    fn rows(self, all: &[String]) -> (&[String], u64) {
        let cut = |part: usize| all.len() * part / Self::PARTS;
        let new = cut(self.to) - cut(self.from);
        (&all[cut(if self.continues { 0 } else { self.from })..cut(self.to)], new as u64)
    }
}

/// Runs the queries of operators in one job; gives the changes of each. A job that is left open is stopped with a savepoint.
pub fn run(
    operators: &[&Operator],
    part: Part,
    parallelism: u32,
    restore: Option<&Place>,
    savepoint: Option<&Place>,
) -> Vec<Vec<String>> {
    try_run(operators, part, parallelism, restore, savepoint).unwrap()
}

/// As [`run`], of a job that may fail.
pub fn try_run(
    operators: &[&Operator],
    part: Part,
    parallelism: u32,
    restore: Option<&Place>,
    savepoint: Option<&Place>,
) -> Result<Vec<Vec<String>>, Error> {
    try_run_set(&[], operators, part, parallelism, restore, savepoint)
}

/// As [`try_run`], with these settings.
pub fn try_run_set(
    settings: &[(&str, &str)],
    operators: &[&Operator],
    part: Part,
    parallelism: u32,
    restore: Option<&Place>,
    savepoint: Option<&Place>,
) -> Result<Vec<Vec<String>>, Error> {
    let mut tables = TableEnvironment::new();
    for (key, value) in settings {
        tables.execute_sql(&format!("SET '{key}' = '{value}'")).unwrap();
    }
    let mut new_rows = BTreeMap::new();
    for table in TABLES {
        tables.execute_sql(table.definition).unwrap();
        let all = (table.rows)();
        let (rows, new) = part.rows(&all);
        new_rows.insert(table.name, new);
        let rows = TestRows::new(rows.to_vec());
        let path = tables.table(table.name).unwrap().path.clone();
        tables.session.register_rows(path, if part.is_open() { rows.open() } else { rows });
    }
    let mut jobs = None;
    for operator in operators {
        tables.execute_sql(&operator.sink()).unwrap();
        let insert = format!("INSERT INTO {} {}", operator.table(), operator.query);
        let result = tables.execute_sql(&insert).unwrap_or_else(|error| panic!("{}", error.render(&insert)));
        let TableResult::Insert(job) = result else { panic!("{insert}") };
        match &mut jobs {
            None => jobs = Some(job),
            Some(jobs) => jobs.append(job),
        }
    }
    let mut environment = Environment::new()
        .parallelism(parallelism)
        .max_parallelism(8)
        .restart_strategy(RestartStrategy::None);
    for place in [restore, savepoint].into_iter().flatten() {
        if let Place::Memory(store, _) = place {
            environment = environment.register_store(MEMORY, store.clone());
        }
    }
    if let Some(place) = restore {
        environment = environment.restore_from(place.path());
    }
    jobs.unwrap().build(&environment).unwrap();
    let handle = environment.spawn("operators")?;
    let restored = restore.map_or(0, Place::committables);
    if let Some(place) = savepoint {
        wait_for(&handle, &new_rows, restored);
        block_on(handle.stop_with_savepoint(place.path()))?;
        place.set_committables(committed(&handle) - restored);
    }
    handle.join_blocking()?;
    let changes = operators.iter().map(|operator| {
        let path = &tables.table(&operator.table()).unwrap().path;
        tables.session.contents(path).map(|contents| contents.changelog()).unwrap_or_default()
    });
    Ok(changes.collect())
}

/// How much of what sinks have written became visible.
fn committed(handle: &JobHandle) -> u64 {
    let operators = handle.metrics().operators();
    let of_sink = |operator: &OperatorMetrics| match operator.metric("successfulCommittables") {
        Some(MetricValue::Counter(count)) => *count,
        _ => 0,
    };
    operators.values().map(of_sink).sum()
}

/// Waits until each source has read what is new, and until what the restored savepoint lists is known to be committed: the
/// next one would list it again, or not, by chance.
fn wait_for(handle: &JobHandle, new_rows: &BTreeMap<&str, u64>, restored: u64) {
    for _ in 0..6_000 {
        let metrics = handle.metrics();
        assert!(!metrics.status.is_final(), "{metrics:?}");
        let mut sources = metrics.operators().into_iter().filter_map(|(name, operator)| {
            let table = name.strip_prefix("Source: ")?;
            let table = table.split(' ').next().unwrap_or(table).to_owned();
            Some((table, operator.records_out))
        });
        if metrics.status == JobStatus::Running
            && committed(handle) >= restored
            && sources.all(|(table, read)| read >= new_rows[table.as_str()])
        {
            return;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    panic!("the job does not get on: {:?}", handle.metrics());
}

/// What the changes of an operator add up to.
pub fn fold(operator: &Operator, changes: &[String]) -> Vec<String> {
    let mut rows: BTreeMap<&str, i64> = BTreeMap::new();
    let mut by_key: BTreeMap<&str, &str> = BTreeMap::new();
    for change in changes {
        let (kind, row) = change.split_at(2);
        let key = row.split([',', ']']).next().unwrap_or(row);
        match (operator.is_upsert, kind) {
            (true, "+I" | "+U") => drop(by_key.insert(key, row)),
            (true, _) => drop(by_key.remove(key)),
            (false, "+I" | "+U") => *rows.entry(row).or_default() += 1,
            (false, _) => *rows.entry(row).or_default() -= 1,
        }
    }
    rows.extend(by_key.into_values().map(|row| (row, 1)));
    rows.into_iter().filter(|(_, count)| *count != 0).map(|(row, count)| format!("{row} x{count}")).collect()
}
