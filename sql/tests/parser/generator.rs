//! Random trees, of the shapes that the parser gives.
//!
//! A tree is made from a list of numbers: each choice takes the next of them, and none left means the first
//! possibility, which is the simplest. So proptest, which shrinks the list, shrinks the tree.

mod expression;
mod query;
mod statement;
mod table;

use millstream_sql::parser::SourceSpan;
use millstream_sql::parser::ast::*;
use millstream_sql::parser::keywords;

/// The choices that make a tree.
pub struct Choices<'a> {
    numbers: std::slice::Iter<'a, u16>,
    depth: usize,
}

impl<'a> Choices<'a> {
    pub fn new(numbers: &'a [u16]) -> Self {
        Self { numbers: numbers.iter(), depth: 0 }
    }

    /// A number below `count`.
    fn below(&mut self, count: usize) -> usize {
        self.numbers.next().map_or(0, |number| usize::from(*number) % count)
    }

    fn flag(&mut self) -> bool {
        self.below(2) == 1
    }

    fn pick<T: Clone>(&mut self, values: &[T]) -> T {
        let index = self.below(values.len());
        values[index].clone()
    }

    fn option<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        (self.below(3) == 2).then(|| make(self))
    }

    /// From `least` to two more.
    fn list<T>(&mut self, least: usize, mut make: impl FnMut(&mut Self) -> T) -> Vec<T> {
        let count = least + self.below(3);
        (0..count).map(|_| make(self)).collect()
    }

    /// None, or some.
    fn some<T>(&mut self, make: impl FnMut(&mut Self) -> T) -> Vec<T> {
        if self.below(3) == 2 { self.list(1, make) } else { Vec::new() }
    }

    /// One of the possibilities, and the first if this is deep already.
    fn deeper<T>(&mut self, count: usize, make: impl FnOnce(&mut Self, usize) -> T) -> T {
        let choice = self.below(count);
        self.depth += 1;
        let made = make(self, if self.depth > 6 { 0 } else { choice });
        self.depth -= 1;
        made
    }
}

fn span() -> SourceSpan {
    SourceSpan::default()
}

fn identifier(c: &mut Choices<'_>) -> Identifier {
    let names =
        ["a", "b", "it`s", "a b", "größe", "EXPR$0", "$", "_x", "1a", "'", "--", "n", "u", "x", "ü", "Ünter"];
    let name = match c.below(4) {
        0 | 1 => c.pick(&names).to_owned(),
        2 => c.pick(&keywords().collect::<Vec<_>>()).to_owned(),
        _ => c.pick(&keywords().collect::<Vec<_>>()).to_lowercase(),
    };
    Identifier { name, span: span() }
}

fn object_name(c: &mut Choices<'_>) -> ObjectName {
    ObjectName { parts: c.list(1, identifier), span: span() }
}

fn text(c: &mut Choices<'_>) -> String {
    c.pick(&["", "a", "it's", "'", "`", "\"", "*/", "--", ";", "a\nb", "\\", "ä😀"]).to_owned()
}

fn string(c: &mut Choices<'_>) -> StringLiteral {
    StringLiteral { value: text(c), span: span() }
}

fn options(c: &mut Choices<'_>) -> Vec<SqlOption> {
    c.some(|c| SqlOption { key: string(c), value: string(c), span: span() })
}

fn number(c: &mut Choices<'_>) -> String {
    c.pick(&["1", "0", "1.5", ".5", "7.", "1e10", "2.5E-3", "99999999999999999999"]).to_owned()
}

fn whole(c: &mut Choices<'_>) -> u32 {
    c.pick(&[1, 0, 3, u32::MAX])
}

fn literal(c: &mut Choices<'_>) -> Literal {
    match c.below(11) {
        0 => Literal::Number(number(c)),
        1 => Literal::Null,
        2 => Literal::Boolean(c.flag()),
        3 => Literal::Unknown,
        4 => Literal::String { value: text(c), character_set: None },
        5 => Literal::String {
            value: text(c),
            character_set: Some(c.pick(&["N", "UTF16", "ISO-8859-1"]).to_owned()),
        },
        6 => Literal::Binary(c.pick(&["", "0AFF"]).to_owned()),
        7 => Literal::Date(text(c)),
        8 => Literal::Time(text(c)),
        9 => Literal::Timestamp(text(c)),
        _ => Literal::TimestampWithLocalTimeZone(text(c)),
    }
}

/// A constant where numbers may have a sign.
fn constant(c: &mut Choices<'_>) -> Literal {
    if c.flag() { Literal::Number(format!("-{}", number(c))) } else { literal(c) }
}

fn time_unit(c: &mut Choices<'_>) -> TimeUnit {
    use TimeUnit::*;
    c.pick(&[
        Day,
        Year,
        Quarter,
        Month,
        Week,
        Hour,
        Minute,
        Second,
        Millisecond,
        Microsecond,
        Nanosecond,
        Epoch,
        DayOfWeek,
        DayOfYear,
        IsoDayOfWeek,
        IsoYear,
        Decade,
        Century,
        Millennium,
    ])
}

fn interval_qualifier(c: &mut Choices<'_>) -> IntervalQualifier {
    use TimeUnit::*;
    let single = [Day, Year, Quarter, Month, Week, Hour, Minute, Second];
    let pairs = [
        (Year, Month),
        (Day, Hour),
        (Day, Minute),
        (Day, Second),
        (Hour, Minute),
        (Hour, Second),
        (Minute, Second),
    ];
    let precision = c.option(whole);
    if c.flag() {
        let (start, end) = c.pick(&pairs);
        let fraction = if end == Second { c.option(whole) } else { None };
        return IntervalQualifier { start, precision, end: Some(end), fraction };
    }
    let start = c.pick(&single);
    let fraction = if start == Second && precision.is_some() { c.option(whole) } else { None };
    IntervalQualifier { start, precision, end: None, fraction }
}

fn data_type(c: &mut Choices<'_>) -> DataType {
    DataType { nullable: c.option(Choices::flag), ..plain_data_type(c) }
}

fn plain_data_type(c: &mut Choices<'_>) -> DataType {
    let kind = c.deeper(14, |c, choice| match choice {
        0 => c.pick(&[
            DataTypeKind::Int,
            DataTypeKind::Boolean,
            DataTypeKind::TinyInt,
            DataTypeKind::SmallInt,
            DataTypeKind::BigInt,
            DataTypeKind::Float,
            DataTypeKind::Real,
            DataTypeKind::Double,
            DataTypeKind::String,
            DataTypeKind::Bytes,
            DataTypeKind::Date,
            DataTypeKind::Variant,
            DataTypeKind::Null,
        ]),
        1 => DataTypeKind::Decimal(Some(whole(c)), c.option(whole)),
        2 => DataTypeKind::Decimal(None, None),
        3 | 4 => {
            let kinds = [LengthType::Char, LengthType::VarChar, LengthType::Binary, LengthType::VarBinary];
            DataTypeKind::Length(c.pick(&kinds), c.option(whole))
        }
        5 => DataTypeKind::Time(c.option(whole), zone(c)),
        6 => DataTypeKind::Timestamp(c.option(whole), zone(c)),
        7 => DataTypeKind::Interval(interval_qualifier(c)),
        8 => DataTypeKind::Array(Box::new(data_type(c))),
        9 => DataTypeKind::Multiset(Box::new(data_type(c))),
        10 => DataTypeKind::Map(Box::new(data_type(c)), Box::new(data_type(c))),
        11 => DataTypeKind::Row(c.list(0, row_field)),
        12 => DataTypeKind::Structured(string(c), c.list(0, row_field)),
        _ if c.flag() => DataTypeKind::Raw(string(c), string(c)),
        _ => DataTypeKind::Named(object_name(c)),
    });
    DataType { kind, nullable: None, span: span() }
}

fn zone(c: &mut Choices<'_>) -> TimeZoneKind {
    c.pick(&[TimeZoneKind::Without, TimeZoneKind::Local, TimeZoneKind::With])
}

fn row_field(c: &mut Choices<'_>) -> RowField {
    RowField { name: identifier(c), data_type: data_type(c), comment: c.option(string), span: span() }
}

/// A statement.
pub fn statement(numbers: &[u16]) -> Statement {
    statement::statement(&mut Choices::new(numbers))
}

/// An expression.
pub fn expression(numbers: &[u16]) -> Expression {
    expression::expression(&mut Choices::new(numbers))
}
