-- Statements about tables.

--! test tables are listed and described
CREATE TABLE t (id INT NOT NULL, name STRING, PRIMARY KEY (id) NOT ENFORCED) WITH ('connector' = 'values');
CREATE VIEW v AS SELECT id FROM t;
SHOW TABLES;
--! changelog ordered
--! +I[t]
--! +I[v]
DESCRIBE t;
--! changelog ordered
--! +I[id, INT, FALSE, PRI(id), , ]
--! +I[name, STRING, TRUE, , , ]

--! test a table can be made from a query and be like another
CREATE TABLE a WITH ('connector' = 'values') AS SELECT 1 AS x, 'y' AS y;
--! changelog a
--! +I[1, y]
CREATE TABLE b (z INT) LIKE a;
SHOW COLUMNS FROM b;
--! changelog ordered
--! +I[x, INT, FALSE, , , ]
--! +I[y, CHAR(1), FALSE, , , ]
--! +I[z, INT, TRUE, , , ]

--! test what is there is not made again
CREATE TABLE t (a INT) WITH ('connector' = 'values');
CREATE TABLE IF NOT EXISTS t (b INT) WITH ('connector' = 'values');
--! error ValidationException: already exists
CREATE TABLE t (b INT) WITH ('connector' = 'values');
DROP TABLE t;
--! error ValidationException: does not exist
DROP TABLE t;
DROP TABLE IF EXISTS t;

--! test a hint that bounds state names an input
--! error ValidationException: `u` in `STATE_TTL`
SELECT /*+ STATE_TTL('u' = '1 d') */ COUNT(*) FROM (VALUES (1)) AS t(a);
--! plan contains: stateTtlHints=[[[STATE_TTL options:[1 d]]]]
SELECT /*+ STATE_TTL('t' = '1 d') */ COUNT(*) FROM (VALUES (1)) AS t(a);
--! table
--! +I[1]
