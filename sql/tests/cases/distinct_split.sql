-- Aggregates with DISTINCT in two levels: table.optimizer.distinct-agg.split.enabled.

CREATE TABLE c (k STRING, v INT, w STRING, p INT NOT NULL) WITH ('connector' = 'values', 'changelog-mode' = 'I,UB,UA,D');
CREATE TABLE a (k STRING, v INT, w STRING) WITH ('connector' = 'values');
CREATE TABLE t (k STRING, n BIGINT, s INT, m BIGINT, av INT, lo INT, hi INT, c BIGINT, av_p INT, f BIGINT, has BOOLEAN)
  WITH ('connector' = 'values', 'sink-insert-only' = 'false');

--! test each bucket counts its own arguments, and the second level adds them up
--! set table.optimizer.distinct-agg.split.enabled = true
--! rows a
--! ["x", 1, "a"]
--! ["x", 1, "b"]
--! ["x", 2, "a"]
--! ["y", 1, "a"]
--! ["x", 2, "c"]
--! ["x", null, "c"]
SELECT k, COUNT(DISTINCT v), COUNT(*), SUM(v) FROM a GROUP BY k;
--! table
--! +I[x, 2, 5, 6]
--! +I[y, 1, 1, 1]

--! test several arguments have buckets each, over a savepoint
--! set table.optimizer.distinct-agg.split.enabled = true
--! set table.optimizer.distinct-agg.split.bucket-num = 2
--! rows c
--! ["x", 1, "a", 7]
--! ["x", 1, "b", 8]
--! ["x", 2, "a", 8]
--! ["y", 5, null, 1]
--! ["x", 9, "c", 8]
INSERT INTO t SELECT k, COUNT(DISTINCT v), SUM(DISTINCT v), COUNT(DISTINCT w), AVG(DISTINCT v), MIN(v), MAX(v), COUNT(*), AVG(p),
  COUNT(DISTINCT w) FILTER (WHERE v > 1), COUNT(DISTINCT k) = 1 FROM c GROUP BY k;
--! table t
--! +I[x, 3, 12, 3, 4, 1, 9, 4, 7, 2, true]
--! +I[y, 1, 5, 0, 5, 5, 5, 1, 1, 0, true]
--! restore
--! rows c
--! ["-D", "x", 1, "a", 7]
--! ["-U", "x", 9, "c", 8]
--! ["+U", "x", 2, "c", 8]
--! ["-D", "y", 5, null, 1]
--! ["z", null, null, 3]
--! table t
--! +I[x, 2, 3, 3, 1, 1, 2, 3, 8, 2, true]
--! +I[z, 0, null, 0, null, null, null, 1, 3, 0, true]

--! test a group of all rows
--! set table.optimizer.distinct-agg.split.enabled = true
--! rows a
--! ["x", 1, "a"]
--! ["y", 1, "b"]
--! ["x", 2, "a"]
SELECT COUNT(DISTINCT v), COUNT(DISTINCT w), AVG(v), MAX(w) FROM a;
--! table
--! +I[2, 2, 1, b]

--! test an argument that a group has already changes nothing
--! set table.optimizer.distinct-agg.split.enabled = true
--! rows a
--! ["x", 1, "a"]
--! ["x", 1, "a"]
--! ["x", 2, "a"]
SELECT k, COUNT(DISTINCT v) FROM a GROUP BY k;
--! changelog ordered
--! +I[x, 1]
--! -U[x, 1]
--! +U[x, 2]

--! test the plan has an exchange by buckets
--! set table.optimizer.distinct-agg.split.enabled = true
--! plan contains: MOD(HASH_CODE(v), 1024) AS $f
SELECT k, COUNT(DISTINCT v) FROM a GROUP BY k;

--! test functions that go by the order of rows stay in one level
--! set table.optimizer.distinct-agg.split.enabled = true
--! rows c
--! ["x", 1, "a", 0]
--! ["x", 2, "a", 0]
--! ["x", 1, "a", 0]
SELECT k, COUNT(DISTINCT v), LAST_VALUE(v) FROM c GROUP BY k;
--! table
--! +I[x, 2, 1]

--! test buckets are at least one
--! error ValidationException: table.optimizer.distinct-agg.split.bucket-num
SET 'table.optimizer.distinct-agg.split.bucket-num' = '0';
