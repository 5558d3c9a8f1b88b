-- Projections and filters. Expectations follow from Flink's documentation of each function.

--! test values are computed for each row
SELECT a * 2 AS twice, UPPER(s) FROM (VALUES (1, 'x'), (2, 'y')) AS t(a, s);
--! changelog ordered
--! +I[2, X]
--! +I[4, Y]

--! test a filter lets through what is true, not what is unknown
CREATE TABLE s (id INT, v BIGINT) WITH ('connector' = 'values');
--! rows s
--! [1, 10]
--! [2, null]
--! [3, 30]
SELECT id FROM s WHERE v > 5;
--! changelog
--! +I[1]
--! +I[3]
--! plan contains: where=[
SELECT id FROM s WHERE NOT (v > 15);
--! changelog
--! +I[1]

--! test a later branch of CASE is not worked out where it is not needed
CREATE TABLE s (a INT, b INT) WITH ('connector' = 'values');
--! rows s
--! [6, 2]
--! [6, 0]
SELECT CASE WHEN b <> 0 THEN a / b ELSE -1 END FROM s;
--! changelog
--! +I[3]
--! +I[-1]

--! test integers wrap, and a division by zero fails the job
SELECT 2147483647 + a, a / 2 FROM (VALUES (1), (-3)) AS t(a);
--! changelog
--! +I[-2147483648, 0]
--! +I[2147483644, -1]
--! error ArithmeticException: zero
SELECT 1 / a FROM (VALUES (0)) AS t(a);

--! test a union has the rows of both
SELECT 1 AS a UNION ALL SELECT 2 UNION ALL SELECT 1;
--! changelog
--! +I[1]
--! +I[1]
--! +I[2]

--! test unnamed columns and names that are not there
--! plan contains: EXPR$0
SELECT 1 + a FROM (VALUES (1)) AS t(a);
--! error ValidationException: missing
SELECT missing FROM (VALUES (1)) AS t(a);
--! error ParseException: 
SELECT FROM t;
