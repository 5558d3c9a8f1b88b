//! Nanoseconds a row of functions that Nexmark's queries call, each beside a plain loop over the same 4,096 values.
//!
//! `cargo bench -p millstream-sql --bench functions [-- filter]`. One iteration is one chunk; the throughput is in rows.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use arrow_array::{ArrayRef, Int32Array, Int64Array, StringViewArray};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use millstream_sql::eval::{Argument, Arguments, BuildContext, EvalContext, Value};
use millstream_sql::functions::scalar_function;
use millstream_sql::types::{Field, SqlType};
use regex::Regex;

const ROWS: usize = 4_096;

/// Evaluates a function over its columns.
fn call(name: &str, arguments: &[(SqlType, Value)], result: SqlType) -> impl Fn() -> ArrayRef + use<> {
    let known = arguments.iter().map(|(data_type, value)| Argument {
        field: Field::required(data_type.clone()),
        constant: value.is_scalar().then(|| value.array().clone()),
    });
    let function = scalar_function(name).unwrap_or_else(|| unreachable!("{name} is a function"));
    let kernel =
        (function.build)(&known.collect::<Vec<_>>(), &Field::nullable(result), &BuildContext::default());
    let kernel = kernel.unwrap_or_else(|error| unreachable!("{error}"));
    let values: Vec<_> = arguments.iter().map(|(_, value)| value.clone()).collect();
    move || {
        let value = kernel.evaluate(&Arguments::new(&values, ROWS), &EvalContext::default());
        value.and_then(|value| value.into_array(ROWS)).unwrap_or_else(|error| unreachable!("{error}"))
    }
}

fn text(value: &str) -> (SqlType, Value) {
    (SqlType::STRING, Value::Scalar(Arc::new(StringViewArray::from(vec![value]))))
}

fn int(value: i32) -> (SqlType, Value) {
    (SqlType::Int, Value::Scalar(Arc::new(Int32Array::from(vec![value]))))
}

fn texts(values: &[String]) -> (SqlType, Value) {
    (
        SqlType::STRING,
        Value::Array(Arc::new(values.iter().map(String::as_str).map(Some).collect::<StringViewArray>())),
    )
}

/// The URLs of Nexmark's bids: half of them name their channel.
fn urls() -> Vec<String> {
    let url = |row: usize| {
        let path = ["abc", "defg", "hijkl"].map(|part| format!("{part}{}", row * 7919 % 1000)).join("/");
        let channel = if row.is_multiple_of(2) {
            format!("&channel_id={}", row * 104_729 % 10_000_000)
        } else {
            String::new()
        };
        format!("https://www.nexmark.com/{path}/item.htm?query=1{channel}")
    };
    (0..ROWS).map(url).collect()
}

fn channels() -> Vec<String> {
    let names = ["Google", "Facebook", "Baidu", "Apple"];
    let name = |row: usize| match names.get(row % 5) {
        Some(name) => (*name).to_owned(),
        None => format!("channel-{}", row * 7919 % 10_000),
    };
    (0..ROWS).map(name).collect()
}

fn functions(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("functions");
    group.throughput(Throughput::Elements(ROWS as u64)).measurement_time(Duration::from_secs(2));
    let (urls, channels) = (urls(), channels());

    let lower = call("LOWER", &[texts(&channels)], SqlType::STRING);
    group.bench_function("LOWER", |bencher| bencher.iter(&lower));
    group.bench_function("LOWER, plain loop", |bencher| {
        bencher.iter(|| channels.iter().map(|text| Some(text.to_lowercase())).collect::<StringViewArray>());
    });

    const PATTERN: &str = "(&|^)channel_id=([^&]*)";
    let extract = call("REGEXP_EXTRACT", &[texts(&urls), text(PATTERN), int(2)], SqlType::STRING);
    group.bench_function("REGEXP_EXTRACT", |bencher| bencher.iter(&extract));
    let regex = Regex::new(PATTERN).unwrap_or_else(|error| unreachable!("{error}"));
    group.bench_function("REGEXP_EXTRACT, plain loop", |bencher| {
        bencher.iter(|| {
            let found = urls.iter().map(|url| Some(regex.captures(url)?.get(2)?.as_str()));
            found.collect::<StringViewArray>()
        });
    });

    let split = call("SPLIT_INDEX", &[texts(&urls), text("/"), int(4)], SqlType::STRING);
    group.bench_function("SPLIT_INDEX", |bencher| bencher.iter(&split));
    group.bench_function("SPLIT_INDEX, plain loop", |bencher| {
        bencher.iter(|| urls.iter().map(|url| url.split('/').nth(4)).collect::<StringViewArray>());
    });

    for (pattern, what) in [("%channel_id=%", "inside"), ("https://%&channel_id=1%", "two parts")] {
        let like = call("LIKE", &[texts(&urls), text(pattern)], SqlType::Boolean);
        group.bench_function(format!("LIKE {what}"), |bencher| bencher.iter(&like));
    }
    let like = Regex::new("^(?s:.*)channel_id=(?s:.*)$").unwrap_or_else(|error| unreachable!("{error}"));
    group.bench_function("LIKE inside, plain loop of a regular expression", |bencher| {
        bencher
            .iter(|| urls.iter().map(|url| Some(like.is_match(url))).collect::<arrow_array::BooleanArray>());
    });

    let numbers: Vec<i64> = (0..ROWS as i64).map(|row| row * 7919).collect();
    let column = (SqlType::BigInt, Value::Array(Arc::new(Int64Array::from(numbers.clone()))));
    let constant =
        |value: i64| (SqlType::BigInt, Value::Scalar(Arc::new(Int64Array::from(vec![value])) as ArrayRef));
    let remainder = call("MOD", &[column.clone(), constant(123)], SqlType::BigInt);
    group.bench_function("MOD", |bencher| bencher.iter(&remainder));
    group.bench_function("MOD, plain loop", |bencher| {
        let divisor = black_box(123);
        bencher.iter(|| numbers.iter().map(|number| number % divisor).collect::<Vec<_>>());
    });
    let less = call("<", &[column.clone(), constant(1 << 20)], SqlType::Boolean);
    group.bench_function("<", |bencher| bencher.iter(&less));
    group.bench_function("<, plain loop", |bencher| {
        let bound = black_box(1 << 20);
        bencher.iter(|| numbers.iter().map(|number| *number < bound).collect::<Vec<_>>());
    });
    let list: Vec<_> = std::iter::once(column).chain((0..20).map(|value| constant(value * 7919))).collect();
    let within = call("IN", &list, SqlType::Boolean);
    group.bench_function("IN 20 constants", |bencher| bencher.iter(&within));
    let members: Vec<i64> = (0..20).map(|value| value * 7919).collect();
    group.bench_function("IN 20 constants, plain loop", |bencher| {
        bencher.iter(|| numbers.iter().map(|number| members.contains(number)).collect::<Vec<_>>());
    });

    let count = call("CHAR_LENGTH", &[texts(&urls)], SqlType::Int);
    group.bench_function("CHAR_LENGTH", |bencher| bencher.iter(&count));
    group.bench_function("CHAR_LENGTH, plain loop", |bencher| {
        bencher.iter(|| urls.iter().map(|url| url.chars().count()).collect::<Vec<_>>());
    });
    let value = call(
        "JSON_VALUE",
        &[
            texts(
                &(0..ROWS)
                    .map(|row| format!(r#"{{"user":{{"id":{row},"name":"n{row}"}},"tags":[1,2,3]}}"#))
                    .collect::<Vec<_>>(),
            ),
            text("$.user.name"),
            text("NULL"),
            text(""),
            text("NULL"),
            text(""),
        ],
        SqlType::STRING,
    );
    group.bench_function("JSON_VALUE", |bencher| bencher.iter(&value));
    group.finish();
}

criterion_group!(benches, functions);
criterion_main!(benches);
