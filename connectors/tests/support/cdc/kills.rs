//! Jobs and servers that are killed again and again, while somebody writes.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use millstream::engine::clock::Random;

use super::how_often::kills;
use super::process::start;
use super::proxy::Proxy;
use super::server::{DATABASE, Database, Server};
use super::support::random;
use super::writer::{TABLES, fill, write};

/// How many files have been committed: a checkpoint alone may be without any progress.
fn committed_files(folder: &Path) -> usize {
    let Ok(entries) = std::fs::read_dir(folder.join("output")) else { return 0 };
    entries
        .filter(|entry| {
            entry.as_ref().is_ok_and(|entry| entry.file_name().to_string_lossy().starts_with("part-"))
        })
        .count()
}

/// The lines of all committed files, in the order in which they were written.
fn committed(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder.join("output")) else { return Vec::new() };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if let Some(rest) = name.strip_prefix("part-0-") {
            let counter: u64 = rest.split('.').next().unwrap().parse().unwrap();
            files.push((counter, path));
        }
    }
    files.sort_unstable();
    let text = files.into_iter().map(|(_, path)| std::fs::read_to_string(path).unwrap());
    text.flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>()).collect()
}

/// A table and a primary key.
type RowKey = (String, Vec<String>);

type Tables = BTreeMap<RowKey, Vec<String>>;

/// What was read, added up: each step must fit what was there.
#[derive(Default)]
struct Fold {
    tables: Tables,
    /// A row as it was before an update whose other half has not come.
    half: Option<(RowKey, Vec<String>)>,
    /// How many rows and changes there were, and at how many points rows were read.
    rows: usize,
    changes: usize,
    snapshots: std::collections::BTreeSet<String>,
}

impl Fold {
    fn of(lines: &[String]) -> Self {
        let mut fold = Self::default();
        lines.iter().enumerate().for_each(|(number, line)| fold.add(number, line));
        assert_eq!(fold.half, None, "an update has no second half");
        fold
    }

    fn add(&mut self, number: usize, line: &str) {
        let mut fields = line.split('\t').map(str::to_owned);
        let (table, kind, from) = (fields.next().unwrap(), fields.next().unwrap(), fields.next().unwrap());
        let values: Vec<_> = fields.collect();
        let width = if table == "named" { 2 } else { 1 };
        let key = (table, values[..width].to_vec());
        match from.strip_prefix("rows@") {
            Some(lsn) => {
                self.rows += 1;
                self.snapshots.insert(lsn.to_owned());
            }
            None => self.changes += 1,
        }
        let at = format!("line {number}: {line:.200}");
        if kind != "+U" {
            assert_eq!(self.half, None, "{at}: an update has no second half");
        }
        match kind.as_str() {
            "+I" => assert_eq!(self.tables.insert(key, values), None, "{at}: the row was there"),
            "-U" => {
                assert_eq!(self.tables.get(&key), Some(&values), "{at}: the row was another");
                self.half = Some((key, values));
            }
            "+U" => {
                let (of, _) = self.half.take().unwrap_or_else(|| panic!("{at}: an update has no first half"));
                assert_eq!(of, key, "{at}");
                self.tables.insert(key, values);
            }
            "-D" => assert_eq!(self.tables.remove(&key), Some(values), "{at}: the row was another"),
            kind => panic!("{at}: {kind}"),
        }
    }
}

/// What is in the tables.
fn actual(database: &Database) -> Tables {
    let mut tables = Tables::new();
    for (table, width) in [("numbered", 1), ("named", 2)] {
        for row in database.query(&format!("SELECT * FROM {table}")) {
            let values: Vec<_> =
                row.into_iter().map(|value| value.unwrap_or_else(|| "NULL".to_owned())).collect();
            tables.insert((table.to_owned(), values[..width].to_vec()), values);
        }
    }
    tables
}

#[derive(Clone, Copy, Default)]
struct Kills {
    jobs: usize,
    servers: usize,
    /// How often the network between them is disturbed.
    cuts: usize,
}

/// Runs the job while somebody writes; kills what is to be killed; checks what was read.
fn capture(kills: Kills) -> Fold {
    let Some(server) = Server::start() else { return Fold::default() };
    let database = Database::of(server.port, DATABASE);
    database.execute(TABLES);
    fill(&database);
    let mut random = random();
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let said = || std::fs::read_to_string(folder.join("log")).unwrap_or_default();
    let proxy = Proxy::start(server.port);
    let (stop, written) = (AtomicBool::new(false), AtomicU64::new(0));
    let writes = Random::new(random.next());
    std::thread::scope(|scope| {
        scope.spawn(|| write(&Database::of(server.port, DATABASE), writes, &stop, &written));
        let Kills { mut jobs, mut servers, mut cuts } = kills;
        let all = jobs + servers + cuts;
        let mut process = start(proxy.port(), folder, 1 + random.below(2));
        while jobs + servers + cuts > 0 {
            let before = committed_files(folder);
            // Some die young; others get on a little at least.
            let dies_young = random.below(4) == 0;
            let began = Instant::now();
            // Half of them die while rows are read, the others after that.
            let reads_changes = || said().contains("the stream of changes is read");
            let is_late = 2 * (jobs + servers + cuts) <= all;
            while (is_late && !reads_changes()) || (!dies_young && committed_files(folder) == before) {
                assert!(began.elapsed() < Duration::from_secs(120), "the job does not get on:\n{}", said());
                assert!(process.ended().is_none(), "the job has ended:\n{}", said());
                std::thread::sleep(Duration::from_millis(5));
            }
            std::thread::sleep(Duration::from_millis(random.below(300) as u64));
            let next = random.below(jobs + servers + cuts);
            if next < jobs {
                jobs -= 1;
                drop(process);
                process = start(proxy.port(), folder, 1 + random.below(2));
            } else if next < jobs + cuts {
                cuts -= 1;
                proxy.disturb(1, &mut random);
            } else {
                servers -= 1;
                server.kill();
                server.restart();
            }
        }
        stop.store(true, Ordering::Relaxed);
        let began = Instant::now();
        let mut lines = committed(folder);
        loop {
            let now = committed(folder);
            // Checking takes time: only when it may be the end.
            if now.len() == lines.len() && Fold::of(&now).tables == actual(&database) {
                break;
            }
            lines = now;
            assert!(process.ended().is_none(), "the job has ended:\n{}", said());
            if began.elapsed() > Duration::from_secs(120) {
                let (tables, actual) = (Fold::of(&lines).tables, actual(&database));
                let missing = actual.iter().filter(|(key, row)| tables.get(*key) != Some(row)).take(5);
                let more = tables.iter().filter(|(key, _)| !actual.contains_key(*key)).take(5);
                panic!(
                    "missing {:?}, too much {:?}\n{}",
                    missing.collect::<Vec<_>>(),
                    more.collect::<Vec<_>>(),
                    said()
                );
            }
            std::thread::sleep(Duration::from_millis(300));
        }
        drop(process);
    });
    assert!(kills.cuts == 0 || proxy.ended() > 0, "nobody was disturbed");
    let fold = Fold::of(&committed(folder));
    eprintln!(
        "{} statements, {} rows at {} points, {} changes",
        written.into_inner(),
        fold.rows,
        fold.snapshots.len(),
        fold.changes
    );
    fold
}

#[test]
fn jobs_that_are_killed_read_everything_once() {
    let fold = capture(Kills { jobs: kills(8) as usize, ..Kills::default() });
    assert!(fold.rows == 0 || fold.snapshots.len() > 1, "no kill came while rows were read");
}

#[test]
fn servers_that_are_killed_are_read_once() {
    capture(Kills { jobs: 4, servers: kills(4) as usize, ..Kills::default() });
}

#[test]
fn a_network_that_is_cut_is_read_once() {
    capture(Kills { jobs: 2, cuts: kills(4) as usize, ..Kills::default() });
}
