//! Options and columns that are wrong, and bytes that are no messages.

use super::*;

const FILE: &str = "syntax = \"proto2\"; package p; import \"google/protobuf/timestamp.proto\";
    enum E { A = 0; }
    message Order {
      optional int32 id = 1; optional uint32 u = 2; optional uint64 w = 3; repeated string tags = 4; map<string, int64> counts = 5;
      optional E kind = 6; optional google.protobuf.Timestamp at = 7; optional Part part = 8; optional bool ok = 9;
      message Part { optional Part part = 1; optional double x = 2; }
    }
    message Strict { required int32 id = 1; optional int32 n = 2; repeated Strict parts = 3; }";

#[test]
fn columns_that_do_not_fit_are_refused_and_say_what_to_declare() {
    let proto = Proto::new(FILE);
    let cases = [
        ("none", SqlType::Int, "column `none`: message p.Order has no field of that name"),
        (
            "id",
            SqlType::SmallInt,
            "column `id`: it is SMALLINT, and the field is int32 in message p.Order: declare INT",
        ),
        ("id", SqlType::STRING, "declare INT"),
        ("u", SqlType::STRING, "declare INT, or BIGINT for numbers above 2147483647"),
        (
            "w",
            SqlType::Decimal(19, 0),
            "declare BIGINT, or DECIMAL(20, 0) for numbers above 9223372036854775807",
        ),
        ("tags", SqlType::STRING, "the field is repeated string in message p.Order: declare ARRAY<STRING>"),
        ("tags", array(SqlType::Int), "declare ARRAY<STRING>"),
        (
            "tags",
            SqlType::Multiset(Arc::new(Field::nullable(SqlType::STRING))),
            "it is MULTISET<STRING>, and the field is repeated string in message p.Order: declare ARRAY<STRING>",
        ),
        (
            "counts",
            array(SqlType::BigInt),
            "the field is map<string, int64> in message p.Order: declare MAP<STRING, BIGINT>",
        ),
        ("counts", map(SqlType::STRING, SqlType::Int), "declare MAP<STRING, BIGINT>"),
        (
            "kind",
            SqlType::Boolean,
            "the field is enum p.E in message p.Order: declare STRING, or INT for the numbers of the enum",
        ),
        ("at", instant(3), "declare ROW<`seconds` BIGINT, `nanos` INT>"),
        ("part", SqlType::Double, "declare ROW<`part` ROW<…>, `x` DOUBLE>"),
        (
            "part",
            row(&[("part", row(&[("x", SqlType::Float)]))]),
            "column `part.part.x`: it is FLOAT, and the field is double in message p.Order.Part: declare DOUBLE",
        ),
        (
            "part",
            row(&[("y", SqlType::Int)]),
            "column `part.y`: message p.Order.Part has no field of that name",
        ),
        ("ok", SqlType::Int, "declare BOOLEAN"),
    ];
    for (name, data_type, expected) in cases {
        let error = proto.format("p.Order", &[], &schema([(name, data_type)])).unwrap_err();
        assert!(error.message().contains(expected), "{}", error.message());
    }
}

#[test]
fn options_that_are_wrong_are_refused() {
    let proto = Proto::new(FILE);
    let columns = schema([("id", SqlType::Int)]);
    let path = proto.path();
    let (file, name) =
        (("protobuf.schema-file", path.to_str().unwrap()), ("protobuf.message-class-name", "p.Order"));
    let cases: [(&[(&str, &str)], &str); 7] = [
        (&[], "Missing required options are: protobuf.message-class-name, protobuf.schema-file"),
        (&[name], "Missing required options are: protobuf.schema-file"),
        (&[file], "Missing required options are: protobuf.message-class-name"),
        (
            &[name, ("protobuf.schema-file", "no/such.proto")],
            "Invalid value 'no/such.proto' for option 'protobuf.schema-file': it cannot be read: No such file",
        ),
        (
            &[file, ("protobuf.message-class-name", "Order")],
            "Invalid value 'Order' for option 'protobuf.message-class-name': there is no message 'Order'; there are: p.Order,",
        ),
        (&[file, name, ("protobuf.read-default-values", "maybe")], "protobuf.read-default-values"),
        (&[file, name, ("protobuf.other", "1")], "Unsupported options: protobuf.other"),
    ];
    for (options, expected) in cases {
        let error = format("protobuf", options, &columns).unwrap_err();
        assert!(error.message().contains(expected), "{}", error.message());
    }
    let lenient = proto.format("p.Order", &[("protobuf.ignore-parse-errors", "true")], &columns).unwrap();
    assert!(lenient.ignores_parse_errors());
    // A message may have itself as a part, as `p.Order.Part` has.
    let part = proto.format("p.Order.Part", &[], &schema([("x", SqlType::Double)])).unwrap();
    assert!(format!("{part:?}").contains("Message(\"p.Order.Part\")"));
    assert!(!proto.format("p.Order", &[], &columns).unwrap().ignores_parse_errors());
}

#[test]
fn required_fields_are_demanded_where_rows_are_written() {
    let proto = Proto::new(FILE);
    let part = |name| array(row(&[(name, SqlType::Int)]));
    let cases = [
        (schema([("n", SqlType::Int)]), "field `id` is required in message p.Strict"),
        (schema([("id", SqlType::Int), ("parts", part("n"))]), "field `id` is required in message p.Strict"),
    ];
    for (columns, expected) in cases {
        let format = proto.format("p.Strict", &[], &columns).unwrap();
        let error = format.encoder(&columns).err().unwrap();
        assert!(error.message().contains(expected), "{}", error.message());
        assert!(printed(&format, &columns, &proto.write("p.Strict", "id: 1")).is_ok());
    }
    let columns = schema([("id", SqlType::Int), ("parts", part("id"))]);
    let format = proto.format("p.Strict", &[], &columns).unwrap();
    for (json, expected) in [
        ("{}", "column `id`: it is NULL, and the field is required in message p.Strict"),
        (r#"{"id": 1, "parts": [{}]}"#, "column `parts`: column `id`: it is NULL"),
    ] {
        let error = written(&format, &columns, &row_of(&columns, json), 0).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn numbers_are_written_that_their_field_has_room_for() {
    let proto = Proto::new(FILE);
    let columns = schema([("id", SqlType::BigInt), ("u", SqlType::BigInt), ("w", SqlType::Decimal(20, 0))]);
    let format = proto.format("p.Order", &[], &columns).unwrap();
    let cases = [
        (
            r#"{"u": 4294967295, "w": 18446744073709551615}"#,
            Ok("u:4294967295,w:18446744073709551615".to_owned()),
        ),
        (
            r#"{"u": 4294967296}"#,
            Err("column `u`: 4294967296 is no number of 32 bits without a sign".to_owned()),
        ),
        (r#"{"u": -1}"#, Err("column `u`: -1 is no number of 32 bits without a sign".to_owned())),
        (r#"{"id": -2147483648}"#, Ok("id:-2147483648".to_owned())),
        (r#"{"id": 2147483648}"#, Err("column `id`: 2147483648 has more than 32 bits".to_owned())),
        (r#"{"w": -1}"#, Err("column `w`: -1 is no number of 64 bits without a sign".to_owned())),
    ];
    for (json, expected) in cases {
        let message = written(&format, &columns, &row_of(&columns, json), 0);
        assert_eq!(message.map(|message| proto.read("p.Order", &message)), expected, "{json}");
    }
}

#[test]
fn bytes_that_are_no_message_say_why() {
    let proto = Proto::new(FILE);
    let columns = schema([
        ("id", SqlType::Int),
        ("tags", array(SqlType::STRING)),
        ("part", row(&[("x", SqlType::Double)])),
    ]);
    let format = proto.format("p.Order", &[], &columns).unwrap();
    let cases: [(&[u8], &str); 13] = [
        (&[0x00], "there is no field at byte 0: the bytes are no message of Protobuf"),
        (&[0x08, 1, 0x0f], "there is no field at byte 2"),
        (&[0x08], "the bytes end at 1, where a number is expected"),
        (&[0x08, 0x80], "the bytes end at 2, where a number is expected"),
        (
            &[0x08, 255, 255, 255, 255, 255, 255, 255, 255, 255, 2],
            "the number at byte 1 has more than 64 bits",
        ),
        (&[0x22, 5, b'a'], "field 4 has 5 bytes from byte 2 on, and the bytes end at 3"),
        (&[0x22, 1, 0xff], "column `tags[1]`: the text is not UTF-8"),
        (&[0x22, 1, b'a', 0x22, 1, 0xff], "column `tags[2]`: the text is not UTF-8"),
        (
            &[0x0d, 1, 0, 0, 0],
            "column `id`: field 1 is 32 bits, and in p.Order it is a varint: the message was written with another schema",
        ),
        (&[0x42, 2, 0x10, 1], "column `part.x`: field 2 is a varint, and in p.Order.Part it is 64 bits"),
        (&[0x42, 2, 0x11, 1], "column `part`: the bytes end at 4, where a number is expected"),
        (&[0x7c], "a group 15 ends that has not begun"),
        (&[0x7b, 0x08, 1], "the bytes end at 3, where the end of group 15 is expected"),
    ];
    for (message, expected) in cases {
        let error = printed(&format, &columns, message).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
    // Groups in groups do not exhaust the stack.
    let error = printed(&format, &columns, &[0x7b; 100_000]).unwrap_err();
    assert!(error.contains("groups are in each other more than 100 times"), "{error}");
}
