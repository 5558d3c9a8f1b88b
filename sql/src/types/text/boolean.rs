//! BOOLEAN as text.

/// SQL text: `TRUE` or `FALSE`. Row text is Rust's own (`true`).
pub fn write_boolean(value: bool, out: &mut String) {
    out.push_str(if value { "TRUE" } else { "FALSE" });
}

/// Reads what a cast to BOOLEAN takes: `t`, `true`, `y`, `yes`, `1` and their opposites, in any case, without blanks
/// around it. Follows Flink's `BinaryStringDataUtil.toBoolean`.
///
/// ```
/// use millstream_sql::types::text::boolean::parse_boolean;
///
/// assert_eq!((parse_boolean("Yes"), parse_boolean("0"), parse_boolean("on")), (Some(true), Some(false), None));
/// ```
pub fn parse_boolean(text: &str) -> Option<bool> {
    let is_any_of = |words: [&str; 5]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    if is_any_of(["t", "true", "y", "yes", "1"]) {
        Some(true)
    } else if is_any_of(["f", "false", "n", "no", "0"]) {
        Some(false)
    } else {
        None
    }
}
