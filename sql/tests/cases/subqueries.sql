-- Subqueries that are values, and tests among other conditions.

CREATE TABLE auctions (id INT, seller STRING) WITH ('connector' = 'values');
CREATE TABLE bids (auction INT, price INT) WITH ('connector' = 'values');
CREATE TABLE t (id INT, a BIGINT, b BIGINT) WITH ('connector' = 'values', 'sink-insert-only' = 'false');
CREATE TABLE ids (id INT) WITH ('connector' = 'values', 'sink-insert-only' = 'false');
--! test a value may depend on the row around it
--! rows auctions
--! [1, "x"]
--! [2, "y"]
--! [3, "y"]
--! rows bids
--! [1, 10]
--! [1, 30]
--! [2, 5]
INSERT INTO t SELECT id, (SELECT MAX(price) + 1 FROM bids WHERE bids.auction = auctions.id),
  (SELECT COUNT(*) FROM bids WHERE auction = id AND price > 5) FROM auctions;
--! table t
--! +I[1, 31, 2]
--! +I[2, 6, 0]
--! +I[3, null, 0]

--! test a condition may compare with a value of the rows that belong
--! rows bids
--! [1, 10]
--! [1, 30]
--! [2, 5]
--! [2, 5]
INSERT INTO t SELECT auction, price, price FROM bids AS b WHERE price > (SELECT AVG(price) FROM bids AS o WHERE o.auction = b.auction);
--! table t
--! +I[1, 30, 30]

--! test a single row may depend on the row around it
--! rows auctions
--! [1, "x"]
--! [2, "y"]
--! rows bids
--! [1, 10]
INSERT INTO t SELECT id, (SELECT price FROM bids WHERE bids.auction = auctions.id), 0 FROM auctions;
--! table t
--! +I[1, 10, 0]
--! +I[2, null, 0]

--! test tests may stand beside OR
--! rows auctions
--! [1, "x"]
--! [2, "y"]
--! [3, "y"]
--! [4, "z"]
--! rows bids
--! [1, 10]
--! [1, 11]
--! [2, 5]
INSERT INTO ids SELECT id FROM auctions WHERE seller = 'z' OR id IN (SELECT auction FROM bids);
--! table ids
--! +I[1]
--! +I[2]
--! +I[4]

--! test what exists may be asked beside OR
--! rows auctions
--! [1, "x"]
--! [2, "y"]
--! [3, "y"]
--! rows bids
--! [1, 10]
--! [2, 5]
INSERT INTO ids SELECT id FROM auctions
WHERE seller = 'x' AND EXISTS (SELECT * FROM bids) OR NOT EXISTS (SELECT * FROM bids WHERE bids.auction = auctions.id AND price > 1);
--! table ids
--! +I[1]
--! +I[3]

--! test tests are values
--! rows auctions
--! [1, "x"]
--! [2, "y"]
--! rows bids
--! [1, 10]
INSERT INTO t SELECT id, CASE WHEN id IN (SELECT auction FROM bids) THEN 1 ELSE 0 END, 0 FROM auctions;
--! table t
--! +I[1, 1, 0]
--! +I[2, 0, 0]

--! test NOT IN beside OR wants values that are never NULL
--! error TableException: NOT IN among other conditions, where a value may be NULL, is not supported yet
SELECT id FROM auctions WHERE seller = 'z' OR id NOT IN (SELECT auction FROM bids);

--! test a value that depends on more than equality is refused
--! error TableException: a value of rows that are chosen by more than equality with the query around it
SELECT (SELECT MAX(price) FROM bids WHERE bids.auction > auctions.id) FROM auctions;

--! test rows of a semi join have no time attributes
CREATE TABLE timed (id INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH ('connector' = 'values');
--! error ValidationException: Window aggregate can only be defined over a time attribute column, but TIMESTAMP(3) encountered.
SELECT COUNT(*) FROM (SELECT * FROM timed WHERE id IN (SELECT auction FROM bids)) GROUP BY TUMBLE(ts, INTERVAL '5' SECOND);

--! test intervals are made of numbers, and instants are written
CREATE TABLE n (x INT) WITH ('connector' = 'values');
--! rows n
--! [3]
--! set table.local-time-zone = Asia/Shanghai
SELECT TIMESTAMP '2020-01-01 00:00:00' + CAST(x AS INTERVAL DAY), DATE '2020-01-31' + CAST(1 AS INTERVAL MONTH),
  TIMESTAMP WITH LOCAL TIME ZONE '2020-01-01 08:00:00' FROM n;
--! changelog
--! +I[2020-01-04T00:00, 2020-02-29, 2020-01-01T00:00:00Z]
