-- Files whose format is a changelog are tables that change.
CREATE TABLE debezium (id INT, customer STRING, amount DECIMAL(8, 2), PRIMARY KEY (id) NOT ENFORCED)
  WITH ('connector' = 'filesystem', 'path' = 'tests/fixtures/formats/orders.debezium.json', 'format' = 'debezium-json');
CREATE TABLE canal (id INT, customer STRING, amount DECIMAL(8, 2), PRIMARY KEY (id) NOT ENFORCED)
  WITH ('connector' = 'filesystem', 'path' = 'tests/fixtures/formats/orders.canal.json', 'format' = 'canal-json',
        'canal-json.table.include' = 'orders');
CREATE TABLE maxwell (id INT, customer STRING, amount DECIMAL(8, 2), PRIMARY KEY (id) NOT ENFORCED)
  WITH ('connector' = 'filesystem', 'path' = 'tests/fixtures/formats/orders.maxwell.json', 'format' = 'maxwell-json');
CREATE TABLE orders (id INT, customer STRING, amount DECIMAL(8, 2))
  WITH ('connector' = 'values', 'sink-insert-only' = 'false');
CREATE TABLE totals (customer STRING, n BIGINT, total DECIMAL(38, 2), PRIMARY KEY (customer) NOT ENFORCED)
  WITH ('connector' = 'values', 'sink-insert-only' = 'false');

--! test  changes of Debezium become those of the table
INSERT INTO orders SELECT * FROM debezium;
--! changelog orders ordered
--! +I[1, ada, 10.50]
--! +I[2, bob, 7.00]
--! +I[3, ada, 2.25]
--! -U[2, bob, 7.00]
--! +U[2, eve, 8.00]
--! -D[1, ada, 10.50]
--! table orders
--! +I[2, eve, 8.00]
--! +I[3, ada, 2.25]

--! test  an aggregate takes back what was deleted
INSERT INTO totals SELECT customer, COUNT(*), SUM(amount) FROM debezium GROUP BY customer;
--! table totals
--! +I[ada, 1, 2.25]
--! +I[eve, 1, 8.00]

--! test  Canal, of one of the tables in its messages
INSERT INTO totals SELECT customer, COUNT(*), SUM(amount) FROM canal GROUP BY customer;
--! table totals
--! +I[eve, 1, 8.00]

--! test  Maxwell
INSERT INTO totals SELECT customer, COUNT(*), SUM(amount) FROM maxwell GROUP BY customer;
--! table totals
--! +I[eve, 1, 8.00]
