//! SQL from files of Parquet into partitioned files of Parquet, on the local disk, which does not fail; processes do.

use std::path::Path;

use millstream::prelude::*;
use millstream_sql::{TableEnvironment, TableResult};

use crate::setting::{Setting, Verdict, compare};

/// A session with both tables.
fn session(directory: &Path) -> TableEnvironment {
    let mut tables = TableEnvironment::new();
    for (name, clauses) in [("s", ""), ("t", "PARTITIONED BY (f)")] {
        // Row groups of a chunk each: many are begun and finished between checkpoints.
        let create = format!(
            "CREATE TABLE {name} (n INT, t TIMESTAMP(3), f STRING) {clauses} WITH ('connector' = 'filesystem', 'path' = '{}', \
             'format' = 'parquet', 'parquet.block.size' = '1')",
            directory.join(name).display()
        );
        tables.execute_sql(&create).unwrap();
    }
    tables
}

fn insert(tables: &mut TableEnvironment, statement: &str, env: &Environment) {
    let Ok(TableResult::Insert(job)) = tables.execute_sql(statement) else { panic!("the INSERT is planned") };
    job.build(env).unwrap();
}

pub fn from_parquet_to_partitions(setting: &Setting) -> Verdict {
    let (files, rows) = (setting.draw(100, 1..=3), setting.draw(101, 1..=300));
    let directory = tempfile::tempdir().map_err(|error| error.to_string())?;
    for file in 0..files {
        let rows = (0..rows).map(|row| format!("({row}, TO_TIMESTAMP('2024-01-01 00:00:01'), '{file}')"));
        let statement = format!("INSERT INTO s VALUES {}", rows.collect::<Vec<_>>().join(", "));
        let env = Environment::new();
        insert(&mut session(directory.path()), &statement, &env);
        env.execute("input").map_err(|error| error.to_string())?;
    }
    let report = setting.simulate(|env, _| {
        insert(&mut session(directory.path()), "INSERT INTO t SELECT n * 2, t, f FROM s", env);
    })?;
    let expected = (0..files).flat_map(|file| (0..rows).map(move |row| format!("{file}: {}", 2 * row)));
    compare(written(directory.path())?, expected.collect())?;
    Ok(report)
}

/// All rows of the committed files, read without any fault.
fn written(directory: &Path) -> Result<Vec<String>, String> {
    let env = Environment::new();
    let Ok(TableResult::Query(job)) =
        session(directory).execute_sql("SELECT f || ': ' || CAST(n AS STRING) FROM t")
    else {
        panic!("the query is planned");
    };
    let rows = job.build(&env).map_err(|error| error.to_string())?.collect();
    env.execute("written").map_err(|error| error.to_string())?;
    let chunks = rows.to_vec();
    let lines = chunks.iter().flat_map(|chunk| {
        let texts = chunk.columns()[0].clone();
        let texts = texts.as_any().downcast_ref::<arrow_array::StringViewArray>().unwrap().clone();
        texts.iter().map(|text| text.unwrap().to_owned()).collect::<Vec<_>>()
    });
    Ok(lines.collect())
}
