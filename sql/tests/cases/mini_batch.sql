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

--! test  all that collects rows, behind each other
SET 'table.exec.mini-batch.enabled' = 'true';
SET 'table.exec.mini-batch.allow-latency' = '1 h';
SET 'table.exec.mini-batch.size' = '3';
CREATE TABLE users (id INT, name STRING, PRIMARY KEY (id) NOT ENFORCED)
    WITH ('connector' = 'values', 'changelog-mode' = 'I,UA,D');
--! rows users
--! ["+I", 1, "ann"]
--! ["+I", 2, "bob"]
--! ["+U", 1, "anna"]
--! ["-D", 2, "bob"]
--! ["+I", 3, "cat"]
--! ["+U", 3, "bob"]
CREATE TABLE orders (id INT, user_id INT, amount INT)
    WITH ('connector' = 'values', 'changelog-mode' = 'I,UA,UB,D');
--! rows orders
--! ["+I", 1, 1, 10]
--! ["+I", 2, 2, 20]
--! ["+I", 3, 3, 30]
--! ["-U", 1, 1, 10]
--! ["+U", 1, 1, 11]
--! ["+I", 4, 1, 10]
--! ["-D", 2, 2, 20]
--! ["+I", 5, 3, 7]
--! ["+I", 6, 9, 1]
CREATE TABLE t (name STRING, n BIGINT, total INT, least INT, different BIGINT, PRIMARY KEY (name) NOT ENFORCED)
    WITH ('connector' = 'values', 'sink-insert-only' = 'false');
--! plan  contains: miniBatch=[true]
--! plan  contains: ChangelogNormalize
INSERT INTO t SELECT name, COUNT(*), SUM(amount), MIN(amount), COUNT(DISTINCT amount)
    FROM (SELECT COALESCE(users.name, 'nobody') AS name, orders.amount
        FROM orders LEFT JOIN users ON orders.user_id = users.id) GROUP BY name;
--! table t
--! +I[anna, 2, 21, 10, 2]
--! +I[bob, 2, 37, 7, 2]
--! +I[nobody, 1, 1, 1, 1]

--! test  the first row by time, which an earlier one replaces in a later bundle
SET 'table.exec.mini-batch.enabled' = 'true';
SET 'table.exec.mini-batch.allow-latency' = '1 h';
SET 'table.exec.mini-batch.size' = '2';
CREATE TABLE s (k INT, v STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '1' MINUTE)
    WITH ('connector' = 'values');
--! rows s
--! [1, "a", "2024-01-01 00:00:05"]
--! [1, "b", "2024-01-01 00:00:07"]
--! [1, "c", "2024-01-01 00:00:03"]
--! [2, "d", "2024-01-01 00:00:09"]
CREATE TABLE t (k INT, v STRING, PRIMARY KEY (k) NOT ENFORCED)
    WITH ('connector' = 'values', 'sink-insert-only' = 'false');
INSERT INTO t SELECT k, v FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY ts) AS rn FROM s) WHERE rn = 1;
--! changelog t
--! +I[1, a]
--! +U[1, c]
--! +I[2, d]
--! table t
--! +I[1, c]
--! +I[2, d]
