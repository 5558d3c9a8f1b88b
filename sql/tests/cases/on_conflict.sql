--! test  a sink with another key than the query's is refused where ON CONFLICT is asked for
SET 'table.exec.sink.require-on-conflict' = 'true';
CREATE TABLE s (word STRING) WITH ('connector' = 'values');
CREATE TABLE t (word STRING, n BIGINT, PRIMARY KEY (n) NOT ENFORCED)
    WITH ('connector' = 'values', 'sink-insert-only' = 'false');
--! error ValidationException: upsert key that differs from the primary key of the sink table 'default_catalog.default_database.t'. Primary key: [n], upsert key: [word].
INSERT INTO t SELECT word, COUNT(*) FROM s GROUP BY word;

--! test  with ON CONFLICT DO DEDUPLICATE it is not
SET 'table.exec.sink.require-on-conflict' = 'true';
CREATE TABLE s (word STRING) WITH ('connector' = 'values');
--! rows s
--! ["to"]
--! ["be"]
--! ["to"]
CREATE TABLE t (word STRING, n BIGINT, PRIMARY KEY (n) NOT ENFORCED)
    WITH ('connector' = 'values', 'sink-insert-only' = 'false');
--! plan  contains: upsertMaterialize=[true]
INSERT INTO t SELECT word, COUNT(*) FROM s GROUP BY word ON CONFLICT DO DEDUPLICATE;
--! table t
--! +I[be, 1]
--! +I[to, 2]
