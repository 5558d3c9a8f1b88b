-- Orders into objects, by customer, each exactly once: files on a store of S3's protocol, and the checkpoints too.
-- Where the store is and who asks is said by the environment: AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY.
-- Kill it whenever you like, and run it again:
--
--     millstream run examples/sql/object_storage.sql --restore s3://lake/jobs --or-start

SET 'execution.checkpointing.interval' = '500 ms';
SET 'execution.checkpointing.dir' = 's3://lake/jobs';

CREATE TABLE orders (id BIGINT, customer INT, cents INT) WITH (
    'connector' = 'datagen', 'number-of-rows' = '200000', 'rows-per-second' = '20000',
    'fields.id.kind' = 'sequence', 'fields.id.start' = '1', 'fields.id.end' = '200000',
    'fields.customer.min' = '1', 'fields.customer.max' = '5');

CREATE TABLE lake (id BIGINT, cents INT, customer INT) PARTITIONED BY (customer) WITH (
    'connector' = 'filesystem', 'path' = 's3://lake/orders', 'format' = 'json');

INSERT INTO lake SELECT id, cents, customer FROM orders;
