-- GROUP BY: each row yields the change of its group, as Flink's GroupAggFunction emits it.

CREATE TABLE words (word STRING, n INT) WITH ('connector' = 'values');
--! test each row changes its group
--! rows words
--! ["a", 1]
--! ["b", 2]
--! ["a", 3]
SELECT word, COUNT(*), SUM(n) FROM words GROUP BY word;
--! changelog ordered
--! +I[a, 1, 1]
--! +I[b, 1, 2]
--! -U[a, 1, 1]
--! +U[a, 2, 4]
--! table
--! +I[a, 2, 4]
--! +I[b, 1, 2]
--! plan contains: GroupAggregate(groupBy=[word]
SELECT word, COUNT(*) FROM words GROUP BY word;

--! test an update that changes nothing is not emitted
--! rows words
--! ["a", 5]
--! ["a", 3]
SELECT word, MAX(n) FROM words GROUP BY word;
--! changelog
--! +I[a, 5]

--! test a group goes with its last row
CREATE TABLE s (k INT, v INT) WITH ('connector' = 'values', 'changelog-mode' = 'I,UB,UA,D');
--! rows s
--! [1, 10]
--! [1, 20]
--! ["-D", 1, 10]
--! ["-D", 1, 20]
--! [2, 5]
--! ["-U", 2, 5]
--! ["+U", 2, 7]
SELECT k, SUM(v) FROM s GROUP BY k;
--! table
--! +I[2, 7]

--! test an aggregate without groups has one row
SELECT COUNT(*), SUM(a) FROM (VALUES (1), (2)) AS t(a);
--! table
--! +I[2, 3]

--! test a sink with a key takes no rows as they were before
CREATE TABLE counts (word STRING, c BIGINT, PRIMARY KEY (word) NOT ENFORCED)
  WITH ('connector' = 'values', 'sink-insert-only' = 'false');
--! rows words
--! ["a", 1]
--! ["a", 1]
--! plan contains: changelogMode=[I,UA]
INSERT INTO counts SELECT word, COUNT(*) FROM words GROUP BY word;
--! changelog counts
--! +I[a, 1]
--! +U[a, 2]
--! table counts
--! +I[a, 2]

--! test a sink of insertions refuses updates
CREATE TABLE log (word STRING, c BIGINT) WITH ('connector' = 'values');
--! error TableException: doesn't support consuming update changes
INSERT INTO log SELECT word, COUNT(*) FROM words GROUP BY word;

--! test counts go on from a savepoint
CREATE TABLE counts (word STRING, c BIGINT, PRIMARY KEY (word) NOT ENFORCED)
  WITH ('connector' = 'values', 'sink-insert-only' = 'false');
--! rows words
--! ["a", 1]
--! ["b", 1]
--! changelog counts
--! +I[a, 1]
--! +I[b, 1]
--! restore
--! rows words
--! ["a", 1]
INSERT INTO counts SELECT word, COUNT(*) FROM words GROUP BY word;
--! changelog counts
--! +U[a, 2]
--! table counts
--! +I[a, 2]
--! +I[b, 1]

--! test a filter may leave no value of a column that is never NULL
CREATE TABLE never_null (k INT NOT NULL, v INT NOT NULL) WITH ('connector' = 'values');
--! rows never_null
--! [1, 1]
--! [2, 7]
--! [3, 0]
SELECT COUNT(s), SUM(CASE WHEN s IS NULL THEN 1 ELSE 0 END)
FROM (SELECT k, SUM(v) FILTER (WHERE v > 5 OR v = 0) AS s FROM never_null GROUP BY k);
--! table
--! +I[2, 1]
