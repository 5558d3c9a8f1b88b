//! Fields that a message does not have, and fields that it has several times.

use super::*;

/// What is read of an empty message: without `read-default-values`, and with.
#[test]
fn fields_that_are_not_there_are_null_or_have_their_default_values() {
    let inner = row(&[("n", SqlType::Int), ("m", SqlType::Int)]);
    let cases = [
        ("proto2", "optional int32 v = 1;", SqlType::Int, "null", "0"),
        ("proto2", "optional int32 v = 1 [default = -7];", SqlType::Int, "null", "-7"),
        ("proto2", "optional sint64 v = 1 [default = -7];", SqlType::BigInt, "null", "-7"),
        ("proto2", "optional double v = 1 [default = 1.5];", SqlType::Double, "null", "1.5"),
        ("proto2", "optional string v = 1 [default = \"x\"];", SqlType::STRING, "null", "x"),
        ("proto2", "optional bytes v = 1 [default = \"\\001\"];", SqlType::BYTES, "null", "[1]"),
        ("proto2", "optional E v = 1;", SqlType::STRING, "null", "A"),
        ("proto2", "optional E v = 1 [default = B];", SqlType::STRING, "null", "B"),
        ("proto2", "required int32 v = 1;", SqlType::Int, "null", "0"),
        ("proto2", "optional I v = 1;", inner.clone(), "null", "+I[0, 5]"),
        ("proto2", "repeated int32 v = 1;", array(SqlType::Int), "null", "[]"),
        ("proto2", "map<int32, int32> v = 1;", map(SqlType::Int, SqlType::Int), "null", "{}"),
        ("proto2", "oneof o { int32 v = 1; }", SqlType::Int, "null", "0"),
        ("proto3", "int32 v = 1;", SqlType::Int, "0", "0"),
        ("proto3", "string v = 1;", SqlType::STRING, "", ""),
        ("proto3", "bool v = 1;", SqlType::Boolean, "false", "false"),
        ("proto3", "E v = 1;", SqlType::STRING, "A", "A"),
        ("proto3", "optional int32 v = 1;", SqlType::Int, "null", "0"),
        ("proto3", "repeated int32 v = 1;", array(SqlType::Int), "null", "[]"),
        ("proto3", "google.protobuf.Int32Value v = 1;", row(&[("value", SqlType::Int)]), "null", "+I[0]"),
        ("proto3", "oneof o { int32 v = 1; }", SqlType::Int, "null", "0"),
    ];
    for (syntax, declared, data_type, absent, default) in cases {
        let inner = if syntax == "proto2" {
            "message I { optional int32 n = 1; optional int32 m = 2 [default = 5]; }"
        } else {
            ""
        };
        let proto = Proto::new(&format!(
            "syntax = \"{syntax}\"; import \"google/protobuf/wrappers.proto\";
             enum E {{ A = 0; B = 1; }} {inner} message M {{ {declared} }}"
        ));
        let columns = schema([("v", data_type)]);
        for (flag, expected) in [("false", absent), ("true", default)] {
            let format = proto.format("M", &[("protobuf.read-default-values", flag)], &columns).unwrap();
            assert_eq!(
                printed(&format, &columns, b""),
                Ok(format!("+I[{expected}]")),
                "{syntax}: {declared}"
            );
        }
    }
}

#[test]
fn columns_that_are_not_null_have_elements_or_are_errors() {
    let proto = Proto::new("syntax = \"proto2\"; message M { optional int32 a = 1; repeated int32 b = 2; }");
    let columns: Schema = [
        NamedField::new("b", Field::required(array(SqlType::Int))),
        NamedField::new("a", Field::required(SqlType::Int)),
    ]
    .into_iter()
    .collect();
    let format = proto.format("M", &[], &columns).unwrap();
    assert_eq!(printed(&format, &columns, &proto.write("M", "a: 1")), Ok("+I[[], 1]".to_owned()));
    let error = printed(&format, &columns, &proto.write("M", "b: 1")).unwrap_err();
    assert_eq!(error, "column `a`: NULL, but it is INT NOT NULL");
}

/// Messages one behind the other are one message.
#[test]
fn the_last_value_counts_and_messages_are_merged() {
    let proto = Proto::new(
        "syntax = \"proto3\"; message I { int32 n = 1; repeated int32 r = 2; optional I i = 3; }
         message M { int32 a = 1; I b = 2; repeated int32 c = 3; repeated int32 d = 4 [packed = false]; map<int32, I> e = 5;
                     oneof o { int32 f = 6; I g = 7; string h = 8; } }",
    );
    let deep = row(&[("n", SqlType::Int)]);
    let inner = row(&[("n", SqlType::Int), ("r", array(SqlType::Int)), ("i", deep)]);
    let columns = schema([
        ("a", SqlType::Int),
        ("b", inner.clone()),
        ("c", array(SqlType::Int)),
        ("d", array(SqlType::Int)),
        ("e", map(SqlType::Int, inner.clone())),
        ("f", SqlType::Int),
        ("g", inner),
    ]);
    let format = proto.format("M", &[], &columns).unwrap();
    let cases = [
        ("a: 1", "a: 2", "+I[2, null, null, null, null, null, null]"),
        (
            "b { n: 1 r: 1 i { n: 5 } }",
            "b { r: [2, 3] i { r: 1 } }",
            "+I[0, +I[1, [1, 2, 3], +I[5]], null, null, null, null, null]",
        ),
        ("c: 1 d: [1, 2]", "c: [2, 3] d: 3", "+I[0, null, [1, 2, 3], [1, 2, 3], null, null, null]"),
        (
            "e { key: 1 value { n: 1 } } e { key: 2 }",
            "e { key: 1 value { r: 1 } }",
            "+I[0, null, null, null, {2=+I[0, null, null], 1=+I[0, [1], null]}, null, null]",
        ),
        ("f: 1", "g { n: 2 }", "+I[0, null, null, null, null, null, +I[2, null, null]]"),
        ("g { n: 2 }", "g { r: 1 }", "+I[0, null, null, null, null, null, +I[2, [1], null]]"),
        ("g { n: 2 }", "f: 0", "+I[0, null, null, null, null, 0, null]"),
        // Nobody reads `h`, but it replaces the others.
        ("f: 1", "h: \"\"", "+I[0, null, null, null, null, null, null]"),
    ];
    for (first, second, expected) in cases {
        let both = [proto.write("M", first), proto.write("M", second)].concat();
        assert_eq!(printed(&format, &columns, &both), Ok(expected.to_owned()), "{first}, {second}");
    }
    // A message in a oneof that another member came after begins anew.
    let parts = ["g { n: 2 }", "f: 1", "g { r: 1 }"].map(|text| proto.write("M", text));
    let read = printed(&format, &columns, &parts.concat());
    assert_eq!(read, Ok("+I[0, null, null, null, null, null, +I[0, [1], null]]".to_owned()));
}

#[test]
fn elements_are_read_packed_or_not_however_they_are_declared() {
    let text = |packed: &str, name: &str| {
        format!("message {name} {{ repeated fixed32 v = 1 [packed = {packed}]; }}")
    };
    let proto = Proto::new(&format!("syntax = \"proto3\"; {} {}", text("true", "P"), text("false", "U")));
    let columns = schema([("v", array(SqlType::Int))]);
    for name in ["P", "U"] {
        let format = proto.format(name, &[], &columns).unwrap();
        let mixed = [proto.write("U", "v: [1, 2]"), proto.write("P", "v: [3, 4]"), proto.write("U", "v: 5")];
        assert_eq!(printed(&format, &columns, &mixed.concat()), Ok("+I[[1, 2, 3, 4, 5]]".to_owned()));
        // Packed elements of which there are none.
        assert_eq!(printed(&format, &columns, &[0x0a, 0]), Ok("+I[null]".to_owned()));
        let read = rows(&format, &columns, &[mixed.concat()]).unwrap();
        assert_eq!(written(&format, &columns, &read, 0).unwrap(), proto.write(name, "v: [1, 2, 3, 4, 5]"));
    }
}

/// In proto2 a number without a name is as if it were not there; in proto3 it is a value.
#[test]
fn enums_are_open_or_closed() {
    let declared = "E a = 1; repeated E b = 2; map<int32, E> c = 3; repeated E d = 4 [packed = true];";
    let proto2 = declared.replace("E a", "optional E a");
    for (syntax, declared, texts, numbers) in [
        ("proto2", &*proto2, "+I[B, [A, B], {2=B}, null]", "+I[1, [0, 1], {2=1}, null]"),
        (
            "proto3",
            declared,
            "+I[UNRECOGNIZED, [A, UNRECOGNIZED, B], {1=UNRECOGNIZED, 2=B}, [UNRECOGNIZED]]",
            "+I[9, [0, 9, 1], {1=9, 2=1}, [9]]",
        ),
    ] {
        let proto = Proto::new(&format!(
            "syntax = \"{syntax}\"; enum E {{ A = 0; B = 1; }} message M {{ {declared} }}"
        ));
        let message = [8, 1, 8, 9, 16, 0, 16, 9, 16, 1, 26, 4, 8, 1, 16, 9, 26, 4, 8, 2, 16, 1, 34, 1, 9];
        for (value, expected) in [(SqlType::STRING, texts), (SqlType::Int, numbers)] {
            let columns = schema([
                ("a", value.clone()),
                ("b", array(value.clone())),
                ("c", map(SqlType::Int, value.clone())),
                ("d", array(value)),
            ]);
            let format = proto.format("M", &[], &columns).unwrap();
            assert_eq!(printed(&format, &columns, &message), Ok(expected.to_owned()), "{syntax}");
        }
    }
}

#[test]
fn of_a_oneof_the_last_column_is_written_that_is_not_null() {
    let proto = Proto::new(
        "syntax = \"proto3\"; message M { oneof o { int32 a = 1; string b = 2; int64 c = 3; } int32 d = 4; }",
    );
    let columns = schema([("c", SqlType::BigInt), ("a", SqlType::Int), ("b", SqlType::STRING)]);
    let format = proto.format("M", &[], &columns).unwrap();
    let cases = [
        (r#"{"a": 1, "b": "x", "c": 2}"#, "b:\"x\""),
        (r#"{"a": 0, "c": 2}"#, "a:0"),
        (r#"{"c": 0}"#, "c:0"),
        ("{}", ""),
    ];
    for (json, expected) in cases {
        let message = written(&format, &columns, &row_of(&columns, json), 0).unwrap();
        assert_eq!(proto.read("M", &message), expected, "{json}");
    }
}

/// Without presence a default value is left out, as by Java, for which -0.0 is none.
#[test]
fn default_values_are_written_where_fields_have_presence() {
    let proto = Proto::new(
        "syntax = \"proto3\"; message M { int32 a = 1; optional int32 b = 2; double c = 3; string d = 4; optional string e = 5; }",
    );
    let columns = schema([
        ("a", SqlType::Int),
        ("b", SqlType::Int),
        ("c", SqlType::Double),
        ("d", SqlType::STRING),
        ("e", SqlType::STRING),
    ]);
    let format = proto.format("M", &[], &columns).unwrap();
    let cases = [
        (r#"{"a": 0, "b": 0, "c": 0.0, "d": "", "e": ""}"#, "b:0,e:\"\""),
        (r#"{"a": 1, "b": null, "c": 1.5, "d": "x", "e": null}"#, "a:1,c:1.5,d:\"x\""),
    ];
    for (json, expected) in cases {
        let message = written(&format, &columns, &row_of(&columns, json), 0).unwrap();
        assert_eq!(proto.read("M", &message), expected, "{json}");
    }
    let message = written(&format, &columns, &row_of(&columns, r#"{"c": -0.0}"#), 0).unwrap();
    assert_eq!(printed(&format, &columns, &message), Ok("+I[0, null, -0.0, , null]".to_owned()));
}
