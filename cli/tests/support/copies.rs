//! Jobs that copy tables of a database, and what they wrote.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use super::millstream;

/// A running job. It is killed when this is dropped.
pub struct Job {
    child: Child,
    log: PathBuf,
}

impl Job {
    pub fn start(file: &Path, arguments: &[&str]) -> Self {
        let log = file.with_extension("log");
        let file = file.to_string_lossy();
        let arguments: Vec<&str> = [&["run", &file, "--progress", "0"], arguments].concat();
        let said = std::fs::File::create(&log).unwrap();
        let child = millstream(&arguments).stdout(Stdio::null()).stderr(said).spawn().unwrap();
        Self { child, log }
    }

    /// As SIGKILL does it. Fails if the job has ended by itself.
    pub fn kill(mut self) {
        self.assert_runs();
    }

    pub fn assert_runs(&mut self) {
        if let Some(status) = self.child.try_wait().unwrap() {
            panic!("the job has ended: {status}\n{}", std::fs::read_to_string(&self.log).unwrap());
        }
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The rows that files of `debezium-json` come to: each row, and how many there are of it.
pub fn fold(folder: &Path) -> BTreeMap<String, i64> {
    let mut rows = BTreeMap::<String, i64>::new();
    let Ok(entries) = std::fs::read_dir(folder) else { return rows };
    for entry in entries {
        let path = entry.unwrap().path();
        // What is not committed is hidden.
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(['.', '_']))
            || path.is_dir()
        {
            continue;
        }
        for line in std::fs::read_to_string(&path).unwrap().lines() {
            let change: serde_json::Value = serde_json::from_str(line).unwrap();
            let (row, count) = match change["op"].as_str() {
                Some("c") => (&change["after"], 1),
                Some("d") => (&change["before"], -1),
                other => panic!("{other:?} in {line}"),
            };
            *rows.entry(row.to_string()).or_default() += count;
        }
    }
    rows.retain(|_, count| *count != 0);
    rows
}

/// The rows of a query that has one column of JSON, counted.
fn counted(rows: Vec<Vec<Option<String>>>) -> BTreeMap<String, i64> {
    let mut counts = BTreeMap::new();
    for row in rows {
        let value: serde_json::Value = serde_json::from_str(row[0].as_deref().unwrap()).unwrap();
        *counts.entry(value.to_string()).or_default() += 1;
    }
    counts
}

/// Waits until what was written is what the server answers.
#[track_caller]
pub fn await_rows(job: &mut Job, folder: &Path, answer: Vec<Vec<Option<String>>>) {
    let expected = counted(answer);
    let limit = Instant::now() + Duration::from_secs(120);
    loop {
        let found = fold(folder);
        if found == expected {
            return;
        }
        job.assert_runs();
        if Instant::now() > limit {
            let missing = expected.iter().find(|(row, count)| found.get(*row) != Some(count));
            let extra = found.iter().find(|(row, count)| expected.get(*row) != Some(count));
            panic!(
                "{} rows, and the server has {}: missing {missing:?}, too many {extra:?}\n{}",
                found.len(),
                expected.len(),
                std::fs::read_to_string(&job.log).unwrap()
            );
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}
