//! One run of a case.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures::executor::block_on;
use millstream_operators::Environment;
use millstream_operators::sink::{CollectSink, Collected};
use millstream_runtime::driver::actor::JobHandle;
use millstream_runtime::driver::simulation::{Faults, Simulation};
use millstream_runtime::job::{JobStatus, RestartStrategy};
use millstream_runtime::{Error, ErrorKind};
use object_store::memory::InMemory;

use super::{Difference, Observed, Run};
use crate::catalog::ObjectPath;
use crate::chunk::RowText;
use crate::connectors::TestRows;
use crate::error::SqlResult;
use crate::parser::parse_statement;
use crate::plan::explain::ExplainOptions;
use crate::plan::{PhysicalNode, PhysicalPlan};
use crate::table_environment::{InsertJob, QueryJob, TableEnvironment, TableResult};
use crate::testing::case::Item;
use crate::testing::check::fold;
use crate::testing::{Case, Expectation, ExpectationKind};

/// Where the savepoint of `restore` lies: a store in memory.
const STORE: &str = "memory://case";
/// How often it is looked whether a job has read all rows above `restore`, and how often in all.
const POLL: Duration = Duration::from_millis(5);
const POLLS: usize = 6_000;

/// One run of a case.
pub(super) struct Execution<'a> {
    case: &'a Case,
    run: Run,
    tables: TableEnvironment,
    /// The rows of the last query or SHOW.
    last_rows: Vec<String>,
    /// The error that the next statement must have.
    expected_error: Option<(&'a str, &'a str, usize)>,
    observed: Vec<Observed>,
    differences: Vec<Difference>,
}

/// A run that cannot go on; the difference has been noted.
struct Stopped;

impl<'a> Execution<'a> {
    pub(super) fn new(case: &'a Case, run: Run) -> Self {
        let mut tables = TableEnvironment::new();
        tables.session.check_changelogs = true;
        Self {
            case,
            run,
            tables,
            last_rows: Vec::new(),
            expected_error: None,
            observed: Vec::new(),
            differences: Vec::new(),
        }
    }

    /// What came out for each expectation, in their order.
    pub(super) fn run(mut self, differences: &mut Vec<Difference>) -> Vec<Observed> {
        // A difference that stops the run has been noted.
        let _ = self.items();
        differences.append(&mut self.differences);
        self.observed
    }

    fn items(&mut self) -> Result<(), Stopped> {
        let case = self.case;
        if self.run == Run::MiniBatch {
            for (key, value) in [("enabled", "true"), ("allow-latency", "1 h"), ("size", "5")] {
                self.tables.session.settings.insert(format!("table.exec.mini-batch.{key}"), value.to_owned());
            }
        }
        let restores = case.items.iter().any(|item| matches!(item, Item::Restore));
        let mut deferred: Option<InsertJob> = None;
        let mut last_line = case.line;
        for item in &case.items {
            match item {
                Item::Statement { text, line } => {
                    last_line = *line;
                    self.statement(text, *line, restores.then_some(&mut deferred))?;
                }
                Item::Set { key, value, line } => {
                    if let Err(error) = self.tables.set(key, value) {
                        return self.stop(*line, error.to_string());
                    }
                }
                Item::Expect(expectation) if !restores => self.observe(expectation, 0)?,
                Item::Error { class, message, line } => self.expected_error = Some((class, message, *line)),
                Item::Plan { text, is_there, line } => self.check_plan(text, *is_there, *line)?,
                Item::Rows { .. } | Item::Restore | Item::Expect(_) => {}
            }
        }
        let unknown = case.items.iter().find_map(|item| match item {
            Item::Rows { table, line, .. } if self.tables.table(table).is_none() => Some((table, *line)),
            _ => None,
        });
        if let Some((table, line)) = unknown {
            return self.stop(line, format!("there is no table `{table}`"));
        }
        match deferred {
            Some(job) => self.restore(&job, last_line),
            None if restores => self.stop(last_line, "`restore` without an INSERT".to_owned()),
            None => Ok(()),
        }
    }

    fn statement(
        &mut self,
        text: &str,
        line: usize,
        deferred: Option<&mut Option<InsertJob>>,
    ) -> Result<(), Stopped> {
        // All rows; only a job that is restored reads some of them first.
        self.register_rows(usize::MAX);
        let expected = self.expected_error.take();
        let result = match self.tables.execute_sql(text) {
            Ok(result) => result,
            Err(error) => {
                return self.failed(expected, &error.kind().to_string(), error.message(), line);
            }
        };
        let failure = match result {
            TableResult::Insert(job) => match deferred {
                Some(deferred) => {
                    match deferred {
                        Some(jobs) => jobs.append(job),
                        None => *deferred = Some(job),
                    }
                    None
                }
                None => self.insert(&job, line)?,
            },
            TableResult::Query(job) => self.query(&job, line)?,
            TableResult::Rows { rows, .. } => {
                let row = |row: &Vec<Option<String>>| {
                    let cells = row.iter().map(|cell| cell.as_deref().unwrap_or("null"));
                    format!("+I[{}]", cells.collect::<Vec<_>>().join(", "))
                };
                self.last_rows = rows.iter().map(row).collect();
                None
            }
            TableResult::Text(text) => {
                self.last_rows = text.lines().map(str::to_owned).collect();
                None
            }
            TableResult::Ok | TableResult::Warning(_) => None,
        };
        match (failure, expected) {
            (Some(error), expected) => self.failed(expected, "", &error.to_string(), line),
            (None, Some((class, message, line))) => {
                self.stop(line, format!("the statement does not fail; expected {class}: {message}"))
            }
            (None, None) => Ok(()),
        }
    }

    /// A statement or its job has failed; the class of a job's failure is not known.
    fn failed(
        &mut self,
        expected: Option<(&str, &str, usize)>,
        class: &str,
        message: &str,
        line: usize,
    ) -> Result<(), Stopped> {
        match expected {
            Some((wanted, part, _))
                if message.contains(part) && (class.is_empty() || class.ends_with(wanted)) =>
            {
                Ok(())
            }
            Some((wanted, part, line)) => self.stop(
                line,
                format!("the statement fails with another error:\n- {wanted}: {part}\n+ {class}: {message}"),
            ),
            None => self.stop(line, format!("{class}: {message}")),
        }
    }

    fn insert(&mut self, job: &InsertJob, line: usize) -> Result<Option<Error>, Stopped> {
        if let Some(simulation) = self.simulation() {
            let tables = self.tables.session.test_tables();
            let failure = simulated(&simulation, self.parallelism(), |environment| {
                tables.rebuild();
                job.build(environment)
            });
            tables.end_rebuilding();
            return Ok(failure);
        }
        let environment = self.environment();
        if let Err(error) = job.build(&environment) {
            return self.stop(line, error.to_string());
        }
        Ok(environment.execute("case").err())
    }

    fn query(&mut self, job: &QueryJob, line: usize) -> Result<Option<Error>, Stopped> {
        let rows = Collected::default();
        let collect = |environment: &Environment| {
            let _sink = job.build(environment)?.sink_to(CollectSink::new(&rows));
            Ok(())
        };
        let failure = if let Some(simulation) = self.simulation() {
            simulated(&simulation, self.parallelism(), collect)
        } else {
            let environment = self.environment();
            if let Err(error) = collect(&environment) {
                return self.stop(line, error.to_string());
            }
            environment.execute("case").err()
        };
        let text = RowText::new(job.schema());
        self.last_rows.clear();
        for chunk in rows.by_commit() {
            for row in 0..chunk.rows() {
                let mut line = String::new();
                text.write(&chunk, row, &mut line);
                self.last_rows.push(line);
            }
        }
        Ok(failure)
    }

    /// Runs a job up to the rows above `restore`, and then from its savepoint to the end.
    fn restore(&mut self, job: &InsertJob, line: usize) -> Result<(), Stopped> {
        let case = self.case;
        let store = Arc::new(InMemory::new());
        let divide = case.items.iter().position(|item| matches!(item, Item::Restore)).unwrap_or_default();
        let mut seen = BTreeMap::new();
        let mut savepoint = None;
        for (first, last) in [(0, divide), (divide, usize::MAX)] {
            let is_first = first == 0;
            let rows = self.register_rows(if is_first { divide } else { usize::MAX });
            let mut parts = self.tables.session.reuses_sub_plans().then(BTreeSet::new);
            let rows = job.plans().iter().map(|plan| rows_read(plan, &rows, &mut parts)).sum();
            let mut job = job.clone();
            job.use_rows_of(&self.tables.session);
            self.tables.session.test_tables().rebuild();
            let mut environment = self.environment().register_store(STORE, store.clone());
            if let Some(path) = &savepoint {
                environment = environment.restore_from(path);
                // State goes to other subtasks than those that had it.
                if let Run::Parallel(parallelism) = self.run {
                    environment = environment.parallelism((parallelism - 1).max(1));
                }
            }
            if let Err(error) = job.build(&environment) {
                return self.stop(line, error.to_string());
            }
            let result = match environment.spawn("case") {
                Err(error) => Err(error),
                Ok(handle) if is_first => {
                    wait_for(&handle, rows);
                    block_on(handle.stop_with_savepoint(format!("{STORE}/savepoint"))).map(|info| {
                        savepoint = Some(info.path.to_string());
                    })
                }
                Ok(handle) => handle.join_blocking().map(drop),
            };
            if let Err(error) = result {
                return self.stop(line, format!("the job failed: {error}"));
            }
            let expectations = case.items.iter().enumerate().filter_map(|(index, item)| match item {
                Item::Expect(expectation) if (first..last).contains(&index) => Some(expectation),
                _ => None,
            });
            for expectation in expectations {
                let name = expectation.table.clone().unwrap_or_default();
                self.observe(expectation, seen.get(&name).copied().unwrap_or_default())?;
            }
            // Changes behind the savepoint are told from those before it.
            for name in self.tables.session.relations().map(|relation| relation.path().name.clone()) {
                let changes = self.changelog(&name).map_or(0, |changes| changes.len());
                seen.insert(name, changes);
            }
        }
        Ok(())
    }

    /// Notes what came out where an expectation stands; `skip` changes were there before.
    fn observe(&mut self, expectation: &Expectation, skip: usize) -> Result<(), Stopped> {
        let (changes, left) = match &expectation.table {
            None => (self.last_rows.clone(), fold(&self.last_rows)),
            Some(name) => {
                let path = self.tables.table(name).map(|table| table.path.clone());
                let Some(path) = path else {
                    return self.stop(expectation.line, format!("there is no table `{name}`"));
                };
                let changes = self.changelog(name).unwrap_or_default();
                let left = self.tables.session.contents(&path).map(|contents| contents.table());
                match left.unwrap_or_else(|| Ok(Vec::new())) {
                    Ok(left) => (changes, left),
                    Err(problem) => return self.stop(expectation.line, problem),
                }
            }
        };
        let rows = match expectation.kind {
            ExpectationKind::Table => left.clone(),
            _ => changes.into_iter().skip(skip).collect(),
        };
        self.observed.push(Observed { expectation: expectation.clone(), rows, folded: left });
        Ok(())
    }

    fn changelog(&self, name: &str) -> Option<Vec<String>> {
        let path = &self.tables.table(name)?.path;
        Some(self.tables.session.contents(path)?.changelog())
    }

    /// Only the plan of the case as it is: that with mini-batches is another.
    fn check_plan(&mut self, text: &str, is_there: bool, line: usize) -> Result<(), Stopped> {
        if self.run == Run::MiniBatch {
            return Ok(());
        }
        let next = self.case.items.iter().find_map(|item| match item {
            Item::Statement { text, line: of_statement } if *of_statement > line => Some(text),
            _ => None,
        });
        let Some(next) = next else { return self.stop(line, "no statement follows".to_owned()) };
        let options = ExplainOptions { changelog_mode: true, ..ExplainOptions::default() };
        let plan = parse_statement(next).map_err(crate::error::SqlError::from);
        match plan.and_then(|statement| self.tables.explain_statement(&statement, options)) {
            Ok(plan) if plan.contains(text) == is_there => Ok(()),
            Ok(plan) => {
                let problem = if is_there { "does not have" } else { "has" };
                self.stop(line, format!("the plan {problem} `{text}`:\n{plan}"))
            }
            Err(error) => self.stop(line, error.to_string()),
        }
    }

    /// Gives tables the rows that stand among the first `items` of the case, and says how many rows each has.
    fn register_rows(&mut self, items: usize) -> BTreeMap<ObjectPath, u64> {
        let mut rows = BTreeMap::<&str, Vec<String>>::new();
        for item in self.case.items.iter().take(items) {
            if let Item::Rows { table, lines, .. } = item {
                rows.entry(table).or_default().extend(lines.iter().cloned());
            }
        }
        let is_open = items < self.case.items.len();
        let named = self.case.items.iter().filter_map(|item| match item {
            Item::Rows { table, .. } => Some(&**table),
            _ => None,
        });
        let mut counts = BTreeMap::new();
        for table in named.collect::<BTreeSet<&str>>() {
            let Some(path) = self.tables.table(table).map(|table| table.path.clone()) else { continue };
            let lines = rows.remove(table).unwrap_or_default();
            let count = lines.iter().filter(|line| line.starts_with('[')).count() as u64;
            counts.insert(path.clone(), count);
            let lines = TestRows::new(lines);
            self.tables.session.register_rows(path, if is_open { lines.open() } else { lines });
        }
        counts
    }

    fn environment(&self) -> Environment {
        Environment::new().parallelism(self.parallelism())
    }

    /// The simulation that a job runs in: with faults, or because time passes in the case.
    fn simulation(&self) -> Option<Simulation> {
        match self.run {
            // Processes that are believed dead do not live on: test tables are for one process at a time.
            Run::UnderFaults(seed) => {
                Some(Simulation::new(seed).faults(Faults { zombies_per_cent: 0, ..Faults::all() }))
            }
            _ => self.case.passes_time().then(|| Simulation::new(1)),
        }
    }

    fn parallelism(&self) -> u32 {
        let set = self.tables.session.integer("parallelism.default").ok().flatten();
        let parallelism = match self.run {
            Run::Parallel(parallelism) => parallelism,
            Run::UnderFaults(_) => 2,
            Run::InOrder | Run::MiniBatch => set.and_then(|value| u32::try_from(value).ok()).unwrap_or(1),
        };
        parallelism.max(1)
    }

    fn stop<T>(&mut self, line: usize, message: String) -> Result<T, Stopped> {
        self.differences.push(Difference { line, run: self.run, message });
        Err(Stopped)
    }
}

/// How many rows the sources of a plan read, of tables with so many; `parts` has those that run already, if parts run once.
fn rows_read(
    plan: &PhysicalPlan,
    rows: &BTreeMap<ObjectPath, u64>,
    parts: &mut Option<BTreeSet<String>>,
) -> u64 {
    if plan.is_deterministic() && parts.as_mut().is_some_and(|parts| !parts.insert(plan.part())) {
        return 0;
    }
    let own = match &plan.node {
        PhysicalNode::Scan { table, .. } => rows.get(&table.path).copied().unwrap_or_default(),
        _ => 0,
    };
    own + plan.inputs.iter().map(|input| rows_read(input, rows, parts)).sum::<u64>()
}

/// Runs a job in a simulation; gives what it fails with.
fn simulated(
    simulation: &Simulation,
    parallelism: u32,
    build: impl Fn(&Environment) -> SqlResult<()>,
) -> Option<Error> {
    let report = simulation.run(|_| {
        let environment = Environment::new()
            .parallelism(parallelism)
            .checkpoint_every(Duration::from_millis(20))
            .restart_strategy(RestartStrategy::fixed_delay(200, Duration::ZERO));
        build(&environment).map_err(|error| Error::new(ErrorKind::InvalidJob, error.to_string()))?;
        environment.job("case")
    });
    report.err()
}

/// Waits until the sources of a job have read so many rows.
#[allow(clippy::disallowed_methods, reason = "a test waits for a job from outside of it")]
fn wait_for(handle: &JobHandle, rows: u64) {
    for _ in 0..POLLS {
        let metrics = handle.metrics();
        let sources = metrics.operators().into_iter().filter(|(name, _)| name.starts_with("Source: "));
        let read: u64 = sources.map(|(_, operator)| operator.records_out).sum();
        if metrics.status.is_final() || (metrics.status == JobStatus::Running && read >= rows) {
            return;
        }
        std::thread::sleep(POLL);
    }
}
