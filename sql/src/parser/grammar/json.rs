//! The JSON functions.

use crate::parser::ast::{ExpressionKind, JsonBehavior, JsonFunction, JsonNull, JsonPair, JsonWrapper};
use crate::parser::cursor::{Parsed, Parser};
use crate::parser::token::Symbol;

impl Parser<'_> {
    /// A JSON function, if one is next.
    pub fn json_function(&mut self) -> Parsed<Option<ExpressionKind>> {
        let keywords = [
            "JSON_VALUE",
            "JSON_QUERY",
            "JSON_EXISTS",
            "JSON_OBJECT",
            "JSON_ARRAY",
            "JSON_OBJECTAGG",
            "JSON_ARRAYAGG",
        ];
        let Some(keyword) = self.which(&keywords) else { return Ok(None) };
        self.advance();
        // Its frames are the largest, so it counts as one more level.
        let mut function = self.nested(|parser| parser.json_call(keyword))?;
        if let JsonFunction::ObjectAggregate { filter, .. } | JsonFunction::ArrayAggregate { filter, .. } =
            &mut function
        {
            *filter = self.filter()?;
        }
        Ok(Some(ExpressionKind::Json(Box::new(function))))
    }

    fn json_call(&mut self, keyword: &str) -> Parsed<JsonFunction> {
        self.parenthesized(|parser| match keyword {
            "JSON_VALUE" => parser.json_value(),
            "JSON_QUERY" => parser.json_query(),
            "JSON_EXISTS" => parser.json_exists(),
            "JSON_OBJECT" => parser.json_object(),
            "JSON_ARRAY" => parser.json_array(),
            "JSON_OBJECTAGG" => {
                let pair = parser.json_pair()?;
                Ok(JsonFunction::ObjectAggregate { pair, on_null: parser.json_null(), filter: None })
            }
            _ => {
                let value = parser.expression()?;
                let order_by = parser.optional_order_by()?;
                Ok(JsonFunction::ArrayAggregate {
                    value,
                    order_by,
                    on_null: parser.json_null(),
                    filter: None,
                })
            }
        })
    }

    fn json_value(&mut self) -> Parsed<JsonFunction> {
        let value = self.expression()?;
        self.expect_symbol(Symbol::Comma)?;
        let path = self.expression()?;
        let returning = self.eat(&["RETURNING"]).then(|| self.plain_data_type()).transpose()?;
        let (on_empty, on_error) = self.json_behaviors(Self::json_value_behavior)?;
        Ok(JsonFunction::Value { value, path, returning, on_empty, on_error })
    }

    fn json_query(&mut self) -> Parsed<JsonFunction> {
        let value = self.expression()?;
        self.expect_symbol(Symbol::Comma)?;
        let path = self.expression()?;
        let returning = self.eat(&["RETURNING"]).then(|| self.plain_data_type()).transpose()?;
        let wrapper = self.json_wrapper()?;
        let (on_empty, on_error) = self.json_behaviors(Self::json_query_behavior)?;
        Ok(JsonFunction::Query { value, path, returning, wrapper, on_empty, on_error })
    }

    fn json_wrapper(&mut self) -> Parsed<Option<JsonWrapper>> {
        let wrapper = if self.eat(&["WITHOUT"]) {
            JsonWrapper::Without
        } else if self.eat(&["WITH"]) {
            if self.eat(&["CONDITIONAL"]) {
                JsonWrapper::Conditional
            } else {
                self.eat(&["UNCONDITIONAL"]);
                JsonWrapper::Unconditional
            }
        } else {
            return Ok(None);
        };
        self.eat(&["ARRAY"]);
        self.expect(&["WRAPPER"])?;
        Ok(Some(wrapper))
    }

    fn json_exists(&mut self) -> Parsed<JsonFunction> {
        let value = self.expression()?;
        self.expect_symbol(Symbol::Comma)?;
        let path = self.expression()?;
        let behavior = match self.which(&["TRUE", "FALSE", "UNKNOWN", "ERROR"]) {
            Some("TRUE") => JsonBehavior::True,
            Some("FALSE") => JsonBehavior::False,
            Some("UNKNOWN") => JsonBehavior::Unknown,
            Some(_) => JsonBehavior::Error,
            None => return Ok(JsonFunction::Exists { value, path, on_error: None }),
        };
        self.advance();
        self.expect(&["ON", "ERROR"])?;
        Ok(JsonFunction::Exists { value, path, on_error: Some(behavior) })
    }

    /// `[… ON EMPTY] [… ON ERROR]`
    fn json_behaviors(
        &mut self,
        behavior: impl Fn(&mut Self) -> Parsed<Option<JsonBehavior>>,
    ) -> Parsed<(Option<JsonBehavior>, Option<JsonBehavior>)> {
        let mut on_empty = None;
        while let Some(found) = behavior(self)? {
            self.expect(&["ON"])?;
            if self.eat(&["ERROR"]) {
                return Ok((on_empty, Some(found)));
            }
            if on_empty.is_some() {
                return self.unexpected("ERROR");
            }
            if !self.eat(&["EMPTY"]) {
                return self.unexpected("EMPTY or ERROR");
            }
            on_empty = Some(found);
        }
        Ok((on_empty, None))
    }

    fn json_value_behavior(&mut self) -> Parsed<Option<JsonBehavior>> {
        if self.eat(&["DEFAULT"]) {
            return Ok(Some(JsonBehavior::Default(self.expression()?)));
        }
        Ok(self.json_failure())
    }

    fn json_query_behavior(&mut self) -> Parsed<Option<JsonBehavior>> {
        if !self.eat(&["EMPTY"]) {
            return Ok(self.json_failure());
        }
        if self.eat(&["ARRAY"]) {
            return Ok(Some(JsonBehavior::EmptyArray));
        }
        self.expect(&["OBJECT"])?;
        Ok(Some(JsonBehavior::EmptyObject))
    }

    fn json_failure(&mut self) -> Option<JsonBehavior> {
        if self.eat(&["ERROR"]) {
            Some(JsonBehavior::Error)
        } else {
            self.eat(&["NULL"]).then_some(JsonBehavior::Null)
        }
    }

    fn json_object(&mut self) -> Parsed<JsonFunction> {
        let mut pairs = Vec::new();
        let mut on_null = self.json_null();
        if on_null.is_none() && !self.symbol_at(0, Symbol::RightParenthesis) {
            pairs = self.comma_separated(Self::json_pair)?;
            on_null = self.json_null();
        }
        Ok(JsonFunction::Object { pairs, on_null })
    }

    fn json_array(&mut self) -> Parsed<JsonFunction> {
        let mut values = Vec::new();
        let mut on_null = self.json_null();
        if on_null.is_none() && !self.symbol_at(0, Symbol::RightParenthesis) {
            values = self.comma_separated(Self::expression)?;
            on_null = self.json_null();
        }
        Ok(JsonFunction::Array { values, on_null })
    }

    /// `[KEY] key VALUE value`, `key : value`
    fn json_pair(&mut self) -> Parsed<JsonPair> {
        let start = self.span();
        // A column may be named KEY: then VALUE or the colon follows at once.
        if self.at(&["KEY"]) && !self.keyword_at(1, "VALUE") && !self.symbol_at(1, Symbol::Colon) {
            self.advance();
        }
        let key = self.expression()?;
        if !self.eat_symbol(Symbol::Colon) && !self.eat(&["VALUE"]) {
            return self.unexpected("VALUE or `:`");
        }
        let value = self.expression()?;
        Ok(JsonPair { key, value, span: self.since(start).into() })
    }

    fn json_null(&mut self) -> Option<JsonNull> {
        if self.eat(&["NULL", "ON", "NULL"]) {
            Some(JsonNull::Null)
        } else {
            self.eat(&["ABSENT", "ON", "NULL"]).then_some(JsonNull::Absent)
        }
    }
}
