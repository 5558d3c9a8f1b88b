use crate::connectors::testing::Script;

fn script(parallelism: u32, columns: &str, options: &str) -> Script {
    let mut script = Script::new(parallelism);
    script.run(&format!(
        "CREATE TABLE t ({columns}) WITH ('connector' = 'faker', 'rows-per-second' = '1000000000', {options})"
    ));
    script
}

#[test]
fn every_type_is_made_of_text() {
    let columns = "s STRING, n INT NOT NULL, d DECIMAL(6, 2), f BOOLEAN, b BYTES, t TIMESTAMP(3), l TIMESTAMP_LTZ(0), \
                   today DATE, clock TIME(0), a ARRAY<INT>, m MAP<STRING, INT>, r ROW<x STRING, y ROW<z INT>>, u MULTISET<STRING>";
    let options = "'number-of-rows' = '2', 'fields.s.expression' = '-', 'fields.n.expression' = '42', \
                   'fields.d.expression' = '1.255', 'fields.f.expression' = 'yes', 'fields.b.expression' = 'a', \
                   'fields.t.expression' = '2020-10-10 00:00:05.123', 'fields.l.expression' = '2020-10-10 00:00:05', \
                   'fields.today.expression' = '2020-10-10 12:00:00.0', 'fields.clock.expression' = '36000000000000', \
                   'fields.a.expression' = '7', 'fields.a.length' = '3', 'fields.m.key.expression' = 'k', \
                   'fields.m.value.expression' = '1', 'fields.r.x.expression' = 'x', 'fields.r.y.z.expression' = '9', \
                   'fields.u.expression' = 'e'";
    let row = "+I[-, 42, 1.26, true, [97], 2020-10-10T00:00:05.123, 2020-10-10T00:00:05Z, 2020-10-10, 10:00, [7, 7, 7], \
               {k=1}, +I[x, +I[9]], {e=1}]";
    assert_eq!(script(1, columns, options).run("SELECT * FROM t"), [row, row]);
}

#[test]
fn elements_of_collections_may_be_rows_and_maps() {
    let columns = "a ARRAY<ROW<x INT, y STRING>>, m ARRAY<MAP<STRING, INT>>";
    let options = "'number-of-rows' = '1', 'fields.a.length' = '2', 'fields.a.x.expression' = '1', \
                   'fields.a.y.expression' = 'b', 'fields.m.length' = '1', 'fields.m.key.expression' = 'k', \
                   'fields.m.value.expression' = '5'";
    assert_eq!(script(1, columns, options).run("SELECT * FROM t"), ["+I[[+I[1, b], +I[1, b]], [{k=5}]]"]);
    let mut nested = script(1, "a ARRAY<ARRAY<INT>>", "'fields.a.expression' = '1'");
    let error = nested.try_run("SELECT * FROM t").unwrap_err();
    assert!(error.contains("'fields.a.length' would be that of both"), "{error}");
}

#[test]
fn values_depend_on_seed_row_and_field_alone() {
    let columns = "a STRING, b STRING, c INT";
    let options = "'number-of-rows' = '300', 'fields.a.expression' = '#{Name.fullName}', \
                   'fields.b.expression' = '#{regexify ''[a-z]{12}''}', 'fields.b.null-rate' = '0.2', \
                   'fields.c.expression' = '#{number.numberBetween ''0'',''1000000''}'";
    let all = script(1, columns, options).sorted("SELECT * FROM t");
    assert_eq!(script(4, columns, options).sorted("SELECT * FROM t"), all);
    let nulls = all.iter().filter(|row| row.contains(", null, ")).count();
    assert!((30..90).contains(&nulls), "{nulls}");
    let alone = script(1, columns, options).sorted("SELECT b FROM t");
    let mut cut: Vec<_> = all.iter().map(|row| format!("+I[{}]", row.split(", ").nth(1).unwrap())).collect();
    cut.sort_unstable();
    assert_eq!(alone, cut);
    assert_ne!(script(1, columns, &format!("{options}, 'seed' = '1'")).sorted("SELECT * FROM t"), all);
}

#[test]
fn mistakes_are_named() {
    let cases = [
        ("a INT", "'number-of-rows' = '1'", "Missing required options are: fields.a.expression"),
        (
            "a INT",
            "'fields.a.expression' = '#{Name.fristName}'",
            "option 'fields.a.expression': no method is called",
        ),
        ("a INT", "'fields.a.expression' = '1', 'fields.a.kind' = 'x'", "Unsupported options: fields.a.kind"),
        (
            "a INT",
            "'number-of-rows' = '1', 'fields.a.expression' = 'x1'",
            "row 0 cannot be generated: column `a`: 'fields.a.expression' made 'x1': ",
        ),
        (
            "a ROW<b TINYINT>",
            "'number-of-rows' = '1', 'fields.a.b.expression' = '300'",
            "row 0 cannot be generated: column `a.b`: 300 is out of the range of TINYINT",
        ),
    ];
    for (columns, options, expected) in cases {
        let error = script(1, columns, options).try_run("SELECT * FROM t").unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
}
