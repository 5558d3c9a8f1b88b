//! Arrays as sets: ARRAY_DISTINCT, ARRAY_UNION, ARRAY_EXCEPT, ARRAY_INTERSECT. The order is that of the first array; NULL
//! is a value like any other.

use arrow_array::{ArrayRef, ListArray};
use arrow_ord::ord::DynComparator;
use millstream_runtime::Result;

use super::super::lift::kernel;
use super::super::{Call, ScalarFunction, Signature};
use super::array::{common, same};
use super::lists::{ListsBuilder, comparator, lists, range};
use crate::error::SqlResult;
use crate::eval::{Arguments, Kernel};
use crate::types::Field;

pub(in super::super) static FUNCTIONS: &[ScalarFunction] = &[
    ScalarFunction::new("ARRAY_DISTINCT", Signature::Custom(same), |_, result, _| build(result, |_| true)),
    ScalarFunction::new("ARRAY_UNION", Signature::Custom(two), |_, result, _| build(result, |_| true)),
    ScalarFunction::new("ARRAY_EXCEPT", Signature::Custom(two), |_, result, _| build(result, |found| !found)),
    ScalarFunction::new("ARRAY_INTERSECT", Signature::Custom(two), |_, result, _| {
        build(result, |found| found)
    }),
];

fn two(call: &mut Call) -> SqlResult<Field> {
    call.expect_count(2, 2)?;
    common(call)
}

/// Whether elements of several columns are equal, each given as its column and its place.
struct Equality(Vec<Vec<DynComparator>>);

impl Equality {
    fn of(columns: &[&ArrayRef]) -> Result<Self> {
        let rows = columns.iter().map(|left| columns.iter().map(|right| comparator(left, right)).collect());
        rows.collect::<Result<_>>().map(Self)
    }

    fn holds(&self, left: (usize, usize), right: (usize, usize)) -> bool {
        let compare = self.0.get(left.0).and_then(|row| row.get(right.0));
        compare.is_some_and(|compare| compare(left.1, right.1).is_eq())
    }
}

/// The distinct elements of which `keep` says so, given whether the second array has them; for a union, those of the
/// second array are elements, too.
fn build(result: &Field, keep: fn(bool) -> bool) -> SqlResult<Box<dyn Kernel>> {
    let data_type = result.data_type.arrow();
    // It keeps what the second array has and what it has not: the elements of both.
    let is_union = keep(true) && keep(false);
    kernel(move |call| {
        let all: Vec<ListArray> = columns(call)?;
        let values: Vec<_> = all.iter().map(|lists| lists.values()).collect();
        let equality = Equality::of(&values)?;
        let mut sets = ListsBuilder::new(call.rows());
        for row in 0..call.rows() {
            let ranges: Option<Vec<_>> = all.iter().map(|lists| range(lists, row)).collect();
            let of = |source: usize| {
                let range =
                    ranges.as_ref().and_then(|ranges| ranges.get(source)).cloned().unwrap_or_default();
                range.map(move |place| (source, place))
            };
            let candidates = of(0).chain(of(1).filter(|_| is_union));
            for candidate in candidates {
                let kept = is_union || keep(of(1).any(|other| equality.holds(candidate, other)));
                if kept && !sets.current().iter().any(|known| equality.holds(candidate, *known)) {
                    sets.push(candidate.0, candidate.1);
                }
            }
            sets.end_row(ranges.map(drop))?;
        }
        sets.finish(&data_type, &values)
    })
}

fn columns(call: &Arguments<'_>) -> Result<Vec<ListArray>> {
    (0..call.len()).map(|index| lists(call, index)).collect()
}
