-- Top-N, deduplication, sorting, normalisation, materialisation. Expectations are worked out by hand from Flink's
-- functions: AppendOnlyTopNFunction, RetractableTopNFunction, RowTimeDeduplicateFunction, SinkUpsertMaterializer.
-- Other runs read the rows in another order: what is left does not depend on it.

--! test numbers of a top-N shift
CREATE TABLE s (p INT, id STRING, v INT) WITH ('connector' = 'values');
CREATE TABLE t (p INT, id STRING, rn BIGINT, PRIMARY KEY (p, rn) NOT ENFORCED)
  WITH ('connector' = 'values', 'sink-insert-only' = 'false');
--! rows s
--! [1, "a", 10]
--! [1, "b", 30]
--! [1, "d", 20]
--! [1, "e", 35]
--! [1, "f", 5]
--! [1, "g", 40]
INSERT INTO t SELECT p, id, rn FROM
  (SELECT *, ROW_NUMBER() OVER (PARTITION BY p ORDER BY v DESC) AS rn FROM s) WHERE rn <= 2;
--! changelog t
--! +I[1, a, 1]
--! +U[1, b, 1]
--! +I[1, a, 2]
--! +U[1, d, 2]
--! +U[1, e, 1]
--! +U[1, b, 2]
--! +U[1, g, 1]
--! +U[1, e, 2]
--! table t
--! +I[1, e, 2]
--! +I[1, g, 1]

--! test the last row by time is told at once
CREATE TABLE s (id INT, v STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH ('connector' = 'values');
--! rows s
--! [1, "b", "2020-01-01 00:00:02"]
--! [1, "a", "2020-01-01 00:00:01"]
--! [1, "c", "2020-01-01 00:00:03"]
SELECT id, v FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY id ORDER BY ts DESC) AS rn FROM s) WHERE rn = 1;
--! changelog ordered
--! +I[1, b]
--! -U[1, b]
--! +U[1, c]

--! test without an order there are any rows, and always the same
CREATE TABLE s (id INT) WITH ('connector' = 'values');
--! rows s
--! [1]
--! [2]
--! [3]
SELECT id FROM s ORDER BY id DESC LIMIT 1;
--! changelog ordered
--! +I[1]
--! -U[1]
--! +U[2]
--! -U[2]
--! +U[3]
SELECT COUNT(*) AS n FROM (SELECT id FROM s LIMIT 2);
--! changelog ordered
--! +I[1]
--! -U[1]
--! +U[2]

--! test a table with another key than the query has the last row of each key
CREATE TABLE s (id INT, v INT) WITH ('connector' = 'values');
CREATE TABLE t (n BIGINT NOT NULL, id INT, PRIMARY KEY (n) NOT ENFORCED)
  WITH ('connector' = 'values', 'sink-insert-only' = 'false');
--! rows s
--! [1, 1]
--! [2, 1]
--! [1, 1]
--! plan contains: upsertMaterialize=[true]
INSERT INTO t SELECT COUNT(*), id FROM s GROUP BY id;
--! table t
--! +I[1, 2]
--! +I[2, 1]

--! test NULL does not get into a column that takes none
CREATE TABLE s (id INT) WITH ('connector' = 'values');
CREATE TABLE t (id INT NOT NULL) WITH ('connector' = 'values');
--! rows s
--! [1]
--! [null]
SET 'table.exec.sink.not-null-enforcer' = 'DROP';
INSERT INTO t SELECT id FROM s;
--! table t
--! +I[1]
