-- Orders joined with their payments, from Kafka to Kafka, each exactly once: all payments of orders, and what each customer has paid so far.
-- kafka_fill.sql fills the topics. Run it with checkpoints, kill it whenever you like, and run it again:
--
--     millstream run examples/sql/kafka_orders.sql --checkpoints snapshots/kafka --restore snapshots/kafka --or-start

SET 'execution.checkpointing.interval' = '500 ms';

CREATE TABLE orders (id BIGINT, customer STRING, cents BIGINT) WITH (
    'connector' = 'kafka', 'topic' = 'orders', 'properties.bootstrap.servers' = 'localhost:19092',
    'scan.startup.mode' = 'earliest-offset', 'scan.bounded.mode' = 'latest-offset', 'format' = 'json');

CREATE TABLE payments (order_id BIGINT, part INT, cents BIGINT) WITH (
    'connector' = 'kafka', 'topic' = 'payments', 'properties.bootstrap.servers' = 'localhost:19092',
    'scan.startup.mode' = 'earliest-offset', 'scan.bounded.mode' = 'latest-offset', 'format' = 'json');

CREATE TABLE paid (id BIGINT, customer STRING, part INT, cents BIGINT, total BIGINT) WITH (
    'connector' = 'kafka', 'topic' = 'paid', 'properties.bootstrap.servers' = 'localhost:19092',
    'format' = 'json', 'sink.delivery-guarantee' = 'exactly-once', 'sink.transactional-id-prefix' = 'paid');

CREATE TABLE revenue (customer STRING, payments BIGINT, cents BIGINT, PRIMARY KEY (customer) NOT ENFORCED) WITH (
    'connector' = 'upsert-kafka', 'topic' = 'revenue', 'properties.bootstrap.servers' = 'localhost:19092',
    'key.format' = 'raw', 'value.format' = 'json',
    'sink.delivery-guarantee' = 'exactly-once', 'sink.transactional-id-prefix' = 'revenue');

CREATE TEMPORARY VIEW paid_orders AS
SELECT id, customer, part, payments.cents AS cents, orders.cents AS total
FROM orders JOIN payments ON orders.id = payments.order_id;

EXECUTE STATEMENT SET BEGIN
    INSERT INTO paid SELECT * FROM paid_orders;
    INSERT INTO revenue SELECT customer, COUNT(*), SUM(cents) FROM paid_orders GROUP BY customer;
END;
