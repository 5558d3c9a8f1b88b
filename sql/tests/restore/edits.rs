//! Queries that are edited between a savepoint and what goes on from it, in ways that leave their state what it is.

use std::sync::Arc;

use object_store::memory::InMemory;

use super::operators::Operator;
use super::story::{Part, Place, fold, run, try_run};

struct Edit {
    columns: &'static str,
    before: &'static str,
    /// With the same rows as an answer.
    after: &'static str,
}

const EDITS: [Edit; 5] = [
    Edit {
        columns: "k INT, n BIGINT, s INT",
        before: "SELECT k, COUNT(*), SUM(v) FROM clicks GROUP BY k",
        after: "WITH renamed AS (SELECT v AS x, k AS y FROM clicks WHERE v >= 0)
                SELECT y, n, s FROM (SELECT y, COUNT(*) AS n, SUM(x) AS s FROM renamed GROUP BY y) WHERE n > 0",
    },
    Edit {
        columns: "k INT, n BIGINT",
        before: "SELECT k + 1, COUNT(*) FROM clicks GROUP BY k + 1",
        after: "SELECT /*+ STATE_TTL('t' = '9 d') */ x, COUNT(*) FROM (SELECT name, k + 1 AS x FROM clicks) AS t GROUP BY x",
    },
    Edit {
        columns: "k INT, v INT, w INT",
        before: "SELECT c.k, c.v, v.w FROM (SELECT k, v FROM clicks) AS c JOIN (SELECT k, w FROM visits) AS v ON c.k = v.k",
        after: "SELECT a.k, a.v, b.w AS other FROM (SELECT k, v, ts FROM clicks WHERE name IS NOT NULL) AS a
                JOIN (SELECT k, w FROM visits) AS b ON b.k = a.k WHERE w >= 0",
    },
    Edit {
        columns: "k INT, w INT, rn BIGINT",
        before: "SELECT k, w, rn FROM (
                     SELECT k, w, ROW_NUMBER() OVER (PARTITION BY k ORDER BY w DESC) AS rn FROM visits
                 ) WHERE rn <= 3",
        after: "SELECT k, w, place FROM (
                    SELECT k, w, ROW_NUMBER() OVER (PARTITION BY k ORDER BY w DESC) AS place FROM visits WHERE w >= 0
                ) WHERE place < 4 AND w < 1000",
    },
    Edit {
        columns: "k INT, t TIMESTAMP(3), n BIGINT",
        before: "SELECT k, window_start, COUNT(*)
                 FROM TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(ts), INTERVAL '2' MINUTE)) GROUP BY k, window_start, window_end",
        after: "SELECT k, s, n FROM (
                    SELECT k, window_start AS s, COUNT(*) AS n
                    FROM TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(ts), INTERVAL '2' MINUTE)) WHERE k >= 0
                    GROUP BY k, window_start, window_end
                ) WHERE n > 0",
    },
];

#[test]
fn edited_queries_go_on_with_their_state() {
    for edit in EDITS {
        let operator = |query| Operator { name: "edited", columns: edit.columns, query, is_upsert: false };
        let (before, after) = (operator(edit.before), operator(edit.after));
        let expected = fold(&before, &run(&[&before], Part::WHOLE, 2, None, None).concat());
        let savepoint = Place::Memory(Arc::new(InMemory::new()), 1);
        run(&[&before], Part::between(0, 2), 2, None, Some(&savepoint));
        // Another INSERT that is new takes nothing from it.
        let other = Operator {
            name: "new",
            columns: "k INT, n BIGINT",
            query: "SELECT k, COUNT(*) FROM changes GROUP BY k",
            is_upsert: false,
        };
        let found = run(&[&other, &after], Part::between(2, Part::PARTS), 3, Some(&savepoint), None);
        assert_eq!(fold(&after, &found[1]), expected, "{}", edit.after);
        assert!(!found[0].is_empty());
    }
}

/// What keeps another state than before does not go on with that.
#[test]
fn edits_that_change_the_state_are_refused() {
    let query = |query| Operator { name: "edited", columns: "k INT, a INT, b INT", query, is_upsert: false };
    let before = query("SELECT k, SUM(v), MAX(v) FROM clicks GROUP BY k");
    for (after, problem) in [
        ("SELECT k, SUM(v + 1), MAX(v) FROM clicks GROUP BY k", "has changed its type"),
        ("SELECT k, MAX(v), SUM(v) FROM clicks GROUP BY k", "has changed its type"),
        ("SELECT k, SUM(v), MAX(v) FILTER (WHERE flag) FROM clicks GROUP BY k", "has changed its type"),
        (
            "SELECT k + 1, SUM(v), MAX(v) FROM clicks GROUP BY k + 1",
            "state of operators that the job does not have",
        ),
    ] {
        let savepoint = Place::Memory(Arc::new(InMemory::new()), 1);
        run(&[&before], Part::between(0, 1), 1, None, Some(&savepoint));
        let refused = try_run(&[&query(after)], Part::between(1, Part::PARTS), 1, Some(&savepoint), None);
        let error = refused.unwrap_err().to_string();
        assert!(error.contains(problem), "{after}: {error}");
    }
}
