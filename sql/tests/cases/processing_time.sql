-- Queries by processing time: `advance` lets it pass.

CREATE TABLE clicks (k STRING, p AS PROCTIME()) WITH ('connector' = 'values');
--! test windows of processing time are over when their time has passed
--! rows clicks
--! ["a"]
--! ["b"]
--! ["a"]
--! {"advance": "10 s"}
--! ["a"]
--! {"advance": "10 s"}
SELECT k, COUNT(*), CHAR_LENGTH(CAST(window_end AS STRING)) FROM TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(p), INTERVAL '10' SECOND))
GROUP BY window_start, window_end, k;
--! changelog
--! +I[a, 2, 23]
--! +I[b, 1, 23]
--! +I[a, 1, 23]

--! test what is open at the end is not emitted
--! rows clicks
--! ["a"]
--! {"advance": "10 s"}
--! ["b"]
SELECT k, COUNT(*) FROM clicks GROUP BY k, TUMBLE(p, INTERVAL '10' SECOND);
--! changelog
--! +I[a, 1]

--! test sessions of processing time
--! rows clicks
--! ["a"]
--! {"advance": "3 s"}
--! ["a"]
--! {"advance": "6 s"}
--! ["a"]
--! {"advance": "6 s"}
SELECT k, COUNT(*) FROM clicks GROUP BY k, SESSION(p, INTERVAL '5' SECOND);
--! changelog
--! +I[a, 2]
--! +I[a, 1]

--! test a proctime window has no rowtime
--! error ValidationException: A proctime window cannot provide a rowtime attribute.
SELECT TUMBLE_ROWTIME(p, INTERVAL '5' SECOND) FROM clicks GROUP BY TUMBLE(p, INTERVAL '5' SECOND);

--! test early results come after a while
SET 'table.exec.emit.early-fire.enabled' = 'true';
SET 'table.exec.emit.early-fire.delay' = '2 s';
CREATE TABLE counts (k STRING, n BIGINT) WITH ('connector' = 'values', 'sink-insert-only' = 'false');
--! rows clicks
--! ["a"]
--! ["a"]
--! {"advance": "3 s"}
--! ["a"]
--! {"advance": "3 s"}
--! ["a"]
--! {"advance": "10 s"}
INSERT INTO counts SELECT k, COUNT(*) FROM clicks GROUP BY k, TUMBLE(p, INTERVAL '10' SECOND);
--! changelog counts
--! +I[a, 2]
--! -U[a, 2]
--! +U[a, 3]
--! -U[a, 3]
--! +U[a, 4]
