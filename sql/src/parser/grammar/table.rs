//! CREATE TABLE and the lines of a schema.

use crate::parser::ast::{
    Column, ColumnKind, Constraint, ConstraintKind, CreateTable, Distribution, DistributionKind, Identifier,
    LikeFeature, LikeMerging, LikeOption, StatementKind, TableCreation, TableElement, TableLike, Watermark,
};
use crate::parser::cursor::{Parsed, Parser};
use crate::parser::token::Symbol;

const FEATURES: &[(&str, LikeFeature)] = &[
    ("ALL", LikeFeature::All),
    ("CONSTRAINTS", LikeFeature::Constraints),
    ("DISTRIBUTION", LikeFeature::Distribution),
    ("GENERATED", LikeFeature::Generated),
    ("METADATA", LikeFeature::Metadata),
    ("OPTIONS", LikeFeature::Options),
    ("PARTITIONS", LikeFeature::Partitions),
    ("WATERMARKS", LikeFeature::Watermarks),
];

impl LikeFeature {
    pub(in crate::parser) fn keyword(self) -> &'static str {
        FEATURES.iter().find(|(_, feature)| *feature == self).map_or("", |(keyword, _)| *keyword)
    }
}

impl Parser<'_> {
    /// A table, from the TABLE on.
    pub fn create_table(&mut self, creation: TableCreation, temporary: bool) -> Parsed<StatementKind> {
        self.expect(&["TABLE"])?;
        let if_not_exists = self.if_not_exists();
        let name = self.object_name("the name of the table")?;
        let elements = if self.symbol_at(0, Symbol::LeftParenthesis) {
            self.parenthesized(|parser| parser.comma_separated(Self::table_element))?
        } else {
            Vec::new()
        };
        let comment = self.comment()?;
        let distribution = if self.eat(&["DISTRIBUTED"]) { Some(self.distribution()?) } else { None };
        let partitioned_by = self.partitioned_by()?;
        let connection = if self.eat(&["USING"]) {
            self.expect(&["CONNECTION"])?;
            Some(self.object_name("the name of a connection")?)
        } else {
            None
        };
        let options = self.with_options()?;
        let like = if self.eat(&["LIKE"]) { Some(self.table_like()?) } else { None };
        let query = if like.is_none() && self.eat(&["AS"]) { Some(Box::new(self.query()?)) } else { None };
        if query.is_none() && creation != TableCreation::Create {
            return self.unexpected("AS and a query: a table is only replaced by the result of one");
        }
        self.check_elements(&elements, query.is_some())?;
        Ok(StatementKind::CreateTable(Box::new(CreateTable {
            creation,
            temporary,
            if_not_exists,
            name,
            elements,
            comment,
            distribution,
            partitioned_by,
            connection,
            options,
            like,
            query,
        })))
    }

    /// Names without types only come alone, before AS and a query; watermarks come once.
    fn check_elements(&self, elements: &[TableElement], query: bool) -> Parsed<()> {
        let name = elements.iter().find_map(|element| match element {
            TableElement::Name(name) => Some(name),
            _ => None,
        });
        let only_names = elements.iter().all(|element| matches!(element, TableElement::Name(_)));
        if let Some(name) = name
            && !(query && only_names)
        {
            return self.invalid(*name.span, format!("the column `{}` needs a type", name.name));
        }
        let watermarks = elements.iter().filter_map(|element| match element {
            TableElement::Watermark(watermark) => Some(watermark),
            _ => None,
        });
        match watermarks.skip(1).last() {
            Some(second) => self.invalid(*second.span, "a table has one watermark, and this is a second one"),
            None => Ok(()),
        }
    }

    /// `PARTITIONED BY (column, …)` if it is next.
    pub fn partitioned_by(&mut self) -> Parsed<Vec<Identifier>> {
        if self.eat(&["PARTITIONED"]) {
            self.expect(&["BY"])?;
            self.identifiers("the name of a column")
        } else {
            Ok(Vec::new())
        }
    }

    fn table_element(&mut self) -> Parsed<TableElement> {
        if self.at(&["WATERMARK"]) {
            return Ok(TableElement::Watermark(self.watermark()?));
        }
        if self.at_constraint() {
            return Ok(TableElement::Constraint(self.table_constraint()?));
        }
        let named = self.symbol_at(1, Symbol::Comma) || self.symbol_at(1, Symbol::RightParenthesis);
        if named && self.name_at(0) {
            return Ok(TableElement::Name(self.any_word()));
        }
        Ok(TableElement::Column(self.column()?))
    }

    /// `WATERMARK FOR column AS expression`
    pub fn watermark(&mut self) -> Parsed<Watermark> {
        let start = self.span();
        self.expect(&["WATERMARK", "FOR"])?;
        let column = self.object_name("the name of a column")?;
        self.expect(&["AS"])?;
        let strategy = self.expression()?;
        Ok(Watermark { column, strategy, span: self.since(start).into() })
    }

    /// `name type …`, `name AS expression`
    pub fn column(&mut self) -> Parsed<Column> {
        let start = self.span();
        let name = self.object_name("a column, constraint or watermark")?;
        let kind = if name.parts.len() == 1 && self.eat(&["AS"]) {
            ColumnKind::Computed(self.expression()?)
        } else {
            let data_type = self.data_type()?;
            if self.eat(&["METADATA"]) {
                let key = self.eat(&["FROM"]).then(|| self.string("a metadata key")).transpose()?;
                ColumnKind::Metadata { data_type, key, is_virtual: self.eat(&["VIRTUAL"]) }
            } else {
                let constraint = if self.at_constraint() { Some(self.constraint(false)?) } else { None };
                ColumnKind::Physical { data_type, constraint }
            }
        };
        let comment = self.comment()?;
        Ok(Column { name, kind, comment, span: self.since(start).into() })
    }

    /// Whether a constraint is next.
    pub fn at_constraint(&self) -> bool {
        self.which(&["CONSTRAINT", "PRIMARY", "UNIQUE"]).is_some()
    }

    /// A constraint with its columns.
    pub fn table_constraint(&mut self) -> Parsed<Constraint> {
        self.constraint(true)
    }

    fn constraint(&mut self, with_columns: bool) -> Parsed<Constraint> {
        let start = self.span();
        let name =
            if self.eat(&["CONSTRAINT"]) { Some(self.identifier("the name of a constraint")?) } else { None };
        let kind = if self.eat(&["UNIQUE"]) {
            ConstraintKind::Unique
        } else {
            self.expect(&["PRIMARY", "KEY"])?;
            ConstraintKind::PrimaryKey
        };
        let columns = if with_columns { self.identifiers("the name of a column")? } else { Vec::new() };
        let enforced = if self.eat(&["NOT", "ENFORCED"]) {
            Some(false)
        } else {
            self.eat(&["ENFORCED"]).then_some(true)
        };
        Ok(Constraint { name, kind, columns, enforced, span: self.since(start).into() })
    }

    /// What follows DISTRIBUTED or DISTRIBUTION.
    pub fn distribution(&mut self) -> Parsed<Distribution> {
        let start = self.span();
        if !self.eat(&["BY"]) {
            if !self.at(&["INTO"]) {
                return self.unexpected("BY or INTO");
            }
            let kind = DistributionKind::Unknown;
            let buckets = self.buckets()?;
            return Ok(Distribution { kind, columns: Vec::new(), buckets, span: self.since(start).into() });
        }
        let kind = if self.eat(&["HASH"]) {
            DistributionKind::Hash
        } else if self.eat(&["RANGE"]) {
            DistributionKind::Range
        } else {
            DistributionKind::Unknown
        };
        let columns = self.identifiers("the name of a column")?;
        let buckets = self.buckets()?;
        Ok(Distribution { kind, columns, buckets, span: self.since(start).into() })
    }

    fn buckets(&mut self) -> Parsed<Option<u32>> {
        if !self.eat(&["INTO"]) {
            return Ok(None);
        }
        let buckets = self.whole_number("a number of buckets")?;
        self.expect(&["BUCKETS"])?;
        Ok(Some(buckets))
    }

    fn table_like(&mut self) -> Parsed<TableLike> {
        let table = self.object_name("the name of a table")?;
        if !self.symbol_at(0, Symbol::LeftParenthesis) {
            let span = table.span;
            return Ok(TableLike { table, options: Vec::new(), span });
        }
        let options = self.parenthesized(|parser| {
            let mut options = vec![parser.like_option()?];
            while !parser.symbol_at(0, Symbol::RightParenthesis) {
                options.push(parser.like_option()?);
            }
            Ok(options)
        })?;
        let span = self.since(*table.span).into();
        Ok(TableLike { table, options, span })
    }

    fn like_option(&mut self) -> Parsed<LikeOption> {
        let start = self.span();
        let merging = if self.eat(&["INCLUDING"]) {
            LikeMerging::Including
        } else if self.eat(&["EXCLUDING"]) {
            LikeMerging::Excluding
        } else if self.eat(&["OVERWRITING"]) {
            LikeMerging::Overwriting
        } else {
            return self.expected_one_of(&["INCLUDING", "EXCLUDING", "OVERWRITING"]);
        };
        for (keyword, feature) in FEATURES {
            if self.eat(&[keyword]) {
                return Ok(LikeOption { merging, feature: *feature, span: self.since(start).into() });
            }
        }
        self.expected_one_of(&[
            "ALL",
            "CONSTRAINTS",
            "DISTRIBUTION",
            "GENERATED",
            "METADATA",
            "OPTIONS",
            "PARTITIONS",
            "WATERMARKS",
        ])
    }
}
