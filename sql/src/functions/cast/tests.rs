use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{Array, ArrayRef, Int32Array, ListArray, StringViewArray, StructArray, new_null_array};
use arrow_buffer::{NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::DataType;

use super::*;
use crate::types::NamedField;

fn evaluate(function: &ScalarFunction, column: &ArrayRef, from: SqlType, to: SqlType) -> Result<ArrayRef> {
    let argument = Argument { field: Field::nullable(from), constant: None };
    let kernel = (function.build)(&[argument], &Field::nullable(to), &BuildContext::default()).unwrap();
    let values = [crate::eval::Value::Array(column.clone())];
    let arguments = crate::eval::Arguments::new(&values, column.len());
    kernel.evaluate(&arguments, &Default::default())?.into_array(column.len())
}

fn shown(column: &ArrayRef, data_type: &SqlType) -> Vec<String> {
    let show = |row| {
        let mut text = String::new();
        write_cast_text(column, row, data_type, &Zone::UTC, &mut text);
        text
    };
    (0..column.len()).map(show).collect()
}

fn texts(values: &[Option<&str>]) -> ArrayRef {
    Arc::new(values.iter().collect::<StringViewArray>())
}

fn array_of(data_type: SqlType) -> SqlType {
    SqlType::Array(Arc::new(Field::nullable(data_type)))
}

/// `['1', NULL]`, NULL over a hidden 'x', `[]`, `['7']`.
fn lists(last: &str) -> ArrayRef {
    let DataType::List(field) = array_of(SqlType::STRING).arrow() else { panic!("a list") };
    let values = texts(&[Some("1"), None, Some("x"), Some(last)]);
    let offsets = OffsetBuffer::new(ScalarBuffer::from(vec![0, 2, 3, 3, 4]));
    let nulls = NullBuffer::from(vec![true, false, true, true]);
    Arc::new(ListArray::try_new(field, offsets, values, Some(nulls)).unwrap())
}

#[test]
fn try_cast_makes_null_of_the_rows_that_fail_alone() {
    let column = texts(&[Some("1"), Some("x"), None, Some("3")]);
    let result = evaluate(&TRY_CAST, &column, SqlType::STRING, SqlType::Int).unwrap();
    assert_eq!(result.as_ref(), &Int32Array::from(vec![Some(1), None, None, Some(3)]) as &dyn Array);
    let error = evaluate(&CAST, &column, SqlType::STRING, SqlType::Int).unwrap_err();
    assert!(error.to_string().contains("For input string: 'x'"), "{error}");
}

#[test]
fn elements_are_cast_and_what_a_null_hides_is_not() {
    let result = evaluate(&CAST, &lists("7"), array_of(SqlType::STRING), array_of(SqlType::Int)).unwrap();
    assert_eq!(shown(&result, &array_of(SqlType::Int)), ["[1, NULL]", "NULL", "[]", "[7]"]);
    // The bad value is outside of the slice.
    let slice = lists("y").slice(0, 3);
    let result = evaluate(&CAST, &slice, array_of(SqlType::STRING), array_of(SqlType::Int)).unwrap();
    assert_eq!(shown(&result, &array_of(SqlType::Int)), ["[1, NULL]", "NULL", "[]"]);
}

#[test]
fn an_element_that_fails_makes_the_whole_array_null_in_try_cast() {
    let (from, to) = (array_of(SqlType::STRING), array_of(SqlType::Int));
    assert!(evaluate(&CAST, &lists("y"), from.clone(), to.clone()).is_err());
    let result = evaluate(&TRY_CAST, &lists("y"), from.clone(), to.clone()).unwrap();
    assert_eq!(shown(&result, &to), ["[1, NULL]", "NULL", "[]", "NULL"]);
    let all_bad = lists("y").slice(3, 1);
    let result = evaluate(&TRY_CAST, &all_bad, from, to.clone()).unwrap();
    assert_eq!((result.data_type(), shown(&result, &to)), (&to.arrow(), vec!["NULL".to_owned()]));
}

#[test]
fn rows_are_cast_field_by_field() {
    let row = |a: SqlType, b: SqlType| {
        let field = |name: &str, data_type| NamedField::new(name, Field::nullable(data_type));
        SqlType::Row(vec![field("a", a), field("b", b)].into())
    };
    let (from, to) = (row(SqlType::Int, SqlType::STRING), row(SqlType::STRING, SqlType::Int));
    let DataType::Struct(fields) = from.arrow() else { panic!("a struct") };
    let numbers: ArrayRef = Arc::new(Int32Array::from(vec![1, 2, 3]));
    let columns = vec![numbers, texts(&[Some("4"), Some("x"), None])];
    let nulls = NullBuffer::from(vec![true, false, true]);
    let column: ArrayRef = Arc::new(StructArray::try_new(fields, columns, Some(nulls)).unwrap());
    let result = evaluate(&CAST, &column, from.clone(), to.clone()).unwrap();
    assert_eq!(result.data_type(), &to.arrow());
    assert_eq!(shown(&result, &to), ["(1, 4)", "NULL", "(3, NULL)"]);
    let text = evaluate(&CAST, &column, from, SqlType::VarChar(4)).unwrap();
    assert_eq!(shown(&text, &SqlType::VarChar(4)), ["(1, ", "NULL", "(3, "]);
}

#[test]
fn maps_are_cast_by_keys_and_values() {
    let map = |key, value| SqlType::Map(Arc::new(Field::required(key)), Arc::new(Field::nullable(value)));
    let (from, to) = (map(SqlType::STRING, SqlType::Int), map(SqlType::BigInt, SqlType::STRING));
    let mut builder = arrow_array::builder::MapBuilder::new(
        None,
        arrow_array::builder::StringViewBuilder::new(),
        arrow_array::builder::PrimitiveBuilder::<Int32Type>::new(),
    );
    builder.keys().append_value("5");
    builder.values().append_value(6);
    builder.append(true).unwrap();
    builder.append(false).unwrap();
    let built = builder.finish();
    let DataType::Map(field, _) = from.arrow() else { panic!("a map") };
    let DataType::Struct(fields) = field.data_type() else { panic!("entries") };
    let entries = StructArray::try_new(fields.clone(), built.entries().columns().to_vec(), None).unwrap();
    let column = arrow_array::MapArray::try_new(
        field,
        built.offsets().clone(),
        entries,
        built.nulls().cloned(),
        false,
    );
    let column: ArrayRef = Arc::new(column.unwrap());
    let result = evaluate(&CAST, &column, from, to.clone()).unwrap();
    assert_eq!(
        (result.data_type(), shown(&result, &to)),
        (&to.arrow(), vec!["{5=6}".to_owned(), "NULL".to_owned()])
    );
}

#[test]
fn nanoseconds_out_of_range_fail_or_are_null() {
    let (from, to) = (SqlType::Timestamp(3, Default::default()), SqlType::Timestamp(9, Default::default()));
    let column: ArrayRef = Arc::new(arrow_array::TimestampMillisecondArray::from(vec![1, i64::MAX / 1_000]));
    assert!(evaluate(&CAST, &column, from.clone(), to.clone()).is_err());
    let result = evaluate(&TRY_CAST, &column, from, to.clone()).unwrap();
    assert_eq!(shown(&result, &to), ["1970-01-01 00:00:00.001000000", "NULL"]);
}

#[test]
fn a_null_of_no_type_becomes_any() {
    let column = new_null_array(&DataType::Null, 2);
    let result = evaluate(&CAST, &column, SqlType::Null, array_of(SqlType::Int)).unwrap();
    assert_eq!((result.len(), result.null_count()), (2, 2));
}
