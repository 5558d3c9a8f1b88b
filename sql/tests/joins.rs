//! Joins, subqueries and set operations, from text to rows. What is compared is the table that the changes make: in which
//! order the inputs come is left to the job.

use std::collections::BTreeMap;

use millstream_operators::Environment;
use millstream_sql::chunk::RowText;
use millstream_sql::{TableEnvironment, TableResult};

/// The rows of a query's result, sorted.
fn table(sql: &str) -> Vec<String> {
    let mut tables = TableEnvironment::new();
    for view in VIEWS {
        tables.execute_sql(view).unwrap();
    }
    let TableResult::Query(query) = tables.execute_sql(sql).unwrap() else { panic!("no query: {sql}") };
    let environment = Environment::new().parallelism(2);
    let chunks = query.build(&environment).unwrap().collect();
    environment.execute("query").unwrap();
    let text = RowText::new(query.schema());
    let mut rows: BTreeMap<String, i64> = BTreeMap::new();
    for chunk in chunks.to_vec() {
        for row in 0..chunk.rows() {
            let mut line = String::new();
            text.write(&chunk, row, &mut line);
            let (kind, values) = line.split_at(2);
            *rows.entry(values.to_owned()).or_default() += if kind.starts_with('+') { 1 } else { -1 };
        }
    }
    assert!(rows.values().all(|count| *count >= 0), "{rows:?}");
    rows.into_iter().flat_map(|(row, count)| vec![row; count.unsigned_abs() as usize]).collect()
}

fn error(sql: &str) -> String {
    let mut tables = TableEnvironment::new();
    for view in VIEWS {
        tables.execute_sql(view).unwrap();
    }
    tables.execute_sql(sql).map(|_| ()).unwrap_err().to_string()
}

const VIEWS: [&str; 3] = [
    "CREATE VIEW l AS SELECT * FROM (VALUES (1, 'a'), (2, 'b'), (2, 'c'), (CAST(NULL AS INT), 'n')) AS t(id, x)",
    "CREATE VIEW r AS SELECT * FROM (VALUES (CAST(2 AS BIGINT), 'p'), (3, 'q'), (CAST(NULL AS BIGINT), 'm')) AS t(id, y)",
    "CREATE VIEW s AS SELECT * FROM (VALUES (1), (2), (2)) AS t(v)",
];

fn sorted(parts: &[&[&'static str]]) -> Vec<&'static str> {
    let mut all = parts.concat();
    all.sort_unstable();
    all
}

#[test]
fn each_kind_of_join_keeps_the_rows_that_it_is_to_keep() {
    let on = |kind: &str| table(&format!("SELECT l.id, x, r.id, y FROM l {kind} JOIN r ON l.id = r.id"));
    let pairs = ["[2, b, 2, p]", "[2, c, 2, p]"];
    let lefts = ["[1, a, null, null]", "[null, n, null, null]"];
    let rights = ["[null, null, 3, q]", "[null, null, null, m]"];
    assert_eq!(on("INNER"), pairs);
    assert_eq!(on("LEFT"), sorted(&[&pairs, &lefts]));
    assert_eq!(on("RIGHT"), sorted(&[&pairs, &rights]));
    assert_eq!(on("FULL"), sorted(&[&pairs, &lefts, &rights]));
}

#[test]
fn null_is_equal_to_null_where_it_is_not_distinct() {
    let rows = table("SELECT x, y FROM l JOIN r ON l.id IS NOT DISTINCT FROM r.id");
    assert_eq!(rows, ["[b, p]", "[c, p]", "[n, m]"]);
}

#[test]
fn using_and_natural_merge_columns() {
    assert_eq!(table("SELECT * FROM l JOIN r USING (id)"), ["[2, b, p]", "[2, c, p]"]);
    assert_eq!(table("SELECT * FROM l NATURAL JOIN r"), ["[2, b, p]", "[2, c, p]"]);
    let merged =
        ["[1, a, null]", "[2, b, p]", "[2, c, p]", "[3, null, q]", "[null, n, null]", "[null, null, m]"];
    assert_eq!(table("SELECT * FROM l FULL JOIN r USING (id)"), merged);
    assert_eq!(table("SELECT id, l.id, r.id FROM l RIGHT JOIN r USING (id) WHERE id = 3"), ["[3, null, 3]"]);
}

#[test]
fn joins_without_equality_and_of_three_tables() {
    assert_eq!(table("SELECT l.id, v FROM l, s WHERE l.id < v"), ["[1, 2]", "[1, 2]"]);
    assert_eq!(table("SELECT a.v, b.v FROM s a CROSS JOIN s b WHERE a.v + 1 = b.v"), ["[1, 2]", "[1, 2]"]);
    let rows = table("SELECT x, y, v FROM (l JOIN r ON l.id = r.id) JOIN s ON s.v * 2 = l.id + 2");
    assert_eq!(rows, ["[b, p, 2]", "[b, p, 2]", "[c, p, 2]", "[c, p, 2]"]);
}

#[test]
fn joins_of_aggregates_take_back_what_has_changed() {
    let counts = "(SELECT v, COUNT(*) AS c FROM s GROUP BY v)";
    assert_eq!(
        table(&format!("SELECT x, c FROM l LEFT JOIN {counts} ON id = v")),
        ["[a, 1]", "[b, 2]", "[c, 2]", "[n, null]"]
    );
    let twice = format!("SELECT c, COUNT(x) FROM l JOIN {counts} ON id = v GROUP BY c");
    assert_eq!(table(&twice), ["[1, 1]", "[2, 2]"]);
}

#[test]
fn in_and_exists_keep_rows_of_the_left() {
    assert_eq!(table("SELECT x FROM l WHERE id IN (SELECT v FROM s)"), ["[a]", "[b]", "[c]"]);
    assert_eq!(table("SELECT x FROM l WHERE id IN (SELECT id FROM r)"), ["[b]", "[c]"]);
    assert_eq!(table("SELECT x FROM l WHERE EXISTS (SELECT 1 FROM r WHERE r.id = l.id)"), ["[b]", "[c]"]);
    assert_eq!(table("SELECT x FROM l WHERE NOT EXISTS (SELECT * FROM r WHERE r.id = l.id)"), ["[a]", "[n]"]);
    assert_eq!(
        table("SELECT x FROM l WHERE EXISTS (SELECT * FROM r WHERE r.id > l.id AND y = 'q')"),
        ["[a]", "[b]", "[c]"]
    );
    assert_eq!(table("SELECT x FROM l WHERE x <> 'b' AND (id, x) IN (SELECT v, 'c' FROM s)"), ["[c]"]);
    assert_eq!(table("SELECT x FROM l WHERE x IN (SELECT 'a' FROM s WHERE v = l.id)"), ["[a]"]);
}

#[test]
fn not_in_holds_for_nothing_that_null_makes_unknown() {
    // A NULL in the query leaves no row; a NULL that is looked for is not known to be elsewhere.
    assert!(table("SELECT x FROM l WHERE id NOT IN (SELECT id FROM r)").is_empty());
    assert_eq!(table("SELECT x FROM l WHERE id NOT IN (SELECT v FROM s WHERE v = 1)"), ["[b]", "[c]"]);
    assert_eq!(table("SELECT v FROM s WHERE v NOT IN (SELECT id FROM r WHERE id IS NOT NULL)"), ["[1]"]);
    assert_eq!(
        table("SELECT x FROM l WHERE id NOT IN (SELECT v FROM s WHERE v > 5)"),
        ["[a]", "[b]", "[c]", "[n]"]
    );
}

#[test]
fn a_query_is_a_value() {
    assert_eq!(
        table("SELECT x, (SELECT MAX(v) FROM s) FROM l WHERE id = (SELECT MIN(v) FROM s)"),
        ["[a, 2]"]
    );
    assert_eq!(table("SELECT x FROM l WHERE id > (SELECT v FROM s WHERE v = 1)"), ["[b]", "[c]"]);
    assert_eq!(table("SELECT v, (SELECT v FROM s WHERE v > 9) FROM s WHERE v = 1"), ["[1, null]"]);
}

#[test]
fn set_operations_compare_whole_rows() {
    assert_eq!(table("SELECT v FROM s UNION SELECT id FROM l"), ["[1]", "[2]", "[null]"]);
    assert_eq!(table("SELECT id FROM l INTERSECT SELECT id FROM r"), ["[2]", "[null]"]);
    assert_eq!(table("SELECT id FROM l EXCEPT SELECT id FROM r"), ["[1]"]);
    assert_eq!(table("SELECT id FROM r EXCEPT SELECT v FROM s"), ["[3]", "[null]"]);
    assert_eq!(table("SELECT id FROM l INTERSECT ALL SELECT id FROM r"), ["[2]", "[null]"]);
    assert_eq!(table("SELECT id FROM l EXCEPT ALL SELECT id FROM r"), ["[1]", "[2]"]);
}

#[test]
fn what_has_no_meaning_is_refused() {
    assert!(error("SELECT id FROM l JOIN r ON l.id = r.id").contains("Column 'id' is ambiguous"));
    assert!(error("SELECT * FROM l JOIN r").contains("INNER join requires a condition"));
    assert!(error("SELECT * FROM l JOIN r USING (z)").contains("Column 'z' not found in any table"));
    assert!(error("SELECT * FROM l WHERE EXISTS (SELECT * FROM r WHERE r.id = l.zz)").contains("zz"));
    assert!(error("SELECT (SELECT id, y FROM r) FROM l").contains("$SCALAR_QUERY"));
}

#[test]
fn columns_of_the_same_name_get_numbers() {
    let mut tables = TableEnvironment::new();
    let sql = "SELECT * FROM (VALUES (1, 2)) AS a(x, y) JOIN (VALUES (1, 3)) AS b(x, x0) ON a.x = b.x";
    let TableResult::Query(query) = tables.execute_sql(sql).unwrap() else { panic!("no query") };
    assert_eq!(query.schema().names().collect::<Vec<_>>(), ["x", "y", "x0", "x00"]);
}
