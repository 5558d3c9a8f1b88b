//! Nanoseconds a row of functions of time and of casts, each beside a plain loop over the same 4,096 values.
//!
//! `cargo bench -p millstream-sql --bench temporal [-- filter]`. One iteration is one chunk; the throughput is in rows.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use arrow_array::{Array, ArrayRef, Int64Array, StringViewArray, TimestampMillisecondArray};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use millstream_sql::eval::{Argument, Arguments, BuildContext, EvalContext, Value};
use millstream_sql::functions::{ScalarFunction, cast_function, scalar_function};
use millstream_sql::types::text::pattern::Pattern;
use millstream_sql::types::text::timestamp::parse_timestamp;
use millstream_sql::types::{Field, SqlType, TimeKind};

const ROWS: usize = 4_096;
const TIMESTAMP: SqlType = SqlType::Timestamp(3, TimeKind::Regular);
const INSTANT: SqlType = SqlType::TimestampLtz(3, TimeKind::Regular);

/// Timestamps as a stream has them: ten milliseconds apart.
fn millis() -> impl Iterator<Item = i64> + Clone {
    (0..ROWS as i64).map(|row| 1_602_338_645_123 + 10 * row)
}

/// Evaluates a function over its columns.
fn call(
    function: &ScalarFunction,
    arguments: &[(SqlType, Value)],
    result: SqlType,
    zone: &str,
) -> impl use<> + Fn() -> ArrayRef {
    let known = arguments.iter().map(|(data_type, value)| Argument {
        field: Field::required(data_type.clone()),
        constant: value.is_scalar().then(|| value.array().clone()),
    });
    let cx = BuildContext { time_zone: zone.to_owned() };
    let kernel = (function.build)(&known.collect::<Vec<_>>(), &Field::nullable(result), &cx);
    let kernel = kernel.unwrap_or_else(|error| unreachable!("{error}"));
    let values: Vec<_> = arguments.iter().map(|(_, value)| value.clone()).collect();
    move || {
        let value = kernel.evaluate(&Arguments::new(&values, ROWS), &EvalContext::default());
        value.and_then(|value| value.into_array(ROWS)).unwrap_or_else(|error| unreachable!("{error}"))
    }
}

fn named(name: &str) -> &'static ScalarFunction {
    scalar_function(name).unwrap_or_else(|| unreachable!("{name} is a function"))
}

fn text(value: &str) -> (SqlType, Value) {
    (SqlType::STRING, Value::Scalar(Arc::new(StringViewArray::from(vec![value]))))
}

fn column(values: impl Array + 'static) -> Value {
    Value::Array(Arc::new(values))
}

fn functions(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("temporal");
    group.throughput(Throughput::Elements(ROWS as u64)).measurement_time(Duration::from_secs(2));
    let times = || column(TimestampMillisecondArray::from_iter_values(millis()));

    for pattern in ["yyyy-MM-dd", "HH:mm", "yyyy-MM-dd HH:mm:ss.SSS"] {
        for (what, data_type, zone) in [("", TIMESTAMP, "UTC"), (", zone", INSTANT, "Europe/Berlin")] {
            let format =
                call(named("DATE_FORMAT"), &[(data_type, times()), text(pattern)], SqlType::STRING, zone);
            group.bench_function(format!("DATE_FORMAT {pattern}{what}"), |bencher| bencher.iter(&format));
        }
        let compiled = Pattern::compile(pattern).unwrap_or_else(|error| unreachable!("{error}"));
        group.bench_function(format!("DATE_FORMAT {pattern}, plain loop"), |bencher| {
            let mut out = String::with_capacity(ROWS * 24);
            bencher.iter(|| {
                out.clear();
                millis().for_each(|millis| compiled.format(millis, 0, &mut out));
                black_box(out.len())
            });
        });
    }

    let hour = call(named("HOUR"), &[(TIMESTAMP, times())], SqlType::BigInt, "UTC");
    group.bench_function("HOUR", |bencher| bencher.iter(&hour));
    group.bench_function("HOUR, plain loop", |bencher| {
        bencher.iter(|| millis().map(|millis| millis.rem_euclid(86_400_000) / 3_600_000).collect::<Vec<_>>());
    });

    let numbers = || column(Int64Array::from_iter_values(millis()));
    let as_text = call(cast_function(), &[(SqlType::BigInt, numbers())], SqlType::STRING, "UTC");
    group.bench_function("CAST BIGINT AS STRING", |bencher| bencher.iter(&as_text));
    group.bench_function("CAST BIGINT AS STRING, plain loop", |bencher| {
        bencher.iter(|| StringViewArray::from_iter_values(millis().map(|value| value.to_string())))
    });

    let texts = call(cast_function(), &[(TIMESTAMP, times())], SqlType::STRING, "UTC")();
    let read = call(cast_function(), &[(SqlType::STRING, Value::Array(texts.clone()))], TIMESTAMP, "UTC");
    group.bench_function("CAST STRING AS TIMESTAMP(3)", |bencher| bencher.iter(&read));
    let texts: Vec<_> = texts
        .as_any()
        .downcast_ref::<StringViewArray>()
        .into_iter()
        .flat_map(|texts| texts.iter().flatten().map(str::to_owned))
        .collect();
    group.bench_function("CAST STRING AS TIMESTAMP(3), plain loop", |bencher| {
        bencher.iter(|| texts.iter().map(|text| parse_timestamp(text, 3)).collect::<Vec<_>>())
    });
    group.finish();
}

criterion_group!(benches, functions);
criterion_main!(benches);
