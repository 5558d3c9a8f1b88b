//! SQL from files into partitioned files, both on the local disk, which does not fail; processes do.

use std::fs;
use std::path::Path;

use millstream_sql::{TableEnvironment, TableResult};

use crate::setting::{Setting, Verdict, compare};

pub fn from_files_to_partitions(setting: &Setting) -> Verdict {
    let (files, lines) = (setting.draw(100, 1..=3), setting.draw(101, 1..=300));
    let directory = tempfile::tempdir().map_err(|error| error.to_string())?;
    let input = directory.path().join("in");
    fs::create_dir(&input).map_err(|error| error.to_string())?;
    for file in 0..files {
        let text: String = (0..lines).map(|line| format!("{{\"n\": {line}, \"f\": \"{file}\"}}\n")).collect();
        fs::write(input.join(format!("{file}.json")), text).map_err(|error| error.to_string())?;
    }
    let output = directory.path().join("out");
    let report = setting.simulate(|env, _| {
        let mut tables = TableEnvironment::new();
        let create = |name: &str, path: &Path, rest: &str| {
            let path = path.display();
            format!(
                "CREATE TABLE {name} (n INT, f STRING) {rest}, 'connector' = 'filesystem', 'path' = '{path}')"
            )
        };
        tables.execute_sql(&create("s", &input, "WITH ('format' = 'json'")).unwrap();
        tables.execute_sql(&create("t", &output, "PARTITIONED BY (f) WITH ('format' = 'csv'")).unwrap();
        let Ok(TableResult::Insert(job)) = tables.execute_sql("INSERT INTO t SELECT n * 2, f FROM s") else {
            panic!("the INSERT is planned");
        };
        job.build(env).unwrap();
    })?;
    let expected = (0..files).flat_map(|file| (0..lines).map(move |line| format!("f={file}: {}", 2 * line)));
    compare(written(&output)?, expected.collect())?;
    Ok(report)
}

/// All lines of the committed files, with their folders.
fn written(output: &Path) -> Result<Vec<String>, String> {
    let mut lines = Vec::new();
    for folder in fs::read_dir(output).map_err(|error| error.to_string())?.flatten() {
        let name = folder.file_name().to_string_lossy().into_owned();
        if !folder.path().is_dir() {
            continue;
        }
        for file in fs::read_dir(folder.path()).map_err(|error| error.to_string())?.flatten() {
            if file.file_name().to_string_lossy().starts_with("part-") {
                let text = fs::read_to_string(file.path()).map_err(|error| error.to_string())?;
                lines.extend(text.lines().map(|line| format!("{name}: {line}")));
            }
        }
    }
    Ok(lines)
}
