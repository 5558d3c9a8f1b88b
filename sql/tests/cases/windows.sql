-- Window table functions, and what is computed over the windows that they give.

CREATE TABLE bids (item STRING, price INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '1' SECOND)
  WITH ('connector' = 'values');
--! test a window is aggregated once
--! rows bids
--! ["a", 1, "2020-01-01 00:00:01"]
--! ["b", 2, "2020-01-01 00:00:02"]
--! ["a", 3, "2020-01-01 00:00:09"]
--! ["a", 4, "2020-01-01 00:00:11"]
SELECT window_start, window_end, item, COUNT(*), SUM(price)
FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(ts), INTERVAL '10' SECOND))
GROUP BY window_start, window_end, item;
--! changelog
--! +I[2020-01-01T00:00, 2020-01-01T00:00:10, a, 2, 4]
--! +I[2020-01-01T00:00, 2020-01-01T00:00:10, b, 1, 2]
--! +I[2020-01-01T00:00:10, 2020-01-01T00:00:20, a, 1, 4]

--! test windows that hop
--! rows bids
--! ["a", 1, "2020-01-01 00:00:01"]
--! ["a", 2, "2020-01-01 00:00:07"]
SELECT window_end, COUNT(*), MAX(price)
FROM TABLE(HOP(DATA => TABLE bids, TIMECOL => DESCRIPTOR(ts), SLIDE => INTERVAL '5' SECOND, SIZE => INTERVAL '10' SECOND))
GROUP BY window_start, window_end;
--! changelog
--! +I[2020-01-01T00:00:05, 1, 1]
--! +I[2020-01-01T00:00:10, 2, 2]
--! +I[2020-01-01T00:00:15, 1, 2]

--! test windows that cumulate
--! rows bids
--! ["a", 1, "2020-01-01 00:00:01"]
--! ["b", 2, "2020-01-01 00:00:07"]
SELECT window_start, window_end, COUNT(DISTINCT item)
FROM TABLE(CUMULATE(TABLE bids, DESCRIPTOR(ts), INTERVAL '5' SECOND, INTERVAL '15' SECOND))
GROUP BY window_start, window_end;
--! changelog
--! +I[2020-01-01T00:00, 2020-01-01T00:00:05, 1]
--! +I[2020-01-01T00:00, 2020-01-01T00:00:10, 2]
--! +I[2020-01-01T00:00, 2020-01-01T00:00:15, 2]

--! test sessions
--! rows bids
--! ["a", 1, "2020-01-01 00:00:01"]
--! ["b", 2, "2020-01-01 00:00:02"]
--! ["a", 3, "2020-01-01 00:00:05"]
--! ["a", 4, "2020-01-01 00:00:20"]
SELECT item, window_start, window_end, SUM(price)
FROM TABLE(SESSION(TABLE bids PARTITION BY item, DESCRIPTOR(ts), INTERVAL '5' SECOND))
GROUP BY item, window_start, window_end;
--! changelog
--! +I[a, 2020-01-01T00:00:01, 2020-01-01T00:00:10, 4]
--! +I[b, 2020-01-01T00:00:02, 2020-01-01T00:00:07, 2]
--! +I[a, 2020-01-01T00:00:20, 2020-01-01T00:00:25, 4]

--! test rows with their windows
--! rows bids
--! ["a", 1, "2020-01-01 00:00:01"]
SELECT item, window_start, window_end, window_time
FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(ts), INTERVAL '10' SECOND, INTERVAL '2' SECOND));
--! changelog
--! +I[a, 2019-12-31T23:59:52, 2020-01-01T00:00:02, 2020-01-01T00:00:01.999]

--! test the windows of an aggregate are aggregated again
--! rows bids
--! ["a", 1, "2020-01-01 00:00:01"]
--! ["b", 2, "2020-01-01 00:00:02"]
--! ["a", 3, "2020-01-01 00:00:09"]
SELECT window_start, window_end, MAX(n) FROM (
  SELECT window_start, window_end, COUNT(*) AS n
  FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(ts), INTERVAL '10' SECOND))
  GROUP BY window_start, window_end, item)
GROUP BY window_start, window_end;
--! changelog
--! +I[2020-01-01T00:00, 2020-01-01T00:00:10, 2]

--! test a window of the time of windows
--! rows bids
--! ["a", 1, "2020-01-01 00:00:01"]
--! ["b", 2, "2020-01-01 00:00:12"]
SELECT window_end, SUM(n) FROM TABLE(TUMBLE(
  (SELECT window_time AS t, COUNT(*) AS n
   FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(ts), INTERVAL '10' SECOND))
   GROUP BY window_start, window_end, window_time), DESCRIPTOR(t), INTERVAL '1' MINUTE))
GROUP BY window_start, window_end;
--! changelog
--! +I[2020-01-01T00:01, 2]

--! test the first rows of windows
--! rows bids
--! ["a", 1, "2020-01-01 00:00:01"]
--! ["b", 2, "2020-01-01 00:00:02"]
--! ["c", 3, "2020-01-01 00:00:09"]
--! ["d", 4, "2020-01-01 00:00:11"]
SELECT item, rn, window_end FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end ORDER BY price DESC) AS rn
  FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(ts), INTERVAL '10' SECOND)))
WHERE rn <= 2;
--! changelog
--! +I[c, 1, 2020-01-01T00:00:10]
--! +I[b, 2, 2020-01-01T00:00:10]
--! +I[d, 1, 2020-01-01T00:00:20]

--! test rows of the same window are joined
CREATE TABLE asks (item STRING, amount INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH ('connector' = 'values');
--! rows bids
--! ["a", 1, "2020-01-01 00:00:01"]
--! ["b", 2, "2020-01-01 00:00:02"]
--! ["a", 3, "2020-01-01 00:00:12"]
--! rows asks
--! ["a", 10, "2020-01-01 00:00:05"]
--! ["b", 20, "2020-01-01 00:00:15"]
SELECT b.item, b.price, s.amount, b.window_end
FROM (SELECT * FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(ts), INTERVAL '10' SECOND))) AS b
LEFT JOIN (SELECT * FROM TABLE(TUMBLE(TABLE asks, DESCRIPTOR(ts), INTERVAL '10' SECOND))) AS s
ON b.item = s.item AND b.window_start = s.window_start AND b.window_end = s.window_end;
--! changelog
--! +I[a, 1, 10, 2020-01-01T00:00:10]
--! +I[b, 2, null, 2020-01-01T00:00:10]
--! +I[a, 3, null, 2020-01-01T00:00:20]

--! test what is no time attribute makes no windows
--! error ValidationException: The window function requires the timecol is a time attribute type, but is INTEGER.
SELECT * FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(price), INTERVAL '10' SECOND));

--! test slices must fit into windows that hop
--! error TableException: HOP table function based aggregate requires size must be an integral multiple of slide, but got size 10000 ms and slide 4000 ms
SELECT COUNT(*) FROM TABLE(HOP(TABLE bids, DESCRIPTOR(ts), INTERVAL '4' SECOND, INTERVAL '10' SECOND))
GROUP BY window_start, window_end;

--! test lengths of windows are above zero
--! error ValidationException: TUMBLE table function based aggregate requires size to be positive, but got 0 ms.
SELECT * FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(ts), INTERVAL '0' SECOND));
