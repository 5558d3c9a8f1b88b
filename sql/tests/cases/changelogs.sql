-- Changes that took a wrong way: each of these gave a wrong table before.
CREATE TABLE s (id BIGINT NOT NULL, v BIGINT, PRIMARY KEY (id) NOT ENFORCED)
  WITH ('connector' = 'values', 'changelog-mode' = 'I,UA,UB,D');
CREATE TABLE by_id (id BIGINT NOT NULL, v BIGINT, PRIMARY KEY (id) NOT ENFORCED)
  WITH ('connector' = 'values', 'sink-insert-only' = 'false');

--! test  a row that takes the place of another in a table that is known by rows
--! rows s
--! ["+I", 3, 1]
--! ["+I", 2, 1]
--! ["+I", 1, 1]
INSERT INTO by_id SELECT id, v FROM s ORDER BY id LIMIT 1 OFFSET 1;
--! table by_id
--! +I[2, 1]

--! test  places move in a table that is known by rows
--! rows s
--! ["+I", 3, 1]
--! ["+I", 2, 1]
--! ["+I", 1, 1]
--! ["+I", 0, 1]
INSERT INTO by_id SELECT id, v FROM s ORDER BY id LIMIT 2 OFFSET 1;
--! table by_id
--! +I[1, 1]
--! +I[2, 1]

--! test  places with numbers in a table that is known by rows
--! rows s
--! ["+I", 3, 1]
--! ["+I", 2, 1]
--! ["+I", 1, 1]
INSERT INTO by_id SELECT id, n FROM (SELECT id, ROW_NUMBER() OVER (ORDER BY id) AS n FROM s) AS t WHERE n <= 2;
--! table by_id
--! +I[1, 1]
--! +I[2, 2]

--! test  a join by a column that an update changes
--! set   parallelism.default = 4
--! rows s
--! ["+I", 1, 5]
--! ["+I", 2, 6]
--! ["-U", 1, 5]
--! ["+U", 1, 2]
--! ["-U", 2, 6]
--! ["+U", 2, 1]
--! ["-U", 2, 1]
--! ["+U", 2, null]
INSERT INTO by_id SELECT id, v FROM s WHERE v NOT IN (SELECT id FROM s);
--! table by_id

--! test  changes of one subtask behind a union
--! set   parallelism.default = 4
--! rows s
--! ["+I", 1, 5]
--! ["-U", 1, 5]
--! ["+U", 1, 6]
--! ["-U", 1, 6]
--! ["+U", 1, 7]
--! ["-D", 1, 7]
--! ["+I", 1, 8]
INSERT INTO by_id SELECT id, v FROM (SELECT id, v FROM s UNION SELECT id, v FROM s ORDER BY id, v LIMIT 3) AS t;
--! table by_id
--! +I[1, 8]
