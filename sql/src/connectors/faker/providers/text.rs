//! The methods without a class: texts by a pattern.

use crate::connectors::faker::arguments::{Argument, Arguments};
use crate::connectors::faker::catalog::{Method, Provider};
use crate::connectors::faker::error::ExpressionError;
use crate::connectors::faker::generator::Generator;
use crate::connectors::faker::pattern::{self, LOWER, UPPER};

pub(super) const PROVIDER: Provider = Provider {
    class: "",
    methods: &[
        Method::compiled(&["regexify"], "'regular expression'", regexify),
        Method::compiled(&["numerify"], "'text with # for digits'", numerify),
        Method::compiled(&["letterify"], "'text with ? for letters'[,'upper case']", letterify),
        Method::compiled(&["bothify"], "'text with # and ?'[,'upper case']", bothify),
        Method::compiled(&["examplify"], "'example'", examplify),
        Method::compiled(&["templatify"], "'text','placeholder','option',…", templatify),
    ],
};

fn regexify(arguments: &Arguments<'_>) -> Result<Generator, ExpressionError> {
    let [regex] = arguments.list else { return Err(arguments.wrong_number()) };
    match pattern::parse(&regex.text) {
        Ok(pattern) => Ok(Generator::Pattern(pattern)),
        Err(error) => {
            Err(regex.mistake_at(error.index, format!("in the regular expression: {}", error.message)))
        }
    }
}

fn numerify(arguments: &Arguments<'_>) -> Result<Generator, ExpressionError> {
    let [text] = arguments.list else { return Err(arguments.wrong_number()) };
    Ok(Generator::Pattern(pattern::with_placeholders(&text.text, true, None)))
}

fn letterify(arguments: &Arguments<'_>) -> Result<Generator, ExpressionError> {
    let (text, upper) = text_and_case(arguments)?;
    Ok(Generator::Pattern(pattern::with_placeholders(
        &text.text,
        false,
        Some(if upper { UPPER } else { LOWER }),
    )))
}

fn bothify(arguments: &Arguments<'_>) -> Result<Generator, ExpressionError> {
    let (text, upper) = text_and_case(arguments)?;
    Ok(Generator::Pattern(pattern::with_placeholders(
        &text.text,
        true,
        Some(if upper { UPPER } else { LOWER }),
    )))
}

fn text_and_case<'a>(arguments: &Arguments<'a>) -> Result<(&'a Argument, bool), ExpressionError> {
    match arguments.list {
        [text] => Ok((text, false)),
        [text, upper] => Ok((text, upper.boolean()?)),
        _ => Err(arguments.wrong_number()),
    }
}

fn examplify(arguments: &Arguments<'_>) -> Result<Generator, ExpressionError> {
    let [example] = arguments.list else { return Err(arguments.wrong_number()) };
    Ok(Generator::Pattern(pattern::examplify(&example.text)))
}

fn templatify(arguments: &Arguments<'_>) -> Result<Generator, ExpressionError> {
    match arguments.list {
        [text, placeholder, options @ ..] if !options.is_empty() => {
            let options: Vec<&str> = options.iter().map(|option| option.text.as_str()).collect();
            Ok(Generator::Pattern(pattern::templatify(&text.text, placeholder.character()?, &options)))
        }
        _ => Err(arguments.wrong_number()),
    }
}
