use std::collections::BTreeSet;

use crate::connectors::testing::Script;

fn script(parallelism: u32, columns: &str, options: &str) -> Script {
    let mut script = Script::new(parallelism);
    script.run(&format!(
        "CREATE TABLE t ({columns}) WITH ('connector' = 'datagen', 'rows-per-second' = '1000000000', {options})"
    ));
    script
}

#[test]
fn sequences_end_with_the_shortest() {
    let columns = "a BIGINT, b STRING, c DECIMAL(5, 2), d DOUBLE";
    let options = "'fields.a.kind' = 'sequence', 'fields.a.start' = '-1', 'fields.a.end' = '100', \
                   'fields.b.kind' = 'sequence', 'fields.b.start' = '7', 'fields.b.end' = '9', \
                   'fields.c.kind' = 'sequence', 'fields.c.start' = '1', 'fields.c.end' = '10', \
                   'fields.d.kind' = 'sequence', 'fields.d.start' = '1', 'fields.d.end' = '10'";
    let mut script = script(1, columns, options);
    assert_eq!(
        script.run("SELECT * FROM t"),
        ["+I[-1, 7, 1.00, 1.0]", "+I[0, 8, 2.00, 2.0]", "+I[1, 9, 3.00, 3.0]"]
    );
    assert_eq!(script.run("SELECT b FROM t"), ["+I[7]", "+I[8]", "+I[9]"]);
}

#[test]
fn values_depend_on_seed_row_and_field_alone() {
    let columns = "a INT, b STRING, c ARRAY<DOUBLE>, d ROW<x BIGINT, y BOOLEAN>, e MAP<STRING, INT>";
    let options = "'number-of-rows' = '500', 'seed' = '3', 'fields.b.var-len' = 'true'";
    let all = script(1, columns, options).sorted("SELECT * FROM t");
    assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), 500);
    assert_eq!(script(3, columns, options).sorted("SELECT * FROM t"), all);
    let other = script(1, columns, &options.replace("'3'", "'4'")).sorted("SELECT * FROM t");
    assert!(all.iter().zip(&other).all(|(row, other)| row != other));
    // A field is that of the whole.
    let whole = script(1, columns, options).run("SELECT d FROM t");
    let fields = script(1, columns, options).run("SELECT d.y, d.x FROM t");
    let swapped = fields.iter().map(|row| {
        let (y, x) = row[3..row.len() - 1].split_once(", ").unwrap();
        format!("+I[+I[{x}, {y}]]")
    });
    assert_eq!(swapped.collect::<Vec<_>>(), whole);
    // What is not read changes nothing.
    let both = script(1, columns, options).run("SELECT d, a FROM t");
    let alone = script(1, columns, options).run("SELECT a FROM t");
    let last = |row: &String| row.trim_end_matches(']').rsplit(", ").next().unwrap().to_owned();
    assert_eq!(
        both.iter().map(last).collect::<Vec<_>>(),
        alone.iter().map(|row| row[3..row.len() - 1].to_owned()).collect::<Vec<_>>()
    );
}

#[test]
fn values_are_in_their_ranges() {
    let columns = "a INT NOT NULL, b TINYINT, c DECIMAL(4, 1), d DOUBLE, e VARCHAR(7), f CHAR(3), g STRING, h BINARY(2)";
    let options = "'number-of-rows' = '2000', 'fields.a.min' = '-2', 'fields.a.max' = '2', 'fields.b.null-rate' = '0.5', \
                   'fields.c.min' = '1.5', 'fields.c.max' = '1.7', 'fields.d.min' = '10', 'fields.d.max' = '11', \
                   'fields.e.var-len' = 'true', 'fields.g.length' = '5'";
    let mut script = script(1, columns, options);
    let distinct = |script: &mut Script, column: &str| -> BTreeSet<String> {
        let rows = script.run(&format!("SELECT {column} FROM t"));
        rows.into_iter().map(|row| row[3..row.len() - 1].to_owned()).collect()
    };
    let set = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(distinct(&mut script, "a"), set(&["-2", "-1", "0", "1", "2"]));
    assert_eq!(distinct(&mut script, "c"), set(&["1.5", "1.6", "1.7"]));
    assert!(
        distinct(&mut script, "d").iter().all(|value| (10.0..11.0).contains(&value.parse::<f64>().unwrap()))
    );
    let lengths: BTreeSet<_> = distinct(&mut script, "e").iter().map(String::len).collect();
    assert_eq!(lengths, (1..=7).collect());
    assert!(
        distinct(&mut script, "f")
            .iter()
            .all(|text| text.len() == 3 && text.chars().all(|c| c.is_ascii_hexdigit()))
    );
    assert!(distinct(&mut script, "g").iter().all(|text| text.len() == 5));
    assert!(distinct(&mut script, "h").iter().all(|bytes| bytes.split(", ").count() == 2));
    // A tinyint has 256 values, half of the rows have none: all but a handful occur.
    let rows = script.run("SELECT b FROM t");
    let nulls = rows.iter().filter(|row| *row == "+I[null]").count();
    assert!((900..1_100).contains(&nulls), "{nulls}");
    assert!(rows.iter().collect::<BTreeSet<_>>().len() > 230);
}

#[test]
fn points_in_time_are_now_or_before() {
    let columns = "a TIMESTAMP(3), b TIMESTAMP_LTZ(6), c DATE, d TIME(0), e ARRAY<TIMESTAMP(0)>";
    let mut script = script(1, columns, "'number-of-rows' = '100', 'fields.b.max-past' = '10 d'");
    let rows = script.run("SELECT a, b FROM t");
    assert!(rows.iter().all(|row| row.contains("Z]")), "{rows:?}");
    let instants: BTreeSet<_> = rows.iter().map(|row| row.rsplit(", ").next().unwrap()).collect();
    assert!(instants.len() > 90);
    // In a batch of rows now is one time.
    assert_eq!(script.run("SELECT c, a, d, e FROM t").len(), 100);
}

#[test]
fn options_that_are_wrong_are_refused() {
    let cases = [
        ("a INT", "'fields.a.kind' = 'row'", "it must be random or sequence"),
        ("a INT", "'fields.a.kind' = 'sequence', 'fields.a.start' = '1'", "required property 'fields.a.end'"),
        ("a INT", "'fields.a.min' = '5', 'fields.a.max' = '4'", "'fields.a.min' is above 'fields.a.max'"),
        ("a TINYINT", "'fields.a.max' = '128'", "Invalid value '128' for option 'fields.a.max'"),
        ("a INT", "'fields.b.max' = '4'", "Unsupported options: fields.b.max"),
        ("a CHAR(3)", "'fields.a.length' = '4'", "is not supported"),
        ("a VARCHAR(3)", "'fields.a.length' = '4'", "should be shorter than '3'"),
        ("a INT NOT NULL", "'fields.a.null-rate' = '0.1'", "wants NULLs in a field that is NOT NULL"),
        ("a INT", "'fields.a.null-rate' = '2'", "must be a number from 0 to 1"),
        (
            "a DATE",
            "'fields.a.kind' = 'sequence', 'fields.a.start' = '1', 'fields.a.end' = '2'",
            "is not for DATE",
        ),
    ];
    for (columns, options, expected) in cases {
        let error = script(1, columns, options).try_run("SELECT * FROM t").unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
    let error = Script::new(1)
        .try_run("CREATE TABLE t (a INT) WITH ('connector' = 'datagen', 'rows-per-second' = '0')")
        .map(|_| ());
    assert_eq!(error, Ok(()));
}
