-- Lookup joins: rows of a table are found for each row when it comes.

CREATE TABLE orders (id INT, customer BIGINT, proctime AS PROCTIME()) WITH ('connector' = 'values');
CREATE TABLE customers (cid BIGINT, name STRING, age INT, country STRING) WITH ('connector' = 'values');

--! test inner and left
--! rows orders
--! [1, 10]
--! [2, 20]
--! [3, null]
--! [4, 30]
--! rows customers
--! [10, "Ann", 30, "DE"]
--! [20, "Bob", 17, "FR"]
--! [20, "Bea", 40, "FR"]
SELECT o.id, c.name FROM orders AS o LEFT JOIN customers FOR SYSTEM_TIME AS OF o.proctime AS c ON o.customer = c.cid;
--! changelog ordered
--! +I[1, Ann]
--! +I[2, Bob]
--! +I[2, Bea]
--! +I[3, null]
--! +I[4, null]

--! test a constant is a key, and what is left of the condition is looked at afterwards
--! rows orders
--! [1, 10]
--! [35, 20]
--! [3, 20]
--! rows customers
--! [10, "Ann", 30, "DE"]
--! [20, "Bob", 17, "FR"]
--! [20, "Bea", 40, "FR"]
--! plan contains: LookupJoin(table=[default_catalog.default_database.customers], joinType=[InnerJoin], lookup=[country='FR', cid=customer], where=[(country = 'FR')], joinCondition=[(id < age)], select=[id, customer, cid, name, age, country])
SELECT o.id, c.name FROM orders AS o JOIN customers FOR SYSTEM_TIME AS OF o.proctime AS c
ON o.customer = c.cid AND o.id < c.age WHERE c.country = 'FR';
--! changelog
--! +I[35, Bea]
--! +I[3, Bob]
--! +I[3, Bea]

--! test an expression of the left input is a key
--! rows orders
--! [1, 9]
--! [2, 19]
--! rows customers
--! [10, "Ann", 30, "DE"]
SELECT o.id, UPPER(c.name) AS big FROM orders AS o JOIN customers FOR SYSTEM_TIME AS OF o.proctime AS c ON o.customer + 1 = c.cid;
--! changelog
--! +I[1, ANN]

--! test a cache answers the same
CREATE TABLE cached (cid BIGINT, name STRING) WITH ('connector' = 'values', 'lookup.cache' = 'PARTIAL', 'lookup.partial-cache.max-rows' = '2');
CREATE TABLE whole (cid BIGINT, name STRING) WITH ('connector' = 'values', 'lookup.cache' = 'FULL', 'lookup.full-cache.periodic-reload.interval' = '10 min');
--! rows orders
--! [1, 10]
--! [2, 20]
--! [3, 10]
--! [4, 30]
--! rows cached
--! [10, "Ann"]
--! [20, "Bob"]
--! rows whole
--! [10, "Cem"]
--! [30, "Dee"]
SELECT o.id, a.name, b.name FROM orders AS o
LEFT JOIN cached FOR SYSTEM_TIME AS OF o.proctime AS a ON o.customer = a.cid
LEFT JOIN whole FOR SYSTEM_TIME AS OF o.proctime AS b ON o.customer = b.cid;
--! changelog
--! +I[1, Ann, Cem]
--! +I[2, Bob, null]
--! +I[3, Ann, Cem]
--! +I[4, null, Dee]

--! test time attributes of the left input stay
CREATE TABLE clicks (u BIGINT, ts TIMESTAMP(3), proctime AS PROCTIME(), WATERMARK FOR ts AS ts) WITH ('connector' = 'values');
--! rows clicks
--! [10, "2020-10-10 00:00:01"]
--! [10, "2020-10-10 00:00:02"]
--! [20, "2020-10-10 00:00:03"]
--! [10, "2020-10-10 00:00:11"]
--! rows customers
--! [10, "Ann", 30, "DE"]
--! [20, "Bob", 17, "FR"]
SELECT country, COUNT(*) FROM (
  SELECT ts, country FROM clicks JOIN customers FOR SYSTEM_TIME AS OF clicks.proctime AS c ON clicks.u = c.cid
) GROUP BY country, TUMBLE(ts, INTERVAL '10' SECOND);
--! changelog
--! +I[DE, 2]
--! +I[FR, 1]
--! +I[DE, 1]

--! test updates are looked up, before and after
CREATE TABLE carts (id INT, customer BIGINT, proctime AS PROCTIME(), PRIMARY KEY (id) NOT ENFORCED)
    WITH ('connector' = 'values', 'changelog-mode' = 'I,UA,UB,D');
CREATE TABLE named (id INT, name STRING, PRIMARY KEY (id) NOT ENFORCED) WITH ('connector' = 'values', 'sink-insert-only' = 'false');
--! rows carts
--! [1, 10]
--! ["-U", 1, 10]
--! ["+U", 1, 99]
--! [2, 20]
--! rows customers
--! [10, "Ann", 30, "DE"]
--! [20, "Bob", 17, "FR"]
INSERT INTO named SELECT o.id, c.name FROM carts AS o JOIN customers FOR SYSTEM_TIME AS OF o.proctime AS c ON o.customer = c.cid;
--! table named
--! +I[2, Bob]

--! test a lookup goes on after a restore
CREATE TABLE joined (id INT, name STRING) WITH ('connector' = 'values');
--! rows orders
--! [1, 10]
--! [2, 20]
--! rows customers
--! [10, "Ann", 30, "DE"]
--! [20, "Bob", 17, "FR"]
--! changelog joined
--! +I[1, Ann]
--! +I[2, Bob]
--! restore
--! rows orders
--! [3, 10]
INSERT INTO joined SELECT o.id, c.name FROM orders AS o JOIN customers FOR SYSTEM_TIME AS OF o.proctime AS c ON o.customer = c.cid;
--! changelog joined
--! +I[3, Ann]

--! test a hint says how many rows may wait
--! rows orders
--! [1, 10]
--! [2, 10]
--! rows customers
--! [10, "Ann", 30, "DE"]
SELECT /*+ LOOKUP('table' = 'c', 'async' = 'true', 'output-mode' = 'ordered', 'capacity' = '1') */ o.id, c.name
FROM orders AS o JOIN customers FOR SYSTEM_TIME AS OF o.proctime AS c ON o.customer = c.cid;
--! changelog ordered
--! +I[1, Ann]
--! +I[2, Ann]

--! test a hint of another table is a mistake
--! error ValidationException: cannot match the name of input tables
SELECT /*+ LOOKUP('table' = 'd') */ o.id FROM orders AS o JOIN customers FOR SYSTEM_TIME AS OF o.proctime AS c ON o.customer = c.cid;

--! test what a hint says that is not supported is refused by its name
--! error TableException: 'retry-predicate' in the hint LOOKUP is not supported
SELECT /*+ LOOKUP('table' = 'c', 'retry-predicate' = 'lookup_miss') */ o.id FROM orders AS o JOIN customers FOR SYSTEM_TIME AS OF o.proctime AS c ON o.customer = c.cid;

--! test something must be equal
--! error TableException: Temporal table join requires an equality condition on fields of table
SELECT o.id FROM orders AS o JOIN customers FOR SYSTEM_TIME AS OF o.proctime AS c ON o.customer > c.cid;

--! test rows of the table alone are not there
--! error TableException: Temporal table join currently only support INNER JOIN and LEFT JOIN, but was RIGHT JOIN.
SELECT o.id FROM orders AS o RIGHT JOIN customers FOR SYSTEM_TIME AS OF o.proctime AS c ON o.customer = c.cid;

--! test the time must be one
--! error ValidationException: Temporal table join currently only supports 'FOR SYSTEM_TIME AS OF' left table's time attribute field
SELECT o.id FROM orders AS o JOIN customers FOR SYSTEM_TIME AS OF o.id AS c ON o.customer = c.cid;

--! test a table that cannot be looked up in
CREATE TABLE random (cid BIGINT) WITH ('connector' = 'datagen');
--! error TableException: Processing-time temporal join is not supported yet.
SELECT o.id FROM orders AS o JOIN random FOR SYSTEM_TIME AS OF o.proctime AS c ON o.customer = c.cid;
