use super::{common_type, decimal_result};
use crate::types::SqlType::{
    self, BigInt, Boolean, Char, Date, Decimal, Double, Float, Int, Null, SmallInt, Timestamp, TimestampLtz,
    TinyInt, VarChar,
};
use crate::types::TimeKind::Regular;

#[test]
fn two_types_have_one_in_common() {
    let cases: [(SqlType, SqlType, Option<SqlType>); 14] = [
        (Int, Int, Some(Int)),
        (TinyInt, SmallInt, Some(SmallInt)),
        (Int, BigInt, Some(BigInt)),
        (Null, Boolean, Some(Boolean)),
        (Char(3), Char(5), Some(VarChar(5))),
        (Char(3), VarChar(2), Some(VarChar(3))),
        (Int, Decimal(4, 2), Some(Decimal(12, 2))),
        (Decimal(38, 0), Decimal(38, 10), Some(Decimal(38, 6))),
        (Float, Decimal(4, 2), Some(Double)),
        (BigInt, Float, Some(Float)),
        (Float, Double, Some(Double)),
        (Date, Timestamp(3, Regular), Some(Timestamp(3, Regular))),
        (Timestamp(3, Regular), TimestampLtz(6, Regular), Some(TimestampLtz(6, Regular))),
        (Boolean, Int, None),
    ];
    for (left, right, common) in cases {
        assert_eq!(common_type(&left, &right), common, "{left} and {right}");
        assert_eq!(common_type(&right, &left), common, "{right} and {left}");
    }
}

/// The types that Flink's documentation gives for its decimal arithmetic.
#[test]
fn decimal_arithmetic_has_types_of_its_own() {
    let cases = [
        ('+', (10, 2), (5, 4), Decimal(13, 4)),
        ('-', (38, 10), (38, 10), Decimal(38, 9)),
        ('*', (4, 3), (19, 0), Decimal(23, 3)),
        ('*', (38, 18), (38, 18), Decimal(38, 6)),
        ('/', (10, 2), (5, 1), Decimal(17, 8)),
        ('/', (38, 0), (38, 0), Decimal(38, 6)),
        ('%', (10, 2), (5, 1), Decimal(6, 2)),
    ];
    for (operator, left, right, result) in cases {
        assert_eq!(decimal_result(operator, left, right), result, "{left:?} {operator} {right:?}");
    }
}
