use millstream_sql::types::text::boolean::parse_boolean;
use millstream_sql::types::text::decimal::{parse_decimal, write_decimal, write_decimal_row};
use millstream_sql::types::text::number::{
    parse_double, parse_float, parse_integer, write_double, write_float,
};

use super::{check, written};

#[test]
fn numbers_are_those_of_java_and_flink() {
    check(include_str!("numbers.tsv"), |operation, arguments| match operation {
        "double" => {
            let value = f64::from_bits(u64::from_str_radix(arguments, 16).unwrap());
            Some(written(|out| write_double(value, out)))
        }
        "float" => {
            let value = f32::from_bits(u32::from_str_radix(arguments, 16).unwrap());
            Some(written(|out| write_float(value, out)))
        }
        "tinyint" => narrow::<i8>(arguments),
        "smallint" => narrow::<i16>(arguments),
        "int" => narrow::<i32>(arguments),
        "bigint" => narrow::<i64>(arguments),
        "parse-double" => parse_double(arguments).ok().map(|value| format!("{:x}", value.to_bits())),
        "parse-float" => parse_float(arguments).ok().map(|value| format!("{:x}", value.to_bits())),
        "parse-boolean" => parse_boolean(arguments).map(|value| value.to_string()),
        "decimal" => {
            let (unscaled, scale) = arguments.split_once(' ').unwrap();
            Some(written(|out| write_decimal(unscaled.parse().unwrap(), scale.parse().unwrap(), out)))
        }
        "decimal-row" => {
            let (unscaled, scale) = arguments.split_once(' ').unwrap();
            Some(written(|out| write_decimal_row(unscaled.parse().unwrap(), scale.parse().unwrap(), out)))
        }
        "parse-decimal" => {
            let (text, ty) = arguments.split_once('|').unwrap();
            let (precision, scale) = ty.split_once(' ').unwrap();
            let value = parse_decimal(text, precision.parse().unwrap(), scale.parse().unwrap());
            value.ok().map(|value| value.to_string())
        }
        other => panic!("no operation {other}"),
    });
}

fn narrow<T: TryFrom<i64> + ToString>(text: &str) -> Option<String> {
    T::try_from(parse_integer(text).ok()?).ok().map(|value| value.to_string())
}
