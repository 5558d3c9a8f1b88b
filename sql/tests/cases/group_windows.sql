-- Windows in GROUP BY.

CREATE TABLE bids (item STRING, price INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '1' SECOND)
  WITH ('connector' = 'values', 'enable-watermark-push-down' = 'true');
--! test windows in GROUP BY are those of the function in FROM
--! rows bids
--! ["a", 1, "2020-01-01 00:00:01"]
--! ["b", 2, "2020-01-01 00:00:02"]
--! ["a", 3, "2020-01-01 00:00:09"]
--! ["a", 4, "2020-01-01 00:00:11"]
SELECT TUMBLE_START(ts, INTERVAL '10' SECOND) AS s, TUMBLE_END(ts, INTERVAL '10' SECOND), item, COUNT(*), SUM(price)
FROM bids
GROUP BY TUMBLE(ts, INTERVAL '10' SECOND), item;
--! changelog
--! +I[2020-01-01T00:00, 2020-01-01T00:00:10, a, 2, 4]
--! +I[2020-01-01T00:00, 2020-01-01T00:00:10, b, 1, 2]
--! +I[2020-01-01T00:00:10, 2020-01-01T00:00:20, a, 1, 4]

--! test what of the window is selected is an expression, and windows may go unnamed
--! rows bids
--! ["a", 1, "2020-01-01 00:00:01"]
--! ["b", 2, "2020-01-01 00:00:07"]
SELECT COUNT(*), TUMBLE_END(ts, INTERVAL '5' SECOND) + INTERVAL '1' MINUTE
FROM bids GROUP BY TUMBLE(ts, INTERVAL '5' SECOND)
HAVING SUM(price) > 1 AND EXTRACT(YEAR FROM TUMBLE_START(ts, INTERVAL '5' SECOND)) = 2020
UNION ALL
SELECT SUM(price), CAST(NULL AS TIMESTAMP(3)) FROM bids GROUP BY TUMBLE(ts, INTERVAL '1' HOUR);
--! changelog
--! +I[1, 2020-01-01T00:01:10]
--! +I[3, null]

--! test windows that hop
--! rows bids
--! ["a", 1, "2020-01-01 00:00:01"]
--! ["a", 2, "2020-01-01 00:00:07"]
SELECT HOP_END(ts, INTERVAL '5' SECOND, INTERVAL '10' SECOND), COUNT(*), MAX(price)
FROM bids GROUP BY HOP(ts, INTERVAL '5' SECOND, INTERVAL '10' SECOND);
--! changelog
--! +I[2020-01-01T00:00:05, 1, 1]
--! +I[2020-01-01T00:00:10, 2, 2]
--! +I[2020-01-01T00:00:15, 1, 2]

--! test windows in GROUP BY hop by any slide
--! rows bids
--! ["a", 1, "2020-01-01 00:00:01"]
--! ["a", 2, "2020-01-01 00:00:05"]
--! ["a", 4, "2020-01-01 00:00:06"]
SELECT HOP_START(ts, INTERVAL '2' SECOND, INTERVAL '3' SECOND), HOP_END(ts, INTERVAL '2' SECOND, INTERVAL '3' SECOND), SUM(price)
FROM bids GROUP BY HOP(ts, INTERVAL '2' SECOND, INTERVAL '3' SECOND);
--! changelog
--! +I[2020-01-01T00:00, 2020-01-01T00:00:03, 1]
--! +I[2020-01-01T00:00:04, 2020-01-01T00:00:07, 6]
--! +I[2020-01-01T00:00:06, 2020-01-01T00:00:09, 4]

--! test sessions
--! rows bids
--! ["a", 1, "2020-01-01 00:00:01"]
--! ["b", 2, "2020-01-01 00:00:02"]
--! ["a", 3, "2020-01-01 00:00:05"]
--! ["a", 4, "2020-01-01 00:00:20"]
SELECT item, SESSION_START(ts, INTERVAL '5' SECOND), SESSION_END(ts, INTERVAL '5' SECOND),
  SESSION_ROWTIME(ts, INTERVAL '5' SECOND), SUM(price)
FROM bids GROUP BY item, SESSION(ts, INTERVAL '5' SECOND);
--! changelog
--! +I[a, 2020-01-01T00:00:01, 2020-01-01T00:00:10, 2020-01-01T00:00:09.999, 4]
--! +I[b, 2020-01-01T00:00:02, 2020-01-01T00:00:07, 2020-01-01T00:00:06.999, 2]
--! +I[a, 2020-01-01T00:00:20, 2020-01-01T00:00:25, 2020-01-01T00:00:24.999, 4]

--! test the time of windows is a time attribute
--! rows bids
--! ["a", 1, "2020-01-01 00:00:01"]
--! ["b", 2, "2020-01-01 00:00:02"]
--! ["a", 3, "2020-01-01 00:00:05"]
SELECT TUMBLE_START(t, INTERVAL '4' SECOND), SUM(n) FROM (
  SELECT TUMBLE_ROWTIME(ts, INTERVAL '2' SECOND) AS t, COUNT(*) AS n FROM bids GROUP BY TUMBLE(ts, INTERVAL '2' SECOND)
) GROUP BY TUMBLE(t, INTERVAL '4' SECOND);
--! changelog
--! +I[2020-01-01T00:00, 2]
--! +I[2020-01-01T00:00:04, 1]

--! test what of the window is selected must be that of GROUP BY
--! error ValidationException: Call to auxiliary group function 'TUMBLE_START' must have matching call to group function '$TUMBLE' in GROUP BY clause
SELECT TUMBLE_START(ts, INTERVAL '5' SECOND), COUNT(*) FROM bids GROUP BY TUMBLE(ts, INTERVAL '10' SECOND);

--! test the window itself is no value
--! error ValidationException: Group function 'TUMBLE' can only appear in GROUP BY clause
SELECT TUMBLE(ts, INTERVAL '5' SECOND), COUNT(*) FROM bids GROUP BY TUMBLE(ts, INTERVAL '5' SECOND);

--! test windows are those of a time attribute
--! error ValidationException: Window aggregate can only be defined over a time attribute column, but INTEGER encountered.
SELECT COUNT(*) FROM bids GROUP BY TUMBLE(price, INTERVAL '5' SECOND);

--! test there is one window
--! error ValidationException: Only a single window group function may be used in GROUP BY
SELECT COUNT(*) FROM bids GROUP BY TUMBLE(ts, INTERVAL '5' SECOND), TUMBLE(ts, INTERVAL '6' SECOND);

--! test results come with each row, and once more when the window is over
SET 'table.exec.emit.early-fire.enabled' = 'true';
SET 'table.exec.emit.early-fire.delay' = '0 ms';
CREATE TABLE totals (s TIMESTAMP(3), item STRING, n BIGINT, total INT) WITH ('connector' = 'values', 'sink-insert-only' = 'false');
--! rows bids
--! ["a", 1, "2020-01-01 00:00:01"]
--! ["b", 2, "2020-01-01 00:00:02"]
--! ["a", 3, "2020-01-01 00:00:09"]
--! ["a", 0, "2020-01-01 00:00:21"]
INSERT INTO totals SELECT TUMBLE_START(ts, INTERVAL '10' SECOND), item, COUNT(*), SUM(price)
FROM bids GROUP BY TUMBLE(ts, INTERVAL '10' SECOND), item;
--! changelog totals
--! +I[2020-01-01T00:00, a, 1, 1]
--! +I[2020-01-01T00:00, b, 1, 2]
--! -U[2020-01-01T00:00, a, 1, 1]
--! +U[2020-01-01T00:00, a, 2, 4]
--! +I[2020-01-01T00:00:20, a, 1, 0]

--! test a strategy is explained
SET 'table.exec.emit.early-fire.enabled' = 'true';
SET 'table.exec.emit.early-fire.delay' = '1 s';
SET 'table.exec.emit.late-fire.enabled' = 'true';
SET 'table.exec.emit.late-fire.delay' = '0 s';
SET 'table.exec.emit.allow-lateness' = '1 min';
--! plan contains: emit=[early delay 1000 millisecond, late no delay], changelogMode=[I,UB,UA])
SELECT item, COUNT(*) FROM bids GROUP BY item, TUMBLE(ts, INTERVAL '5' SECOND);

--! test strategies are checked
SET 'table.exec.emit.late-fire.enabled' = 'true';
SET 'table.exec.emit.late-fire.delay' = '1 s';
--! error TableException: The 'AFTER WATERMARK' emit strategy requires set 'allow-lateness'
SELECT COUNT(*) FROM bids GROUP BY TUMBLE(ts, INTERVAL '5' SECOND);

--! test sessions have no strategy
SET 'table.exec.emit.early-fire.enabled' = 'true';
SET 'table.exec.emit.early-fire.delay' = '1 s';
--! error TableException: Session window doesn't support EMIT strategy currently.
SELECT COUNT(*) FROM bids GROUP BY SESSION(ts, INTERVAL '5' SECOND);

--! test windows in GROUP BY say which they are
--! plan contains: GroupWindowAggregate(groupBy=[item], window=[TumblingGroupWindow('w$, ts, 5000)], properties=[w$start, w$end, w$rowtime], select=[item, COUNT(*) AS EXPR$0, start('w$) AS w$start, end('w$) AS w$end, rowtime('w$) AS w$rowtime], changelogMode=[I])
SELECT item, COUNT(*) FROM bids GROUP BY item, TUMBLE(ts, INTERVAL '5' SECOND);

--! test conditions on the keys of sessions go below, and those on the sessions stay above
--! rows bids
--! ["a", 1, "2020-01-01 00:00:01"]
--! ["b", 2, "2020-01-01 00:00:02"]
--! ["a", 3, "2020-01-01 00:00:05"]
--! ["a", 4, "2020-01-01 00:00:20"]
SELECT * FROM (
  SELECT item, SESSION_START(ts, INTERVAL '5' SECOND) AS s, SUM(price) FROM bids GROUP BY item, SESSION(ts, INTERVAL '5' SECOND)
) WHERE item = 'a' AND s < TIMESTAMP '2020-01-01 00:00:10'
UNION ALL
SELECT * FROM (
  SELECT item, window_start, SUM(price) FROM TABLE(SESSION(TABLE bids PARTITION BY item, DESCRIPTOR(ts), INTERVAL '5' SECOND))
  GROUP BY item, window_start, window_end
) WHERE item = 'b' AND window_start > TIMESTAMP '2020-01-01 00:00:00';
--! changelog
--! +I[a, 2020-01-01T00:00:01, 4]
--! +I[b, 2020-01-01T00:00:02, 2]
