//! Types.

use crate::parser::ast::{DataType, DataTypeKind, LengthType, RowField, TimeZoneKind};
use crate::parser::cursor::{Parsed, Parser};
use crate::parser::token::{Symbol, TokenKind};

/// The types that are one word.
const SIMPLE: &[(&str, DataTypeKind)] = &[
    ("BOOLEAN", DataTypeKind::Boolean),
    ("TINYINT", DataTypeKind::TinyInt),
    ("SMALLINT", DataTypeKind::SmallInt),
    ("INT", DataTypeKind::Int),
    ("INTEGER", DataTypeKind::Int),
    ("BIGINT", DataTypeKind::BigInt),
    ("FLOAT", DataTypeKind::Float),
    ("REAL", DataTypeKind::Real),
    ("STRING", DataTypeKind::String),
    ("BYTES", DataTypeKind::Bytes),
    ("DATE", DataTypeKind::Date),
    ("VARIANT", DataTypeKind::Variant),
    ("NULL", DataTypeKind::Null),
];

impl DataTypeKind {
    /// The keyword of a type that is one word.
    pub(in crate::parser) fn keyword(&self) -> Option<&'static str> {
        SIMPLE.iter().find(|(_, kind)| kind == self).map(|(keyword, _)| *keyword)
    }
}

impl Parser<'_> {
    /// A type, with NULL or NOT NULL behind it.
    pub fn data_type(&mut self) -> Parsed<DataType> {
        self.data_type_with(Self::nullable)
    }

    /// A type of an expression, which says nothing of NULL.
    pub fn plain_data_type(&mut self) -> Parsed<DataType> {
        self.data_type_with(|_| None)
    }

    fn data_type_with(&mut self, nullable: fn(&mut Self) -> Option<bool>) -> Parsed<DataType> {
        self.nested(|parser| {
            let start = parser.span();
            let mut kind = parser.data_type_kind()?;
            loop {
                let nullable = nullable(parser);
                let data_type = DataType { kind, nullable, span: parser.since(start).into() };
                // `INT ARRAY`: the element stands before its collection.
                kind = if parser.eat(&["ARRAY"]) {
                    DataTypeKind::Array(Box::new(data_type))
                } else if parser.eat(&["MULTISET"]) {
                    DataTypeKind::Multiset(Box::new(data_type))
                } else {
                    return Ok(data_type);
                };
                parser.wrap()?;
            }
        })
    }

    fn nullable(&mut self) -> Option<bool> {
        if self.eat(&["NOT", "NULL"]) { Some(false) } else { self.eat(&["NULL"]).then_some(true) }
    }

    fn data_type_kind(&mut self) -> Parsed<DataTypeKind> {
        for (keyword, kind) in SIMPLE {
            if self.eat(&[keyword]) {
                return Ok(kind.clone());
            }
        }
        let keywords = [
            "CHAR",
            "CHARACTER",
            "VARCHAR",
            "BINARY",
            "VARBINARY",
            "DECIMAL",
            "DEC",
            "NUMERIC",
            "DOUBLE",
            "TIME",
            "TIMESTAMP",
            "TIMESTAMP_LTZ",
            "INTERVAL",
            "ARRAY",
            "MULTISET",
            "MAP",
            "ROW",
            "RAW",
            "STRUCTURED",
        ];
        let Some(keyword) = self.which(&keywords) else { return self.named_type() };
        if keyword == "MAP" && !self.symbol_at(1, Symbol::Less) {
            return self.named_type();
        }
        self.advance();
        match keyword {
            "CHAR" | "CHARACTER" if self.eat(&["VARYING"]) => self.length_type(LengthType::VarChar),
            "BINARY" if self.eat(&["VARYING"]) => self.length_type(LengthType::VarBinary),
            "CHAR" | "CHARACTER" => self.length_type(LengthType::Char),
            "VARCHAR" => self.length_type(LengthType::VarChar),
            "BINARY" => self.length_type(LengthType::Binary),
            "VARBINARY" => self.length_type(LengthType::VarBinary),
            "DECIMAL" | "DEC" | "NUMERIC" => self.decimal_type(),
            "DOUBLE" => {
                self.eat(&["PRECISION"]);
                Ok(DataTypeKind::Double)
            }
            "TIME" => {
                let precision = self.precision()?;
                Ok(DataTypeKind::Time(precision, self.time_zone()?))
            }
            "TIMESTAMP" => {
                let precision = self.precision()?;
                Ok(DataTypeKind::Timestamp(precision, self.time_zone()?))
            }
            "TIMESTAMP_LTZ" => Ok(DataTypeKind::Timestamp(self.precision()?, TimeZoneKind::Local)),
            "INTERVAL" => Ok(DataTypeKind::Interval(self.interval_qualifier()?)),
            "RAW" => self.parenthesized(|parser| {
                let class = parser.string("the name of a class")?;
                parser.expect_symbol(Symbol::Comma)?;
                Ok(DataTypeKind::Raw(class, parser.string("a serializer")?))
            }),
            _ => self.composite_type(keyword),
        }
    }

    /// A type that is made of types.
    fn composite_type(&mut self, keyword: &str) -> Parsed<DataTypeKind> {
        if keyword == "ROW" {
            if self.eat_symbol(Symbol::NotEqual) {
                return Ok(DataTypeKind::Row(Vec::new()));
            }
            if self.symbol_at(0, Symbol::LeftParenthesis) {
                let fields = self.parenthesized(|parser| parser.row_fields(Symbol::RightParenthesis))?;
                return Ok(DataTypeKind::Row(fields));
            }
        }
        if !self.symbol_at(0, Symbol::Less) {
            return Err(self.mistake("`<`").with_hint(format!("{keyword} says of what it is: {keyword}<…>")));
        }
        let opened = self.advance();
        let kind = match keyword {
            "ARRAY" => DataTypeKind::Array(Box::new(self.data_type()?)),
            "MULTISET" => DataTypeKind::Multiset(Box::new(self.data_type()?)),
            "MAP" => {
                let key = Box::new(self.data_type()?);
                self.expect_symbol(Symbol::Comma)?;
                DataTypeKind::Map(key, Box::new(self.data_type()?))
            }
            "ROW" => DataTypeKind::Row(self.row_fields(Symbol::Greater)?),
            _ => {
                let class = self.string("the name of a class")?;
                let more = self.eat_symbol(Symbol::Comma);
                let fields = if more { self.row_fields(Symbol::Greater)? } else { Vec::new() };
                DataTypeKind::Structured(class, fields)
            }
        };
        self.close(opened, Symbol::Greater)?;
        Ok(kind)
    }

    fn row_fields(&mut self, end: Symbol) -> Parsed<Vec<RowField>> {
        if self.symbol_at(0, end) {
            return Ok(Vec::new());
        }
        self.comma_separated(|parser| {
            let start = parser.span();
            let name = parser.identifier("the name of a field")?;
            let data_type = parser.data_type()?;
            let text = matches!(parser.kind_at(0), TokenKind::String { .. });
            let comment = text.then(|| parser.string("a comment")).transpose()?;
            Ok(RowField { name, data_type, comment, span: parser.since(start).into() })
        })
    }

    fn named_type(&mut self) -> Parsed<DataTypeKind> {
        Ok(DataTypeKind::Named(self.object_name("a type")?))
    }

    fn length_type(&mut self, kind: LengthType) -> Parsed<DataTypeKind> {
        Ok(DataTypeKind::Length(kind, self.precision()?))
    }

    fn decimal_type(&mut self) -> Parsed<DataTypeKind> {
        if !self.symbol_at(0, Symbol::LeftParenthesis) {
            return Ok(DataTypeKind::Decimal(None, None));
        }
        self.parenthesized(|parser| {
            let precision = parser.whole_number("a precision")?;
            let scaled = parser.eat_symbol(Symbol::Comma);
            let scale = scaled.then(|| parser.whole_number("a scale")).transpose()?;
            Ok(DataTypeKind::Decimal(Some(precision), scale))
        })
    }

    fn precision(&mut self) -> Parsed<Option<u32>> {
        if !self.symbol_at(0, Symbol::LeftParenthesis) {
            return Ok(None);
        }
        self.parenthesized(|parser| parser.whole_number("a length or precision")).map(Some)
    }

    fn time_zone(&mut self) -> Parsed<TimeZoneKind> {
        let kind = if self.eat(&["WITH", "LOCAL"]) {
            TimeZoneKind::Local
        } else if self.at(&["WITH", "TIME"]) && self.eat(&["WITH"]) {
            TimeZoneKind::With
        } else {
            // Behind the type of a JSON function, WITHOUT may also be that of WITHOUT ARRAY WRAPPER.
            if self.at(&["WITHOUT", "TIME"]) && self.eat(&["WITHOUT"]) {
                self.expect(&["TIME", "ZONE"])?;
            }
            return Ok(TimeZoneKind::Without);
        };
        self.expect(&["TIME", "ZONE"])?;
        Ok(kind)
    }
}
