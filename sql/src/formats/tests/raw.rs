use super::*;

#[test]
fn bytes_are_values() {
    let little = [("raw.endianness", "little-endian")];
    let latin = [("raw.charset", "iso-8859-1")];
    let none: [(&str, &str); 0] = [];
    type Case<'a> = (SqlType, &'a [(&'a str, &'a str)], &'a [u8], &'a str);
    let cases: [Case<'_>; 9] = [
        (SqlType::STRING, &none, "aä".as_bytes(), "aä"),
        (SqlType::STRING, &latin, b"a\xe4", "aä"),
        (SqlType::BYTES, &none, b"\x01\xff", "[1, -1]"),
        (SqlType::Boolean, &none, b"\x01", "true"),
        (SqlType::TinyInt, &none, b"\xff", "-1"),
        (SqlType::SmallInt, &none, b"\x01\x02", "258"),
        (SqlType::Int, &little, b"\x01\x02\0\0", "513"),
        (SqlType::Float, &none, b"\x3f\xc0\0\0", "1.5"),
        (SqlType::Double, &little, b"\0\0\0\0\0\0\xf8\x3f", "1.5"),
    ];
    for (data_type, options, bytes, expected) in cases {
        let columns = schema([("v", data_type.clone())]);
        let format = format("raw", options, &columns).unwrap();
        assert_eq!(read(&format, &columns, bytes), Ok(format!("+I[{expected}]")), "{data_type}");
        assert_eq!(rewritten(&format, &columns, bytes).strip_suffix(b"\n"), Some(bytes), "{data_type}");
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let columns = schema([("v", SqlType::Int)]);
    let numbers = format("raw", &[], &columns).unwrap();
    assert_eq!(read(&numbers, &columns, b"\x01"), Err("1 bytes are no INT, which has 4".to_owned()));
    let text = schema([("v", SqlType::STRING)]);
    let ascii = format("raw", &[("raw.charset", "US-ASCII")], &text).unwrap();
    assert_eq!(read(&ascii, &text, b"\xe4"), Err("the text is not ASCII".to_owned()));
    assert!(format("raw", &[], &schema([("a", SqlType::Int), ("b", SqlType::Int)])).is_err());
    assert!(format("raw", &[], &schema([("a", SqlType::Date)])).is_err());
    assert!(format("raw", &[("raw.charset", "EBCDIC")], &text).is_err());
    assert!(format("raw", &[("raw.endianness", "middle")], &text).is_err());
}

#[test]
fn what_looks_like_the_end_of_a_line_is_a_part_of_a_message() {
    let columns = schema([("v", SqlType::Int)]);
    let numbers = format("raw", &[], &columns).unwrap();
    let (mut decoder, mut rows) = (numbers.decoder(&columns, &[0]), ChunkBuilder::new(&columns));
    assert_eq!(decoder.decode(b"\0\0\x0d\x0a", &mut rows), Ok(1));
    let rows = rows.finish().unwrap();
    assert_eq!(lines(&rows, &columns), ["+I[3338]"]);
    let mut message = Vec::new();
    numbers.encoder(&columns).unwrap().encode(&rows, 0, &mut message).unwrap();
    assert_eq!(message, b"\0\0\x0d\x0a");
}
