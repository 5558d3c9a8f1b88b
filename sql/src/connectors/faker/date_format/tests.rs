use super::{DateFormat, push_timestamp};

fn formatted(pattern: &str, millis: i64) -> String {
    let mut text = String::new();
    DateFormat::parse(pattern).unwrap().write(millis, &mut text);
    text
}

#[test]
fn timestamps_are_printed_as_java_prints_them() {
    // `new java.sql.Timestamp(millis).toString()` of Java 17 in UTC; before 1582 it has the Julian calendar.
    let cases = [
        (0, "1970-01-01 00:00:00.0"),
        (-1, "1969-12-31 23:59:59.999"),
        (1_764_418_129_047, "2025-11-29 12:08:49.047"),
        (1_735_603_200_000, "2024-12-31 00:00:00.0"),
        (1_703_980_799_999, "2023-12-30 23:59:59.999"),
        (1_709_164_800_120, "2024-02-29 00:00:00.12"),
        (4_102_444_800_500, "2100-01-01 00:00:00.5"),
        (951_782_400_000, "2000-02-29 00:00:00.0"),
        (-2_203_891_200_000, "1900-03-01 00:00:00.0"),
        (1_451_606_400_000, "2016-01-01 00:00:00.0"),
        (1_733_011_200_000, "2024-12-01 00:00:00.0"),
    ];
    for (millis, expected) in cases {
        let mut text = String::new();
        push_timestamp(&mut text, millis);
        assert_eq!(text, expected);
    }
}

#[test]
fn patterns_are_those_of_java() {
    // `new SimpleDateFormat(pattern, Locale.US).format(new Date(millis))` of Java 17 in UTC.
    let cases = [
        (0, "YYYY-MM-dd HH:mm:ss", "1970-01-01 00:00:00"),
        (0, "yyyy-MM-dd'T'HH:mm:ss.SSS", "1970-01-01T00:00:00.000"),
        (0, "yy/M/d h:m a", "70/1/1 12:0 AM"),
        (0, "EEE, d MMM yyyy", "Thu, 1 Jan 1970"),
        (0, "EEEE MMMM dd", "Thursday January 01"),
        (0, "K:mm k:ss u", "0:00 24:00 4"),
        (0, "''HH''''mm 'o''clock'", "'00''00 o'clock"),
        (0, "YY yyyyy S", "70 01970 0"),
        (-1, "YYYY-MM-dd HH:mm:ss", "1970-12-31 23:59:59"),
        (-1, "yyyy-MM-dd'T'HH:mm:ss.SSS", "1969-12-31T23:59:59.999"),
        (-1, "yy/M/d h:m a", "69/12/31 11:59 PM"),
        (-1, "EEE, d MMM yyyy", "Wed, 31 Dec 1969"),
        (-1, "EEEE MMMM dd", "Wednesday December 31"),
        (-1, "K:mm k:ss u", "11:59 23:59 3"),
        (-1, "''HH''''mm 'o''clock'", "'23''59 o'clock"),
        (-1, "YY yyyyy S", "70 01969 999"),
        (1_764_418_129_047, "YYYY-MM-dd HH:mm:ss", "2025-11-29 12:08:49"),
        (1_764_418_129_047, "yyyy-MM-dd'T'HH:mm:ss.SSS", "2025-11-29T12:08:49.047"),
        (1_764_418_129_047, "yy/M/d h:m a", "25/11/29 12:8 PM"),
        (1_764_418_129_047, "EEE, d MMM yyyy", "Sat, 29 Nov 2025"),
        (1_764_418_129_047, "EEEE MMMM dd", "Saturday November 29"),
        (1_764_418_129_047, "K:mm k:ss u", "0:08 12:49 6"),
        (1_764_418_129_047, "''HH''''mm 'o''clock'", "'12''08 o'clock"),
        (1_764_418_129_047, "YY yyyyy S", "25 02025 47"),
        (1_735_603_200_000, "YYYY-MM-dd HH:mm:ss", "2025-12-31 00:00:00"),
        (1_735_603_200_000, "yyyy-MM-dd'T'HH:mm:ss.SSS", "2024-12-31T00:00:00.000"),
        (1_735_603_200_000, "yy/M/d h:m a", "24/12/31 12:0 AM"),
        (1_735_603_200_000, "EEE, d MMM yyyy", "Tue, 31 Dec 2024"),
        (1_735_603_200_000, "EEEE MMMM dd", "Tuesday December 31"),
        (1_735_603_200_000, "K:mm k:ss u", "0:00 24:00 2"),
        (1_735_603_200_000, "''HH''''mm 'o''clock'", "'00''00 o'clock"),
        (1_735_603_200_000, "YY yyyyy S", "25 02024 0"),
        (1_703_980_799_999, "YYYY-MM-dd HH:mm:ss", "2023-12-30 23:59:59"),
        (1_703_980_799_999, "yyyy-MM-dd'T'HH:mm:ss.SSS", "2023-12-30T23:59:59.999"),
        (1_703_980_799_999, "yy/M/d h:m a", "23/12/30 11:59 PM"),
        (1_703_980_799_999, "EEE, d MMM yyyy", "Sat, 30 Dec 2023"),
        (1_703_980_799_999, "EEEE MMMM dd", "Saturday December 30"),
        (1_703_980_799_999, "K:mm k:ss u", "11:59 23:59 6"),
        (1_703_980_799_999, "''HH''''mm 'o''clock'", "'23''59 o'clock"),
        (1_703_980_799_999, "YY yyyyy S", "23 02023 999"),
        (1_709_164_800_120, "YYYY-MM-dd HH:mm:ss", "2024-02-29 00:00:00"),
        (1_709_164_800_120, "yyyy-MM-dd'T'HH:mm:ss.SSS", "2024-02-29T00:00:00.120"),
        (1_709_164_800_120, "yy/M/d h:m a", "24/2/29 12:0 AM"),
        (1_709_164_800_120, "EEE, d MMM yyyy", "Thu, 29 Feb 2024"),
        (1_709_164_800_120, "EEEE MMMM dd", "Thursday February 29"),
        (1_709_164_800_120, "K:mm k:ss u", "0:00 24:00 4"),
        (1_709_164_800_120, "''HH''''mm 'o''clock'", "'00''00 o'clock"),
        (1_709_164_800_120, "YY yyyyy S", "24 02024 120"),
        (1_640_390_400_000, "YYYY yyyy-MM-dd", "2021 2021-12-25"),
        (1_640_476_800_000, "YYYY yyyy-MM-dd", "2022 2021-12-26"),
        (1_640_908_800_000, "YYYY yyyy-MM-dd", "2022 2021-12-31"),
        (1_641_168_000_000, "YYYY yyyy-MM-dd", "2022 2022-01-03"),
    ];
    for (millis, pattern, expected) in cases {
        assert_eq!(formatted(pattern, millis), expected, "{pattern} of {millis}");
    }
}

#[test]
fn mistakes_have_their_place() {
    let error = |pattern| DateFormat::parse(pattern).unwrap_err();
    assert_eq!(error("HH:mm 'o").1, 6);
    assert_eq!(error("HH:mm X").1, 6);
    assert!(error("HH:mm X").0.contains("`X`"));
    assert_eq!(formatted("", 0), "");
}
