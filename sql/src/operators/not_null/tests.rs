use millstream_runtime::Result;
use millstream_runtime::testing::OperatorHarness;
use millstream_state::Timestamp;

use super::NotNullEnforcer;
use crate::test_support::{chunk, rows, schema};

#[test]
fn rows_with_null_are_dropped_or_fail_the_job() -> Result<()> {
    let columns = schema(&[("a", "BIGINT"), ("b", "STRING"), ("c", "BIGINT")]);
    let history = ["+I[1, x, null]", "+I[null, y, 1]", "+U[2, null, 1]", "-D[3, z, 1]"];
    let checked = vec![(0, "a".to_owned()), (1, "b".to_owned())];
    let mut dropping = OperatorHarness::new(NotNullEnforcer::new(checked.clone(), true))?;
    dropping.push(chunk(&columns, &history), Timestamp::MIN)?;
    assert_eq!(rows(&columns, &dropping.take_records()), ["+I[1, x, null]", "-D[3, z, 1]"]);
    let mut failing = OperatorHarness::new(NotNullEnforcer::new(checked, false))?;
    failing.push(chunk(&columns, &history[..1]), Timestamp::MIN)?;
    let error = failing.push(chunk(&columns, &history), Timestamp::MIN).unwrap_err().to_string();
    assert!(
        error.contains("Column 'a' is NOT NULL, however, a null value is being written into it."),
        "{error}"
    );
    Ok(())
}
