--! test  rows are deleted by their key alone, and nothing remembers them
CREATE TABLE s (id INT, name STRING, v INT, PRIMARY KEY (id) NOT ENFORCED)
    WITH ('connector' = 'values', 'changelog-mode' = 'I,UA,D', 'source.produces-delete-by-key' = 'true');
--! rows s
--! ["+I", 1, "Alice", 10]
--! ["+I", 2, "Bob", 20]
--! ["-D", 1, null, null]
--! ["+U", 2, "Bob", 30]
CREATE TABLE t (id INT, name STRING, v INT, PRIMARY KEY (id) NOT ENFORCED)
    WITH ('connector' = 'values', 'sink-changelog-mode-enforced' = 'I,UA,D', 'sink.supports-delete-by-key' = 'true');
--! plan  lacks: ChangelogNormalize
INSERT INTO t SELECT id, name, v FROM s;
--! changelog t ordered
--! +I[1, Alice, 10]
--! +I[2, Bob, 20]
--! -D[1, null, null]
--! +U[2, Bob, 30]
--! table t
--! +I[2, Bob, 30]

--! test  a sink that wants to know what was deleted gets it
CREATE TABLE s (id INT, name STRING, v INT, PRIMARY KEY (id) NOT ENFORCED)
    WITH ('connector' = 'values', 'changelog-mode' = 'I,UA,D', 'source.produces-delete-by-key' = 'true');
--! rows s
--! ["+I", 1, "Alice", 10]
--! ["+I", 2, "Bob", 20]
--! ["-D", 1, null, null]
--! ["+U", 2, "Bob", 30]
CREATE TABLE t (id INT, name STRING, v INT, PRIMARY KEY (id) NOT ENFORCED)
    WITH ('connector' = 'values', 'sink-changelog-mode-enforced' = 'I,UA,D', 'sink.supports-delete-by-key' = 'false');
--! plan  contains: ChangelogNormalize
INSERT INTO t SELECT id, name, v FROM s;
--! changelog t ordered
--! +I[1, Alice, 10]
--! +I[2, Bob, 20]
--! -D[1, Alice, 10]
--! +U[2, Bob, 30]

--! test  a join by the keys of both inputs deletes by key
CREATE TABLE l (id INT, a STRING, PRIMARY KEY (id) NOT ENFORCED)
    WITH ('connector' = 'values', 'changelog-mode' = 'I,UA,D', 'source.produces-delete-by-key' = 'true');
CREATE TABLE r (id INT, b STRING, PRIMARY KEY (id) NOT ENFORCED)
    WITH ('connector' = 'values', 'changelog-mode' = 'I,UA,D', 'source.produces-delete-by-key' = 'true');
--! rows l
--! ["+I", 1, "a1"]
--! ["+I", 2, "a2"]
--! ["+I", 3, "a3"]
--! ["-D", 1, null]
--! ["+U", 3, "a4"]
--! rows r
--! ["+I", 1, "b1"]
--! ["+I", 2, "b2"]
--! ["+I", 3, "b3"]
--! ["-D", 2, null]
CREATE TABLE t (id INT, a STRING, b STRING, PRIMARY KEY (id) NOT ENFORCED)
    WITH ('connector' = 'values', 'sink-changelog-mode-enforced' = 'I,UA,D', 'sink.supports-delete-by-key' = 'true');
--! plan  lacks: ChangelogNormalize
INSERT INTO t SELECT l.id, l.a, r.b FROM l JOIN r ON l.id = r.id;
--! table t
--! +I[3, a4, b3]
