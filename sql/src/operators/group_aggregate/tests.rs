mod distinct;
mod expiry;
mod unused;

use millstream_runtime::testing::{HarnessSetup, OperatorHarness};
use millstream_state::Timestamp;
use millstream_state::rows::Ttl;

use super::{GroupAggregate, GroupAggregateSpecification};
use crate::chunk::Chunk;
use crate::plan::{AggregateCall, AggregateFunction};
use crate::test_support::{chunk, rows, schema};
use crate::types::{Field, NamedField, Schema};

type Groups = OperatorHarness<Chunk, Chunk>;

fn input() -> Schema {
    schema(&[("k", "BIGINT!"), ("text", "STRING"), ("number", "INT"), ("flag", "BOOLEAN")])
}

const TEXT: usize = 1;
const NUMBER: usize = 2;
const FLAG: usize = 3;

fn call(function: AggregateFunction, arguments: &[usize]) -> AggregateCall {
    let fields: Vec<Field> = arguments.iter().map(|argument| input().field(*argument)).collect();
    let field = function.infer(&fields, true).unwrap();
    AggregateCall { function, arguments: arguments.to_vec(), distinct: false, filter: None, field }
}

fn distinct_call(function: AggregateFunction, argument: usize, filter: Option<usize>) -> AggregateCall {
    AggregateCall { distinct: true, filter, ..call(function, &[argument]) }
}

fn output(keys: &[usize], calls: &[AggregateCall]) -> Schema {
    let keys = keys.iter().map(|key| input().get(*key).cloned().unwrap());
    keys.chain(calls.iter().map(|call| NamedField::new("r", call.field.clone()))).collect()
}

fn specification(
    keys: &[usize],
    calls: &[AggregateCall],
    retracts: bool,
    ttl: Option<Ttl>,
) -> GroupAggregateSpecification {
    GroupAggregateSpecification::new(keys, calls, &input(), retracts, true).unwrap().with_ttl(ttl, true)
}

fn open(setup: HarnessSetup<'_>, specification: &GroupAggregateSpecification) -> Groups {
    Groups::with(setup, GroupAggregate::new(specification)).unwrap()
}

fn push<S: AsRef<str>>(harness: &mut Groups, texts: &[S]) {
    harness.push(chunk(&input(), texts), Timestamp::MIN).unwrap();
}
