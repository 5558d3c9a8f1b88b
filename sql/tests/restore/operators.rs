//! Queries, each with an operator that keeps state, over tables with few rows.

/// A query, and the table that its rows go to.
#[derive(Debug)]
pub struct Operator {
    pub name: &'static str,
    /// The columns of the table.
    pub columns: &'static str,
    pub query: &'static str,
    /// Whether rows replace each other by the first column.
    pub is_upsert: bool,
}

impl Operator {
    pub fn table(&self) -> String {
        format!("out_{}", self.name)
    }

    pub fn sink(&self) -> String {
        let key = if self.is_upsert { ", PRIMARY KEY (k) NOT ENFORCED" } else { "" };
        let (table, columns) = (self.table(), self.columns);
        format!(
            "CREATE TABLE {table} ({columns}{key}) WITH ('connector' = 'values', 'sink-insert-only' = 'false')"
        )
    }
}

const fn operator(name: &'static str, columns: &'static str, query: &'static str) -> Operator {
    Operator { name, columns, query, is_upsert: false }
}

/// A table that is read.
pub struct Table {
    pub name: &'static str,
    pub definition: &'static str,
    /// Its rows, as lines of connector `values`.
    pub rows: fn() -> Vec<String>,
}

pub const TABLES: [Table; 4] = [
    Table {
        name: "clicks",
        definition: "CREATE TABLE clicks (
                k INT NOT NULL, v INT, name STRING, flag BOOLEAN, ts TIMESTAMP(3),
                WATERMARK FOR ts AS ts - INTERVAL '1' MINUTE
            ) WITH ('connector' = 'values')",
        rows: clicks,
    },
    Table {
        name: "visits",
        definition: "CREATE TABLE visits (
                k INT NOT NULL, w INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '1' MINUTE
            ) WITH ('connector' = 'values')",
        rows: visits,
    },
    Table {
        name: "changes",
        definition: "CREATE TABLE changes (
                id INT NOT NULL, k INT NOT NULL, v INT, name STRING, PRIMARY KEY (id) NOT ENFORCED
            ) WITH ('connector' = 'values', 'changelog-mode' = 'I,UB,UA,D')",
        rows: changes,
    },
    Table {
        name: "upserts",
        definition: "CREATE TABLE upserts (
                id INT NOT NULL, k INT NOT NULL, v INT, PRIMARY KEY (id) NOT ENFORCED
            ) WITH ('connector' = 'values', 'changelog-mode' = 'I,UA,D')",
        rows: upserts,
    },
];

const ROWS: u64 = 60;

/// Numbers that look random, the same each time.
fn random(number: u64, below: u64) -> u64 {
    let mixed = (number + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    ((mixed ^ (mixed >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 33) % below
}

/// Ten seconds after the one before, but for half a minute of disorder.
fn time(number: u64) -> String {
    let second = 30 + number * 10 - random(number, 30);
    format!("2020-10-10 00:{:02}:{:02}", second / 60, second % 60)
}

fn clicks() -> Vec<String> {
    let row = |number: u64| {
        let (k, v) = (random(number, 4), random(number + 1_000, 12));
        format!(r#"[{k}, {v}, "{}", {}, "{}"]"#, ["x", "y", "z"][v as usize % 3], v % 2 == 0, time(number))
    };
    (0..ROWS).map(row).collect()
}

fn visits() -> Vec<String> {
    let row = |number: u64| format!(r#"[{}, {number}, "{}"]"#, random(number + 2_000, 5), time(number));
    (0..ROWS).map(row).collect()
}

/// Rows that come, change and go.
fn changed(has_update_before: bool, line: impl Fn(&str, u64, (u64, u64)) -> String) -> Vec<String> {
    let mut rows = std::collections::BTreeMap::new();
    let mut lines = Vec::new();
    for number in 0..ROWS {
        let (id, row) = (random(number, 15), (random(number + 3_000, 4), random(number + 4_000, 12)));
        match rows.get(&id).copied() {
            None => lines.push(line("+I", id, row)),
            Some(before) if number % 5 == 0 => {
                lines.push(line("-D", id, before));
                rows.remove(&id);
                continue;
            }
            Some(before) => {
                lines.extend(has_update_before.then(|| line("-U", id, before)));
                lines.push(line("+U", id, row));
            }
        }
        rows.insert(id, row);
    }
    lines
}

fn changes() -> Vec<String> {
    let names = ["x", "y", "z"];
    changed(true, |kind, id, (k, v)| format!(r#"["{kind}", {id}, {k}, {v}, "{}"]"#, names[v as usize % 3]))
}

fn upserts() -> Vec<String> {
    changed(false, |kind, id, (k, v)| format!(r#"["{kind}", {id}, {k}, {v}]"#))
}

pub const OPERATORS: &[Operator] = &[
    operator(
        "group",
        "k INT, n BIGINT, s INT, a INT, lo STRING, hi INT",
        "SELECT k, COUNT(*), SUM(v), AVG(v), MIN(name), MAX(v) FROM clicks GROUP BY k",
    ),
    operator("group_of_all", "n BIGINT, s INT", "SELECT COUNT(*), SUM(v) FROM clicks"),
    operator(
        "group_retracting",
        "k INT, n BIGINT, s INT, lo INT, hi INT, first_name STRING, last_name STRING",
        "SELECT k, COUNT(*), SUM(v), MIN(v), MAX(v), MIN(name), MAX(name) FROM changes GROUP BY k",
    ),
    operator(
        "group_in_order",
        "k INT, first_v INT, last_v INT, first_name STRING, last_name STRING, names STRING",
        "SELECT k, FIRST_VALUE(v), LAST_VALUE(v), FIRST_VALUE(name), LAST_VALUE(name), LISTAGG(name)
         FROM changes GROUP BY k",
    ),
    operator(
        "group_of_equal",
        "k INT, first_name STRING, last_name STRING, names STRING",
        "SELECT k, FIRST_VALUE(name), LAST_VALUE(name), LISTAGG(name)
         FROM (SELECT k, CAST(k AS STRING) AS name FROM clicks) GROUP BY k",
    ),
    operator(
        "distinct_arguments",
        "k INT, n BIGINT, f BIGINT, s INT, names BIGINT",
        "SELECT k, COUNT(DISTINCT v), COUNT(DISTINCT v) FILTER (WHERE flag), SUM(DISTINCT v), COUNT(DISTINCT name)
         FROM clicks GROUP BY k",
    ),
    operator(
        "distinct_arguments_retracting",
        "k INT, n BIGINT, s INT",
        "SELECT k, COUNT(DISTINCT v), SUM(DISTINCT v) FROM changes GROUP BY k",
    ),
    operator("distinct_rows", "k INT, v INT", "SELECT DISTINCT k, v FROM clicks"),
    operator("distinct_rows_retracting", "k INT, name STRING", "SELECT DISTINCT k, name FROM changes"),
    operator(
        "tumble",
        "k INT, t TIMESTAMP(3), n BIGINT, lo STRING, hi INT, d BIGINT",
        "SELECT k, window_start, COUNT(*), MIN(name), MAX(v), COUNT(DISTINCT v)
         FROM TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(ts), INTERVAL '2' MINUTE)) GROUP BY k, window_start, window_end",
    ),
    operator(
        "hop",
        "k INT, t TIMESTAMP(3), n BIGINT, s INT",
        "SELECT k, window_start, COUNT(*), SUM(v)
         FROM TABLE(HOP(TABLE clicks, DESCRIPTOR(ts), INTERVAL '1' MINUTE, INTERVAL '4' MINUTE))
         GROUP BY k, window_start, window_end",
    ),
    operator(
        "cumulate",
        "t TIMESTAMP(3), n BIGINT, d BIGINT",
        "SELECT window_end, COUNT(*), COUNT(DISTINCT k)
         FROM TABLE(CUMULATE(TABLE clicks, DESCRIPTOR(ts), INTERVAL '1' MINUTE, INTERVAL '5' MINUTE))
         GROUP BY window_start, window_end",
    ),
    operator(
        "session",
        "k INT, t TIMESTAMP(3), n BIGINT, hi INT",
        "SELECT k, window_start, COUNT(*), MAX(v)
         FROM TABLE(SESSION(TABLE clicks PARTITION BY k, DESCRIPTOR(ts), INTERVAL '40' SECOND))
         GROUP BY k, window_start, window_end",
    ),
    operator(
        "window_join",
        "k INT, v INT, w INT, t TIMESTAMP(3)",
        "SELECT c.k, c.v, v.w, c.window_start
         FROM (SELECT * FROM TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(ts), INTERVAL '2' MINUTE))) AS c
         FULL JOIN (SELECT * FROM TABLE(TUMBLE(TABLE visits, DESCRIPTOR(ts), INTERVAL '2' MINUTE))) AS v
         ON c.k = v.k AND c.window_start = v.window_start AND c.window_end = v.window_end",
    ),
    operator(
        "window_rank",
        "k INT, w INT, t TIMESTAMP(3), rn BIGINT",
        "SELECT k, w, window_start, rn FROM (
             SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end, k ORDER BY w DESC) AS rn
             FROM TABLE(TUMBLE(TABLE visits, DESCRIPTOR(ts), INTERVAL '3' MINUTE))
         ) WHERE rn <= 2",
    ),
    operator(
        "window_deduplicate",
        "k INT, t TIMESTAMP(3)",
        "SELECT k, window_start FROM (
             SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end, k ORDER BY ts) AS rn
             FROM TABLE(TUMBLE(TABLE visits, DESCRIPTOR(ts), INTERVAL '3' MINUTE))
         ) WHERE rn = 1",
    ),
    operator(
        "rank_append",
        "k INT, w INT, rn BIGINT",
        "SELECT k, w, rn FROM (
             SELECT k, w, ROW_NUMBER() OVER (PARTITION BY k ORDER BY w DESC) AS rn FROM visits
         ) WHERE rn <= 3",
    ),
    operator(
        "rank_first",
        "k INT, w INT",
        "SELECT k, w FROM (
             SELECT k, w, ROW_NUMBER() OVER (PARTITION BY k ORDER BY w DESC) AS rn FROM visits
         ) WHERE rn = 1",
    ),
    operator(
        "rank_update",
        "k INT, n BIGINT, rn BIGINT",
        "SELECT k, n, rn FROM (
             SELECT k, n, ROW_NUMBER() OVER (ORDER BY n DESC, k) AS rn
             FROM (SELECT k, COUNT(*) AS n FROM visits GROUP BY k)
         ) WHERE rn <= 3",
    ),
    operator(
        "rank_retract",
        "k INT, id INT, v INT, rn BIGINT",
        "SELECT k, id, v, rn FROM (
             SELECT k, id, v, ROW_NUMBER() OVER (PARTITION BY k ORDER BY v, id) AS rn FROM changes
         ) WHERE rn BETWEEN 2 AND 4",
    ),
    operator("sort_limit", "w INT, k INT", "SELECT w, k FROM visits ORDER BY w DESC LIMIT 7"),
    operator("limit_rows", "n BIGINT", "SELECT COUNT(*) FROM (SELECT * FROM clicks LIMIT 31)"),
    operator(
        "first_row_by_arrival",
        "k INT",
        "SELECT k FROM (
             SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY p) AS rn FROM (SELECT *, PROCTIME() AS p FROM clicks)
         ) WHERE rn = 1",
    ),
    operator(
        "last_row_by_arrival",
        "k INT",
        "SELECT k FROM (
             SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY p DESC) AS rn FROM (SELECT *, PROCTIME() AS p FROM clicks)
         ) WHERE rn = 1",
    ),
    operator(
        "first_row_by_time",
        "p INT, t TIMESTAMP(3)",
        "SELECT w / 3, ts FROM (
             SELECT *, ROW_NUMBER() OVER (PARTITION BY w / 3 ORDER BY ts) AS rn FROM visits
         ) WHERE rn = 1",
    ),
    operator(
        "last_row_by_time",
        "k INT, t TIMESTAMP(3)",
        "SELECT k, ts FROM (
             SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY ts DESC) AS rn FROM visits
         ) WHERE rn = 1",
    ),
    operator("normalize", "id INT, k INT, v INT", "SELECT id, k, v FROM upserts WHERE v > 2"),
    Operator {
        name: "materialize",
        columns: "k INT NOT NULL, c INT",
        // Two rows of the query have one key.
        query: "SELECT v / 2, 1 FROM (SELECT v, COUNT(*) AS n FROM changes GROUP BY v)",
        is_upsert: true,
    },
    operator(
        "join_inner",
        "k INT, v INT, w INT",
        "SELECT c.k, c.v, v.w FROM (SELECT k, v FROM clicks) AS c JOIN (SELECT k, w FROM visits) AS v ON c.k = v.k",
    ),
    operator(
        "join_left_of_changes",
        "id INT, k INT, n BIGINT",
        "SELECT c.id, c.k, v.n FROM changes AS c
         LEFT JOIN (SELECT w, COUNT(*) AS n FROM visits GROUP BY w) AS v ON c.v = v.w",
    ),
    operator(
        "join_right",
        "id INT, w INT",
        "SELECT c.id, v.w FROM changes AS c RIGHT JOIN (SELECT k, w FROM visits) AS v ON c.v = v.w",
    ),
    operator(
        "join_full",
        "a INT, b INT",
        "SELECT c.id, u.id FROM changes AS c FULL JOIN upserts AS u ON c.id = u.id AND c.v < u.v",
    ),
    operator("semi_join", "id INT, v INT", "SELECT id, v FROM changes WHERE v IN (SELECT v FROM upserts)"),
    operator(
        "anti_join",
        "id INT, v INT",
        "SELECT id, v FROM changes AS c WHERE NOT EXISTS (SELECT 1 FROM upserts AS u WHERE u.id = c.v + 6)",
    ),
    operator(
        "intersect_all",
        "k INT, v INT",
        "SELECT k, v FROM changes INTERSECT ALL SELECT k, v / 2 FROM clicks",
    ),
    operator("except_all", "k INT", "SELECT k FROM clicks EXCEPT ALL SELECT k FROM changes"),
    operator("sort_by_time", "w INT, t TIMESTAMP(3)", "SELECT w, ts FROM visits ORDER BY ts"),
];
