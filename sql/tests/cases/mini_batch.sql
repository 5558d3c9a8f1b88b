--! test  a mini-batch emits the change of a bundle
SET 'table.exec.mini-batch.enabled' = 'true';
SET 'table.exec.mini-batch.allow-latency' = '10 s';
SET 'table.exec.mini-batch.size' = '5';
CREATE TABLE s (a INT, b BIGINT, c STRING) WITH ('connector' = 'values');
--! rows s
--! [1, 1, "Hi"]
--! [2, 2, "Hello"]
--! [2, 2, "Hello World"]
CREATE TABLE t (b BIGINT, n BIGINT, avg_a DOUBLE, min_c STRING, PRIMARY KEY (b) NOT ENFORCED)
    WITH ('connector' = 'values', 'sink-insert-only' = 'false');
--! plan  contains: LocalGroupAggregate
INSERT INTO t SELECT b, COUNT(*) AS n, AVG(a) FILTER (WHERE a > 1) AS avg_a, MIN(c) AS min_c FROM s GROUP BY b;
--! changelog t
--! +I[1, 1, null, Hi]
--! +I[2, 2, 2.0, Hello]
--! restore
--! rows s
--! [1, 1, "Hi Again!"]
--! [2, 2, "Hello Again!"]
--! [2, 2, "Hello World Again!"]
--! changelog t
--! +U[1, 2, null, Hi]
--! +U[2, 4, 2.0, Hello]

--! test  each phase counts the rows of its own bundles
SET 'table.exec.mini-batch.enabled' = 'true';
SET 'table.exec.mini-batch.allow-latency' = '10 s';
SET 'table.exec.mini-batch.size' = '5';
CREATE TABLE s (a INT, b BIGINT, c INT, d STRING, e BIGINT) WITH ('connector' = 'values');
--! rows s
--! [2, 3, 2, "Hello World Like", 1]
--! [3, 4, 3, "Hello World Its nice", 2]
--! [2, 2, 1, "Hello World", 2]
--! [1, 1, 0, "Hello", 1]
--! [5, 11, 10, "GHI", 1]
--! [3, 5, 4, "ABC", 2]
--! [4, 10, 9, "FGH", 2]
--! [4, 7, 6, "CDE", 2]
--! [5, 14, 13, "JKL", 2]
--! [4, 9, 8, "EFG", 1]
--! [5, 15, 14, "KLM", 2]
--! [5, 12, 11, "HIJ", 3]
--! [4, 8, 7, "DEF", 1]
--! [5, 13, 12, "IJK", 3]
--! [3, 6, 5, "BCD", 3]
CREATE TABLE t (e BIGINT, cnt_a1 BIGINT, cnt_a2 BIGINT, sum_a BIGINT, sum_b BIGINT, avg_b DOUBLE, cnt_d BIGINT,
    PRIMARY KEY (e) NOT ENFORCED) WITH ('connector' = 'values', 'sink-insert-only' = 'false');
INSERT INTO t SELECT e, COUNT(DISTINCT a) FILTER (WHERE b > 10) AS cnt_a1, COUNT(DISTINCT a) AS cnt_a2,
    SUM(DISTINCT a) AS sum_a, SUM(DISTINCT b) AS sum_b, AVG(b) AS avg_b, COUNT(DISTINCT d) AS cnt_d
    FROM s GROUP BY e;
--! changelog t ordered
--! +I[3, 1, 2, 8, 31, 10.0, 3]
--! +I[2, 1, 4, 14, 42, 7.0, 6]
--! +I[1, 1, 4, 12, 24, 6.0, 4]
--! +U[2, 1, 4, 14, 57, 8.0, 7]
--! +U[1, 1, 4, 12, 32, 6.0, 5]
--! restore
--! rows s
--! [1, 1, 0, "Hello", 1]
--! [3, 5, 4, "ABC", 2]
--! [4, 10, 9, "FGH", 2]
--! [4, 7, 6, "CDE", 2]
--! [7, 7, 7, "MNO", 7]
--! [3, 6, 5, "BCD", 3]
--! [7, 7, 7, "XYZ", 7]
--! changelog t
--! +U[3, 1, 2, 8, 31, 9.0, 3]
--! +U[2, 1, 4, 14, 57, 7.0, 7]
--! +I[7, 0, 1, 7, 7, 7.0, 2]
--! +U[1, 1, 4, 12, 32, 5.0, 5]
