-- INTERSECT ALL and EXCEPT ALL: equal rows are counted, and as many come out as are left.

CREATE TABLE l (k INT, s STRING) WITH ('connector' = 'values', 'changelog-mode' = 'I,UB,UA,D');
CREATE TABLE r (k INT, s STRING) WITH ('connector' = 'values', 'changelog-mode' = 'I,UB,UA,D');
CREATE TABLE big (k BIGINT, s STRING) WITH ('connector' = 'values');
CREATE TABLE t (k INT, s STRING) WITH ('connector' = 'values', 'sink-insert-only' = 'false');

--! test INTERSECT ALL keeps a row as often as it is on both sides
--! rows l
--! [1, "a"]
--! [1, "a"]
--! [1, "a"]
--! [2, null]
--! [3, "c"]
--! [4, "d"]
--! rows r
--! [1, "a"]
--! [1, "a"]
--! [2, null]
--! [2, null]
--! [3, "d"]
INSERT INTO t SELECT * FROM l INTERSECT ALL SELECT * FROM r;
--! table t
--! +I[1, a]
--! +I[1, a]
--! +I[2, null]

--! test EXCEPT ALL takes away as many as there are on the right
--! rows l
--! [1, "a"]
--! [1, "a"]
--! [1, "a"]
--! [2, null]
--! [3, "c"]
--! rows r
--! [1, "a"]
--! [2, null]
--! [2, null]
--! [5, "e"]
INSERT INTO t SELECT * FROM l EXCEPT ALL SELECT * FROM r;
--! table t
--! +I[1, a]
--! +I[1, a]
--! +I[3, c]

--! test each change of a count takes back all copies, as Flink's table function does
--! rows l
--! [1, "a"]
--! [1, "a"]
--! ["-D", 1, "a"]
--! ["-D", 1, "a"]
SELECT * FROM l EXCEPT ALL SELECT k, s FROM (VALUES (9, 'z')) AS v(k, s) WHERE k < 0;
--! changelog ordered
--! +I[1, a]
--! -U[1, a]
--! +U[1, a]
--! +U[1, a]
--! -U[1, a]
--! -U[1, a]
--! +U[1, a]
--! -D[1, a]

--! test counts go up and down over a savepoint
--! rows l
--! [1, "a"]
--! [1, "a"]
--! [2, "b"]
--! [3, "c"]
--! rows r
--! [1, "a"]
--! [2, "b"]
--! [2, "b"]
INSERT INTO t SELECT * FROM l INTERSECT ALL SELECT * FROM r;
--! table t
--! +I[1, a]
--! +I[2, b]
--! restore
--! rows l
--! ["-U", 3, "c"]
--! ["+U", 2, "b"]
--! ["-D", 1, "a"]
--! rows r
--! [1, "a"]
--! ["-D", 2, "b"]
--! [3, "c"]
--! table t
--! +I[1, a]
--! +I[2, b]

--! test types are those that both queries have in common, and INTERSECT binds first
--! rows big
--! [1, "a"]
--! [1, "a"]
--! [2, "b"]
--! rows l
--! [1, "a"]
--! [2, "b"]
--! rows r
--! [2, "b"]
SELECT k, s FROM big EXCEPT ALL SELECT k, s FROM l INTERSECT ALL SELECT k, s FROM r;
--! table
--! +I[1, a]
--! +I[1, a]

--! test what is asked of the rows is asked of both queries before rows are counted
--! plan contains: where=[(k > 1)]
SELECT s FROM (SELECT * FROM l INTERSECT ALL SELECT * FROM r) WHERE k > 1;

--! test EXPLAIN names the operators of Flink
--! plan contains: Correlate(invocation=[$REPLICATE_ROWS$1($0, $1, $2)], correlate=[table($REPLICATE_ROWS$1(sum_vcol_marker,k,s))], select=[sum_vcol_marker,k,s,k0,s0]
SELECT * FROM l EXCEPT ALL SELECT * FROM r;

--! test rows with columns that are not compared are refused
CREATE TABLE lists (a ARRAY<INT>) WITH ('connector' = 'values');
--! error TableException: EXCEPT of rows with column `a` of type ARRAY<INT> is not supported yet
SELECT a FROM lists EXCEPT ALL SELECT a FROM lists;
