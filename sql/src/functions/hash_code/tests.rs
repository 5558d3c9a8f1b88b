use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{Array, ArrayRef, Int64Array, StringViewArray};

use super::hash_code_function;
use crate::eval::{BuildContext, EvalContext, Program};
use crate::plan::Expression;
use crate::types::{Field, SqlType};

fn hash_codes(values: ArrayRef, data_type: SqlType) -> Vec<Option<i32>> {
    let column = Expression::column(0, Field::nullable(data_type));
    let call = hash_code_function().call(vec![column]).unwrap();
    let program = Program::compile([&call], &BuildContext::default()).unwrap();
    let rows = values.len();
    let codes = program.evaluate_columns(&[values], rows, &EvalContext::default()).unwrap();
    codes[0].as_primitive::<Int32Type>().iter().collect()
}

/// Snapshots of aggregates in two levels have their rows by these numbers.
#[test]
fn values_have_the_numbers_that_they_always_had() {
    let numbers = Int64Array::from(vec![Some(0), Some(1), Some(-1), None]);
    let expected = [Some(471_385_671), Some(1_127_482_795), Some(1_514_206_215), None];
    assert_eq!(hash_codes(Arc::new(numbers), SqlType::BigInt), expected);
}

#[test]
fn equal_texts_have_one_number() {
    let texts = ["", "a", "b", "a text that is longer than a view has room for"];
    let twice = StringViewArray::from_iter_values(texts.iter().chain(&texts));
    let codes = hash_codes(Arc::new(twice), SqlType::STRING);
    assert_eq!(codes[..4], codes[4..]);
    let different: std::collections::BTreeSet<_> = codes.iter().flatten().collect();
    assert_eq!(different.len(), 4, "{codes:?}");
}
