-- Orders and payments for kafka_orders.sql, into topics of a Kafka node on this machine. An order in ten is not paid; one in seven in two parts.

CREATE TABLE numbers (id BIGINT) WITH (
    'connector' = 'datagen', 'rows-per-second' = '1000000',
    'fields.id.kind' = 'sequence', 'fields.id.start' = '1', 'fields.id.end' = '20000');

CREATE TABLE orders (id BIGINT, customer STRING, cents BIGINT) WITH (
    'connector' = 'kafka', 'topic' = 'orders', 'properties.bootstrap.servers' = 'localhost:19092',
    'key.format' = 'raw', 'key.fields' = 'id', 'format' = 'json');

CREATE TABLE payments (order_id BIGINT, part INT, cents BIGINT) WITH (
    'connector' = 'kafka', 'topic' = 'payments', 'properties.bootstrap.servers' = 'localhost:19092',
    'key.format' = 'raw', 'key.fields' = 'order_id', 'format' = 'json');

INSERT INTO orders SELECT id, 'customer ' || CAST(MOD(id, 50) AS STRING), 100 + MOD(id * 37, 900) FROM numbers;

INSERT INTO payments
SELECT id, 1, CASE WHEN MOD(id, 7) = 0 THEN 50 ELSE 100 + MOD(id * 37, 900) END FROM numbers WHERE MOD(id, 10) > 0
UNION ALL
SELECT id, 2, 50 + MOD(id * 37, 900) FROM numbers WHERE MOD(id, 10) > 0 AND MOD(id, 7) = 0;
