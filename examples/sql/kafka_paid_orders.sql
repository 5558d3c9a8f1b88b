-- Orders and payments from Kafka, joined, with what Postgres says of the customers as it changes; to Kafka, where each row takes the
-- place of the one before, and to Parquet files on S3. Each exactly once. `examples/kafka_orders/run` starts the servers, fills them, kills
-- everything in turns and compares the answer.

SET 'execution.checkpointing.interval' = '1 s';

CREATE TABLE orders (id BIGINT, customer BIGINT, cents BIGINT, ordered_at TIMESTAMP(3)) WITH (
    'connector' = 'kafka', 'topic' = 'orders', 'properties.bootstrap.servers' = 'localhost:19092',
    'scan.startup.mode' = 'earliest-offset', 'format' = 'csv');

CREATE TABLE payments (order_id BIGINT, part INT, cents BIGINT) WITH (
    'connector' = 'kafka', 'topic' = 'payments', 'properties.bootstrap.servers' = 'localhost:19092',
    'scan.startup.mode' = 'earliest-offset', 'format' = 'csv');

CREATE TABLE customers (id BIGINT, name STRING, tier STRING, PRIMARY KEY (id) NOT ENFORCED) WITH (
    'connector' = 'postgres-cdc', 'hostname' = '127.0.0.1', 'port' = '15543', 'username' = 'postgres', 'password' = 'postgres',
    'database-name' = 'postgres', 'schema-name' = 'public', 'table-name' = 'customers', 'slot.name' = 'paid_orders',
    'decoding.plugin.name' = 'pgoutput');

-- Keys come back as text, so that whatever reads the topic can tell them apart.
CREATE TABLE paid_orders (
    payment STRING, order_id BIGINT, part INT, name STRING, tier STRING, cents BIGINT, total BIGINT,
    PRIMARY KEY (payment) NOT ENFORCED
) WITH (
    'connector' = 'upsert-kafka', 'topic' = 'paid-orders', 'properties.bootstrap.servers' = 'localhost:19092',
    'key.format' = 'raw', 'value.format' = 'csv', 'value.fields-include' = 'EXCEPT_KEY',
    'sink.delivery-guarantee' = 'exactly-once', 'sink.transactional-id-prefix' = 'paid-orders');

CREATE TABLE lake (order_id BIGINT, part INT, cents BIGINT, total BIGINT, `day` STRING) PARTITIONED BY (`day`) WITH (
    'connector' = 'filesystem', 'path' = 's3://lake/paid', 'format' = 'parquet');

CREATE TEMPORARY VIEW paid AS
SELECT id, part, customer, payments.cents AS cents, orders.cents AS total, ordered_at
FROM orders JOIN payments ON orders.id = payments.order_id;

EXECUTE STATEMENT SET BEGIN
    INSERT INTO paid_orders
    SELECT CAST(paid.id AS STRING) || '-' || CAST(part AS STRING), paid.id, part, name, tier, cents, total
    FROM paid JOIN customers ON paid.customer = customers.id;

    INSERT INTO lake
    SELECT id, part, cents, total, DATE_FORMAT(ordered_at, 'yyyy-MM-dd') FROM paid;
END;
