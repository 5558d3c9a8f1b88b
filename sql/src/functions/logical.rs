//! AND, OR, NOT, and the tests of IS.

use std::sync::Arc;

use arrow_arith::boolean::{and_kleene, is_not_null, is_null, not, or_kleene};
use arrow_array::{Array, ArrayRef, BooleanArray};
use millstream_runtime::Result;

use super::Parameter::{Any, Boolean};
use super::lift::kernel;
use super::{Build, Returns, ScalarFunction, Signature};
use crate::chunk::arrow_error;
use crate::eval::Arguments;
use crate::plan::LogicalOperator;
use crate::types::SqlType;

/// AND or OR of any number of operands, all of which are worked out.
pub fn kleene_function(operator: LogicalOperator) -> &'static ScalarFunction {
    match operator {
        LogicalOperator::And => &AND,
        LogicalOperator::Or => &OR,
    }
}

static AND: ScalarFunction = kleene("AND", |_, _, _| kernel(|call| fold(call, and_kleene)));
static OR: ScalarFunction = kleene("OR", |_, _, _| kernel(|call| fold(call, or_kleene)));

const fn kleene(name: &'static str, build: Build) -> ScalarFunction {
    let returns = Returns::Type(SqlType::Boolean);
    ScalarFunction::new(name, Signature::Repeated { parameter: Boolean, required: 2, returns }, build)
}

type Kleene = fn(&BooleanArray, &BooleanArray) -> std::result::Result<BooleanArray, arrow_schema::ArrowError>;

fn fold(arguments: &Arguments<'_>, operator: Kleene) -> Result<ArrayRef> {
    let mut result = arguments.booleans(0)?;
    for index in 1..arguments.len() {
        result = operator(&result, &arguments.booleans(index)?).map_err(arrow_error)?;
    }
    Ok(Arc::new(result))
}

const TEST: Signature = Signature::of(&[Boolean], Returns::Required(SqlType::Boolean));
const TEST_OF_ANY: Signature = Signature::of(&[Any], Returns::Required(SqlType::Boolean));

/// `IS TRUE` and its kin: the value for TRUE, FALSE and NULL.
fn test(arguments: &Arguments<'_>, results: [bool; 3]) -> Result<ArrayRef> {
    let [if_true, if_false, if_null] = results;
    let values = arguments.booleans(0)?;
    let results = values.iter().map(|value| match value {
        Some(true) => if_true,
        Some(false) => if_false,
        None => if_null,
    });
    Ok(Arc::new(results.map(Some).collect::<BooleanArray>()))
}

pub(super) static FUNCTIONS: &[ScalarFunction] = &[
    ScalarFunction::new("IS TRUE", TEST, |_, _, _| kernel(|call| test(call, [true, false, false]))),
    ScalarFunction::new("IS NOT TRUE", TEST, |_, _, _| kernel(|call| test(call, [false, true, true]))),
    ScalarFunction::new("IS FALSE", TEST, |_, _, _| kernel(|call| test(call, [false, true, false]))),
    ScalarFunction::new("IS NOT FALSE", TEST, |_, _, _| kernel(|call| test(call, [true, false, true]))),
    ScalarFunction::new("IS UNKNOWN", TEST, |_, _, _| kernel(|call| test(call, [false, false, true]))),
    ScalarFunction::new("IS NOT UNKNOWN", TEST, |_, _, _| kernel(|call| test(call, [true, true, false]))),
    ScalarFunction::new("NOT", Signature::of(&[Boolean], Returns::Type(SqlType::Boolean)), |_, _, _| {
        kernel(|call| Ok(Arc::new(not(&call.booleans(0)?).map_err(arrow_error)?)))
    }),
    ScalarFunction::new("IS NULL", TEST_OF_ANY, |_, _, _| kernel(|call| null_test(call, false))),
    ScalarFunction::new("IS NOT NULL", TEST_OF_ANY, |_, _, _| kernel(|call| null_test(call, true))),
];

fn null_test(arguments: &Arguments<'_>, negated: bool) -> Result<ArrayRef> {
    let values = arguments.array(0)?;
    if *values.data_type() == arrow_schema::DataType::Null {
        return Ok(Arc::new(BooleanArray::from(vec![!negated; values.len()])));
    }
    let tested = if negated { is_not_null(&values) } else { is_null(&values) };
    Ok(Arc::new(tested.map_err(arrow_error)?))
}
