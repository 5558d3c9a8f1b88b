//! State that expires, in whole jobs and virtual time: each row of a key comes twenty seconds after the one before. Where state
//! is kept for ten, a row is the first of its key each time.

use millstream_operators::Environment;
use millstream_operators::sink::{CollectSink, Collected};
use millstream_runtime::driver::simulation::Simulation;
use millstream_runtime::{Error, ErrorKind};
use millstream_sql::chunk::{Chunk, RowText};
use millstream_sql::connectors::TestRows;
use millstream_sql::{TableEnvironment, TableResult};

const ROWS: usize = 60;
const KEYS: usize = 20;

/// A row a second, with keys from 0 to 19 in turn.
const TABLES: [&str; 4] = [
    "CREATE TABLE numbers (n INT) WITH (
         'connector' = 'datagen', 'rows-per-second' = '1', 'number-of-rows' = '60',
         'fields.n.kind' = 'sequence', 'fields.n.start' = '0', 'fields.n.end' = '59'
     )",
    "CREATE VIEW s AS SELECT n, MOD(n, 20) AS k, 'x' AS v, PROCTIME() AS p FROM numbers",
    "CREATE TABLE upserts (id INT NOT NULL, v INT, PRIMARY KEY (id) NOT ENFORCED)
         WITH ('connector' = 'values', 'changelog-mode' = 'I,UA,D')",
    "CREATE TABLE sink (v INT NOT NULL, c BIGINT, PRIMARY KEY (v) NOT ENFORCED)
         WITH ('connector' = 'values', 'sink-insert-only' = 'false')",
];

/// The kinds of the changes of a query or an INSERT, with this time-to-live.
fn kinds(statement: &str, ttl: Option<&str>) -> Vec<String> {
    let rows = Collected::<Chunk>::default();
    let mut tables = TableEnvironment::new();
    TABLES.iter().for_each(|table| drop(tables.execute_sql(table).unwrap()));
    let upserts = tables.table("upserts").unwrap().path.clone();
    tables.session.register_rows(upserts, TestRows::new(["[1, 1]", r#"["+U", 1, 1]"#]));
    if let Some(ttl) = ttl {
        tables.execute_sql(&format!("SET 'table.exec.state.ttl' = '{ttl}'")).unwrap();
    }
    let result = tables.execute_sql(statement).unwrap_or_else(|error| panic!("{}", error.render(statement)));
    let mut simulation = Simulation::new(1);
    simulation.most_steps = 10_000_000;
    let report = simulation.run(|_| {
        let environment = Environment::new().parallelism(1);
        let built = match &result {
            TableResult::Query(job) => {
                job.build(&environment).map(|changes| drop(changes.sink_to(CollectSink::new(&rows))))
            }
            TableResult::Insert(job) => job.build(&environment),
            other => panic!("{other:?}"),
        };
        built.map_err(|error| Error::new(ErrorKind::InvalidJob, error.to_string()))?;
        environment.job("expiry")
    });
    report.unwrap();
    let changes = match &result {
        TableResult::Query(job) => {
            let text = RowText::new(job.schema());
            rows.by_commit().iter().flat_map(|chunk| text.lines(chunk)).collect()
        }
        _ => tables.session.contents(&tables.table("sink").unwrap().path).unwrap().changelog(),
    };
    changes.iter().map(|change| change[..2].to_owned()).collect()
}

fn count(kinds: &[String], kind: &str) -> usize {
    kinds.iter().filter(|change| *change == kind).count()
}

#[test]
fn each_row_is_the_first_of_its_key_once_the_one_before_has_expired() {
    for query in [
        "SELECT k, COUNT(*) FROM s GROUP BY k",
        "SELECT k, COUNT(DISTINCT v), MAX(v), LISTAGG(v) FROM s GROUP BY k",
        "SELECT DISTINCT k FROM s",
        "SELECT k, v FROM s EXCEPT ALL SELECT k, v FROM s WHERE k < 0",
        "SELECT k, n FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY p) AS rn FROM s) WHERE rn = 1",
        "SELECT k, n FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY p DESC) AS rn FROM s) WHERE rn = 1",
        "SELECT k, n FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY n DESC) AS rn FROM s) WHERE rn = 1",
        "SELECT k, n, rn FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY n DESC) AS rn FROM s) WHERE rn <= 2",
        // Of what changes, and so may go.
        "SELECT k, c, rn FROM (
             SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY c DESC) AS rn
             FROM (SELECT k, v, COUNT(*) AS c FROM s GROUP BY k, v)
         ) WHERE rn <= 2",
        "SELECT k, c, rn FROM (
             SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY c) AS rn
             FROM (SELECT k, v, COUNT(*) AS c FROM s GROUP BY k, v)
         ) WHERE rn <= 2",
    ] {
        let expired = kinds(query, Some("10 s"));
        assert_eq!((expired.len(), count(&expired, "+I")), (ROWS, ROWS), "{query}: {expired:?}");
        for ttl in [None, Some("1 min"), Some("0 s")] {
            assert_ne!(kinds(query, ttl), expired, "{query} {ttl:?}");
        }
    }
}

#[test]
fn a_limit_begins_anew() {
    assert_eq!(kinds("SELECT n FROM s LIMIT 5", None).len(), 5);
    // Five rows, and then five each time that nothing has been written for ten seconds.
    assert_eq!(kinds("SELECT n FROM s LIMIT 5", Some("10 s")).len(), 5 * 4 + 4);
}

#[test]
fn rows_of_a_join_meet_those_that_are_alive() {
    let join = |hint: &str| {
        format!(
            "SELECT {hint} a.n, b.n FROM (SELECT n, k FROM s) AS a JOIN (SELECT n, k FROM s) AS b ON a.k = b.k"
        )
    };
    let met = KEYS * 9;
    assert_eq!(kinds(&join(""), None).len(), met);
    assert_eq!(kinds(&join(""), Some("10 s")).len(), ROWS);
    // Whichever row comes second finds the other one, if that is kept.
    for hint in ["/*+ STATE_TTL('a' = '10 s') */", "/*+ STATE_TTL('b' = '10 s') */"] {
        assert_eq!(kinds(&join(hint), None).len(), ROWS + KEYS * 3, "{hint}");
        assert_eq!(kinds(&join(&hint.replace("10 s", "0 s")), Some("10 s")).len(), ROWS + KEYS * 3, "{hint}");
    }
}

#[test]
fn the_hint_of_a_group_aggregate_goes_before_the_setting() {
    let query = |ttl: &str| format!("SELECT /*+ STATE_TTL('s' = '{ttl}') */ k, COUNT(*) FROM s GROUP BY k");
    assert_eq!(count(&kinds(&query("10 s"), None), "+I"), ROWS);
    assert_eq!(count(&kinds(&query("1 d"), Some("10 s")), "+I"), KEYS);
    assert_eq!(count(&kinds(&query("0 s"), Some("10 s")), "+I"), KEYS);
}

#[test]
fn what_a_sink_materializes_expires() {
    let insert = "INSERT INTO sink SELECT k, c FROM (SELECT /*+ STATE_TTL('s' = '10 s') */ n, k, COUNT(*) AS c FROM s GROUP BY n, k)";
    assert_eq!(count(&kinds(insert, None), "+I"), KEYS);
    assert_eq!(count(&kinds(insert, Some("10 s")), "+I"), ROWS);
}

#[test]
fn a_row_that_is_normalized_and_comes_again_is_passed_on_where_state_expires() {
    assert_eq!(kinds("SELECT id, v FROM upserts", None), ["+I"]);
    assert_eq!(kinds("SELECT id, v FROM upserts", Some("1 d")), ["+I", "-U", "+U"]);
}
