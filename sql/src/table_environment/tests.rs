//! Statements about tables. Expectations are what Flink 2.3 answers to the same statements, except that names in
//! expressions stand in backticks there.

use super::{TableEnvironment, TableResult};

const BASE: &str = "CREATE TABLE base (id INT NOT NULL, v STRING, c AS id + 1, m BIGINT METADATA FROM 'off' VIRTUAL, ts TIMESTAMP(3), \
                    WATERMARK FOR ts AS ts - INTERVAL '1' SECOND, PRIMARY KEY (id) NOT ENFORCED) PARTITIONED BY (v) \
                    WITH ('connector' = 'x', 'a' = '1')";

fn environment(statements: &[&str]) -> TableEnvironment {
    let mut tables = TableEnvironment::new();
    for statement in statements {
        tables.execute_sql(statement).unwrap_or_else(|error| panic!("{statement}: {error}"));
    }
    tables
}

fn rows(tables: &mut TableEnvironment, statement: &str) -> Vec<Vec<String>> {
    match tables.execute_sql(statement).unwrap_or_else(|error| panic!("{statement}: {error}")) {
        TableResult::Rows { rows, .. } => {
            rows.into_iter().map(|row| row.into_iter().map(Option::unwrap_or_default).collect()).collect()
        }
        other => panic!("{statement}: {other:?}"),
    }
}

/// The only column of each row.
fn names(tables: &mut TableEnvironment, statement: &str) -> Vec<String> {
    rows(tables, statement).into_iter().map(|row| row.concat()).collect()
}

fn refusal(tables: &mut TableEnvironment, statement: &str) -> String {
    let error = tables.execute_sql(statement).expect_err(statement);
    error.message().to_owned()
}

#[test]
fn a_table_is_shown_as_the_statement_that_makes_it() {
    let mut tables = environment(&[BASE]);
    let text = names(&mut tables, "SHOW CREATE TABLE base").concat();
    let expected = "CREATE TABLE `default_catalog`.`default_database`.`base` (
  `id` INT NOT NULL,
  `v` VARCHAR(2147483647),
  `c` AS id + 1,
  `m` BIGINT METADATA FROM 'off' VIRTUAL,
  `ts` TIMESTAMP(3),
  WATERMARK FOR `ts` AS ts - INTERVAL '1' SECOND,
  CONSTRAINT `PK_id` PRIMARY KEY (`id`) NOT ENFORCED
)
PARTITIONED BY (`v`)
WITH (
  'a' = '1',
  'connector' = 'x'
)
";
    assert_eq!(text, expected);
    // What is shown makes the same table.
    let mut again = environment(&[&text]);
    assert_eq!(names(&mut again, "SHOW CREATE TABLE base").concat(), text);
}

#[test]
fn types_of_all_kinds_survive_being_shown() {
    let table = "CREATE TABLE t (a ARRAY<INT NOT NULL>, b MAP<STRING, BYTES>, c MULTISET<CHAR(3)>, d ROW<x DECIMAL(7, 2), `y z` \
                 TIMESTAMP_LTZ(9)>, e TIME(3), f DOUBLE NOT NULL, g VARBINARY(4), `odd ``name` DATE COMMENT 'it''s') WITH ('connector' = 'print')";
    let mut tables = environment(&[table]);
    let text = names(&mut tables, "SHOW CREATE TABLE t").concat();
    let mut again = environment(&[&text]);
    assert_eq!(rows(&mut again, "DESCRIBE t"), rows(&mut tables, "DESCRIBE t"));
    assert_eq!(names(&mut again, "SHOW CREATE TABLE t").concat(), text);
}

#[test]
fn columns_are_described() {
    let mut tables = environment(&[BASE, "CREATE VIEW w (x) AS SELECT id FROM base"]);
    let described = rows(&mut tables, "DESCRIBE base");
    let expected = [
        ["id", "INT", "FALSE", "PRI(id)", "", ""],
        ["v", "STRING", "TRUE", "", "", ""],
        ["c", "INT", "FALSE", "", "AS id + 1", ""],
        ["m", "BIGINT", "TRUE", "", "METADATA FROM 'off' VIRTUAL", ""],
        ["ts", "TIMESTAMP(3) *ROWTIME*", "TRUE", "", "", "ts - INTERVAL '1' SECOND"],
    ];
    assert_eq!(described, expected);
    assert_eq!(rows(&mut tables, "DESC w"), [["x", "INT", "FALSE", "", "", ""]]);
    assert_eq!(rows(&mut tables, "SHOW COLUMNS FROM base LIKE '_'").len(), 3);
    assert_eq!(
        refusal(&mut tables, "DESCRIBE missing"),
        "Tables or views with the identifier 'default_catalog.default_database.missing' doesn't exist."
    );
}

#[test]
fn names_are_listed() {
    let mut tables =
        environment(&[BASE, "CREATE VIEW w AS SELECT 1", "CREATE DATABASE d1", "CREATE DATABASE d2"]);
    assert_eq!(names(&mut tables, "SHOW TABLES"), ["base", "w"]);
    assert_eq!(names(&mut tables, "SHOW TABLES FROM default_database LIKE 'b%'"), ["base"]);
    assert_eq!(names(&mut tables, "SHOW VIEWS"), ["w"]);
    assert_eq!(names(&mut tables, "SHOW DATABASES NOT LIKE 'd_'"), ["default_database"]);
    assert_eq!(names(&mut tables, "SHOW DATABASES ILIKE 'D_'"), ["d1", "d2"]);
    assert_eq!(names(&mut tables, "SHOW CATALOGS"), ["default_catalog"]);
    assert_eq!(names(&mut tables, "SHOW CURRENT DATABASE"), ["default_database"]);
    assert!(names(&mut tables, "SHOW FUNCTIONS LIKE 'upper'").contains(&"upper".to_owned()));
    assert!(names(&mut tables, "SHOW JOBS").is_empty());
    assert_eq!(
        refusal(&mut tables, "SHOW TABLES FROM nope"),
        "Database 'default_catalog'.'nope' doesn't exist."
    );
    assert_eq!(
        refusal(&mut tables, "SHOW CREATE TABLE w"),
        "SHOW CREATE TABLE is only supported for tables, but `default_catalog`.`default_database`.`w` is a view. Please use \
         SHOW CREATE VIEW instead."
    );
}

#[test]
fn databases_and_catalogs_are_used_and_dropped() {
    let mut tables = environment(&[
        "CREATE CATALOG c1 WITH ('type' = 'generic_in_memory', 'default-database' = 'first')",
        "CREATE DATABASE c1.other",
        "USE CATALOG c1",
        "CREATE TABLE other.t (a INT) WITH ('connector' = 'print')",
    ]);
    assert_eq!(names(&mut tables, "SHOW CURRENT DATABASE"), ["first"]);
    assert_eq!(
        refusal(&mut tables, "USE nope"),
        "A database with name [nope] does not exist in the catalog: [c1]."
    );
    assert_eq!(refusal(&mut tables, "CREATE DATABASE nope.d"), "Catalog nope does not exist");
    assert_eq!(refusal(&mut tables, "DROP DATABASE other"), "Database other in catalog c1 is not empty.");
    assert_eq!(
        refusal(&mut tables, "DROP DATABASE first"),
        "Cannot drop a database which is currently in use."
    );
    assert_eq!(refusal(&mut tables, "DROP CATALOG c1"), "Cannot drop a catalog which is currently in use.");
    for statement in ["DROP DATABASE other CASCADE", "USE CATALOG default_catalog", "DROP CATALOG c1"] {
        tables.execute_sql(statement).unwrap();
    }
    assert_eq!(names(&mut tables, "SHOW CATALOGS"), ["default_catalog"]);
}

#[test]
fn a_table_like_another_takes_what_flink_takes() {
    let mut tables = environment(&[
        BASE,
        "CREATE TABLE l1 (extra INT) WITH ('a' = '2') LIKE base",
        "CREATE TABLE l2 (extra INT) WITH ('connector' = 'y') LIKE base (EXCLUDING ALL)",
        "CREATE TABLE l5 (c AS id + 2, WATERMARK FOR ts AS ts) LIKE base (OVERWRITING GENERATED OVERWRITING WATERMARKS EXCLUDING \
         CONSTRAINTS EXCLUDING PARTITIONS)",
        "CREATE TABLE l10 LIKE base (EXCLUDING METADATA EXCLUDING GENERATED EXCLUDING WATERMARKS)",
    ]);
    let mut body = |name: &str| {
        let text = names(&mut tables, &format!("SHOW CREATE TABLE {name}")).concat();
        text.split_once('\n').unwrap().1.to_owned()
    };
    let tail = |options: &str| format!(")\nPARTITIONED BY (`v`)\nWITH (\n  {options}\n)\n");
    let columns = "  `id` INT NOT NULL,\n  `v` VARCHAR(2147483647),\n";
    let middle = "  `m` BIGINT METADATA FROM 'off' VIRTUAL,\n  `ts` TIMESTAMP(3),\n";
    let key = "  CONSTRAINT `PK_id` PRIMARY KEY (`id`) NOT ENFORCED\n";
    assert_eq!(
        body("l1"),
        format!(
            "{columns}  `c` AS id + 1,\n{middle}  `extra` INT,\n  WATERMARK FOR `ts` AS ts - INTERVAL '1' SECOND,\n{key}{}",
            tail("'a' = '2',\n  'connector' = 'x'")
        )
    );
    assert_eq!(
        body("l2"),
        format!("{columns}  `ts` TIMESTAMP(3),\n  `extra` INT\n{}", tail("'connector' = 'y'"))
    );
    let both = tail("'a' = '1',\n  'connector' = 'x'");
    assert_eq!(body("l5"), format!("{columns}  `c` AS id + 2,\n{middle}  WATERMARK FOR `ts` AS ts\n{both}"));
    assert_eq!(body("l10"), format!("{columns}  `ts` TIMESTAMP(3),\n{key}{both}"));
}

#[test]
fn what_is_in_both_tables_is_refused_in_flinks_words() {
    let mut tables = environment(&[BASE]);
    let cases = [
        (
            "CREATE TABLE l WITH ('a' = '2') LIKE base (INCLUDING OPTIONS)",
            "There already exists an option ['a' -> '1']",
        ),
        (
            "CREATE TABLE l (c AS id + 2) LIKE base",
            "A generated column named 'c' already exists in the base table.",
        ),
        ("CREATE TABLE l (id INT) LIKE base", "A column named 'id' already exists in the base table."),
        (
            "CREATE TABLE l (PRIMARY KEY (v) NOT ENFORCED) LIKE base",
            "The base table already has a primary key.",
        ),
        (
            "CREATE TABLE l (WATERMARK FOR ts AS ts) LIKE base",
            "There already exists a watermark spec for column 'ts'",
        ),
        (
            "CREATE TABLE l (x INT) PARTITIONED BY (x) LIKE base",
            "The base table already has partitions defined.",
        ),
        (
            "CREATE TABLE l LIKE base (OVERWRITING CONSTRAINTS)",
            "Illegal merging strategy 'OVERWRITING' for 'CONSTRAINTS' option.",
        ),
    ];
    for (statement, message) in cases {
        let refusal = refusal(&mut tables, statement);
        assert!(refusal.starts_with(message), "{statement}: {refusal}");
    }
}

#[test]
fn tables_are_altered() {
    let mut tables = environment(&[
        BASE,
        "ALTER TABLE base ADD (w INT FIRST, z STRING COMMENT 'zz' AFTER id)",
        "ALTER TABLE base MODIFY z BIGINT",
        "ALTER TABLE base DROP w",
        "ALTER TABLE base RENAME z TO zz",
        "ALTER TABLE base SET ('a' = '9', 'b' = '8')",
        "ALTER TABLE base RESET ('a')",
        "ALTER TABLE base RENAME TO renamed",
        "ALTER TABLE IF EXISTS base RENAME TO other",
    ]);
    let cases = [
        ("DROP id", "The column `id` is referenced by computed column `c`."),
        ("DROP ts", "The column `ts` is referenced by watermark expression."),
        ("DROP nope", "The column `nope` does not exist in the base table."),
        ("RENAME id TO id2", "The column `id` is referenced by computed column `c`."),
        ("RENAME ts TO ts2", "The column `ts` is referenced by watermark expression."),
        ("ADD v INT", "Try to add a column `v` which already exists in the table."),
        ("ADD q INT AFTER nope", "Referenced column `nope` by 'AFTER' does not exist in the table."),
        ("MODIFY nope INT", "Column `nope` does not exist in the table."),
        (
            "ADD PRIMARY KEY (zz) NOT ENFORCED",
            "The current table has already defined the primary key constraint [`id`]. You might want to drop it before adding a \
             new one.",
        ),
        (
            "DROP CONSTRAINT nope",
            "The current table does not define a primary key constraint named 'nope'. Available constraint name: ['PK_id'].",
        ),
    ];
    for (action, message) in cases {
        assert_eq!(
            refusal(&mut tables, &format!("ALTER TABLE renamed {action}")),
            format!("Failed to execute ALTER TABLE statement.\n{message}"),
        );
    }
    for action in ["DROP PRIMARY KEY", "DROP WATERMARK"] {
        tables.execute_sql(&format!("ALTER TABLE renamed {action}")).unwrap();
    }
    let text = names(&mut tables, "SHOW CREATE TABLE renamed").concat();
    let expected = "CREATE TABLE `default_catalog`.`default_database`.`renamed` (
  `id` INT NOT NULL,
  `zz` BIGINT COMMENT 'zz',
  `v` VARCHAR(2147483647),
  `c` AS id + 1,
  `m` BIGINT METADATA FROM 'off' VIRTUAL,
  `ts` TIMESTAMP(3)
)
PARTITIONED BY (`v`)
WITH (
  'b' = '8',
  'connector' = 'x'
)
";
    assert_eq!(text, expected);
}

#[test]
fn a_table_is_created_from_a_query() {
    let mut tables = environment(&["CREATE VIEW q AS SELECT 1 AS a, 'x' AS b"]);
    let create = "CREATE TABLE t (more STRING, a BIGINT, twice AS a * 2) WITH ('connector' = 'print') AS SELECT a, b FROM q";
    let TableResult::Insert(job) = tables.execute_sql(create).unwrap() else { panic!("no job") };
    assert_eq!(job.plans().len(), 1);
    let described = rows(&mut tables, "DESCRIBE t");
    let columns: Vec<_> = described.iter().map(|row| (&*row[0], &*row[1])).collect();
    assert_eq!(columns, [("more", "STRING"), ("twice", "BIGINT"), ("a", "BIGINT"), ("b", "CHAR(1)")]);
    tables.execute_sql("CREATE TABLE u (b, a) WITH ('connector' = 'print') AS SELECT a, b FROM q").unwrap();
    assert_eq!(rows(&mut tables, "DESCRIBE u").concat()[0], "b");
    // A table that cannot be filled is not there afterwards.
    tables
        .execute_sql("CREATE TABLE bad (a DATE) WITH ('connector' = 'print') AS SELECT a FROM q")
        .unwrap_err();
    assert!(!names(&mut tables, "SHOW TABLES").contains(&"bad".to_owned()));
}

#[test]
fn settings_are_checked() {
    let mut tables = environment(&["SET 'parallelism.default' = '3'"]);
    assert_eq!(rows(&mut tables, "SET"), [["parallelism.default", "3"]]);
    let refusal = refusal(&mut tables, "SET 'parallelism.default' = 'x'");
    assert_eq!(refusal, "Invalid value 'x' for option 'parallelism.default': it must be a number above 0");
    let TableResult::Warning(_) = tables.execute_sql("SET 'parallelism.defalt' = '1'").unwrap() else {
        panic!("no warning")
    };
}

#[test]
fn statements_that_are_not_run_are_named() {
    let mut tables = TableEnvironment::new();
    let cases = [
        ("TRUNCATE TABLE t", "TRUNCATE TABLE is not supported"),
        ("ANALYZE TABLE t COMPUTE STATISTICS", "ANALYZE TABLE is not supported"),
        ("DELETE FROM t WHERE a = 1", "DELETE is not supported"),
        ("CALL p()", "CALL is not supported"),
        ("LOAD MODULE hive", "LOAD MODULE is not supported"),
    ];
    for (statement, message) in cases {
        let error = tables.execute_sql(statement).unwrap_err();
        assert_eq!(error.message(), message);
        assert_eq!(error.span().map(|span| span.start), Some(0), "{statement}");
    }
    let TableResult::Warning(_) = tables.execute_sql("ADD JAR '/a.jar'").unwrap() else {
        panic!("no warning")
    };
}

#[test]
fn only_inserts_stand_in_a_statement_set() {
    let mut tables = environment(&["CREATE TABLE t (a INT) WITH ('connector' = 'print')"]);
    assert!(refusal(&mut tables, "END").starts_with("No Statement Set to submit"));
    tables.execute_sql("BEGIN STATEMENT SET").unwrap();
    for statement in ["BEGIN STATEMENT SET", "SELECT 1", "SHOW TABLES"] {
        assert_eq!(refusal(&mut tables, statement), "Only INSERT statement is allowed in Statement Set.");
    }
    tables.execute_sql("INSERT INTO t SELECT 1").unwrap();
    tables.execute_sql("INSERT INTO t SELECT 2").unwrap();
    let TableResult::Insert(job) = tables.execute_sql("END").unwrap() else { panic!("no job") };
    assert_eq!(job.plans().len(), 2);
}
