//! What a call must look like, and what it gives.

use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;

use crate::error::{SqlError, SqlResult};
use crate::plan::{Expression, ExpressionKind};
use crate::types::{Field, MAXIMUM_LENGTH, SqlType, can_cast_implicitly, common_type};

/// What a call must look like, and what it gives.
pub enum Signature {
    /// So many parameters, of these types.
    Of {
        /// Their types, in order.
        parameters: &'static [Parameter],
        /// How many must be there; the others may be left out.
        required: usize,
        /// The result.
        returns: Returns,
    },
    /// Any number from `required` on of the same kind.
    Repeated {
        /// The type of each.
        parameter: Parameter,
        /// How many must be there.
        required: usize,
        /// The result.
        returns: Returns,
    },
    /// Whatever this function accepts. It casts arguments as it needs them.
    Custom(fn(&mut Call) -> SqlResult<Field>),
}

/// What an argument must be. What can be cast implicitly to it, is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parameter {
    /// CHAR or VARCHAR.
    Text,
    /// BINARY or VARBINARY.
    Binary,
    /// BOOLEAN.
    Boolean,
    /// TINYINT to INT, which the kernel sees as INT.
    Int,
    /// TINYINT to BIGINT, which the kernel sees as BIGINT.
    BigInt,
    /// Any number, which the kernel sees as DOUBLE.
    Double,
    /// Any number, as it is.
    Numeric,
    /// TIMESTAMP or TIMESTAMP_LTZ, as it is.
    Timestamp,
    /// DATE.
    Date,
    /// Anything, as it is.
    Any,
}

/// The type of a result. It may be NULL where an argument may be, unless it says otherwise.
#[derive(Clone, Debug)]
pub enum Returns {
    /// This type.
    Type(SqlType),
    /// This type, and NULL also where no argument is.
    Nullable(SqlType),
    /// This type, and never NULL.
    Required(SqlType),
    /// The type of an argument.
    SameAs(usize),
    /// What this makes of the call, whose arguments have been cast.
    Computed(fn(&Call) -> Field),
}

/// A call that is being checked.
pub struct Call {
    name: &'static str,
    /// The arguments; a signature replaces them by casts to what it needs.
    pub arguments: Vec<Expression>,
    written: Vec<Field>,
}

impl Call {
    /// A call of the function of this name.
    pub fn new(name: &'static str, arguments: Vec<Expression>) -> Self {
        let written = arguments.iter().map(|argument| argument.field.clone()).collect();
        Self { name, arguments, written }
    }

    /// The type of an argument; NULL where there is none.
    pub fn data_type(&self, index: usize) -> SqlType {
        self.arguments.get(index).map_or(SqlType::Null, |argument| argument.field.data_type.clone())
    }

    /// Whether an argument may be NULL.
    pub fn is_nullable(&self, index: usize) -> bool {
        self.arguments.get(index).is_some_and(|argument| argument.field.nullable)
    }

    /// The length of an argument's type, which is CHAR(n) or VARCHAR(n).
    pub fn text_length(&self, index: usize) -> u32 {
        match self.data_type(index) {
            SqlType::Char(length) | SqlType::VarChar(length) => length,
            _ => MAXIMUM_LENGTH,
        }
    }

    /// The value of an argument of type INT, if it is a constant that is not NULL.
    pub fn constant_int(&self, index: usize) -> Option<i32> {
        int_of(self.arguments.get(index)?)
    }

    /// VARCHAR as long as the first argument; it may be NULL where an argument may be.
    pub fn as_long_as_first(&self) -> Field {
        Field::new(SqlType::VarChar(self.text_length(0)), self.any_nullable())
    }

    /// Casts an argument.
    pub fn cast(&mut self, index: usize, data_type: &SqlType) {
        if let Some(argument) = self.arguments.get_mut(index) {
            *argument = argument.clone().cast_to(data_type);
        }
    }

    /// Casts all arguments.
    pub fn cast_all(&mut self, data_type: &SqlType) {
        (0..self.arguments.len()).for_each(|index| self.cast(index, data_type));
    }

    /// Whether any argument may be NULL.
    pub fn any_nullable(&self) -> bool {
        self.arguments.iter().any(|argument| argument.field.nullable)
    }

    /// Checks how many arguments there are.
    ///
    /// # Errors
    /// If there are fewer than `minimum` or more than `maximum`.
    pub fn expect_count(&self, minimum: usize, maximum: usize) -> SqlResult<()> {
        let count = self.arguments.len();
        if (minimum..=maximum).contains(&count) {
            return Ok(());
        }
        let expected = match (minimum, maximum) {
            (minimum, usize::MAX) => format!("at least {minimum}"),
            (minimum, maximum) if minimum == maximum => minimum.to_string(),
            (minimum, maximum) => format!("{minimum} to {maximum}"),
        };
        let name = self.name;
        Err(SqlError::validation(format!(
            "Invalid number of arguments to function '{name}'. Was expecting {expected} arguments, found {count}"
        )))
    }

    /// Casts an argument to what a parameter wants.
    ///
    /// # Errors
    /// If it cannot be cast implicitly.
    pub fn expect(&mut self, index: usize, parameter: Parameter) -> SqlResult<()> {
        use SqlType::{BigInt, Boolean, Date, Double, Int};
        let actual = self.data_type(index);
        let target = match parameter {
            Parameter::Any => return Ok(()),
            Parameter::Text if actual.is_text() => return Ok(()),
            Parameter::Binary if actual.is_binary() => return Ok(()),
            Parameter::Numeric if actual.is_numeric() => return Ok(()),
            Parameter::Timestamp if actual.is_timestamp() => return Ok(()),
            Parameter::Text => SqlType::STRING,
            Parameter::Binary => SqlType::BYTES,
            Parameter::Boolean => Boolean,
            Parameter::Int => Int,
            Parameter::BigInt => BigInt,
            Parameter::Double | Parameter::Numeric => Double,
            Parameter::Date => Date,
            Parameter::Timestamp => SqlType::Timestamp(3, Default::default()),
        };
        if !can_cast_implicitly(&actual, &target) {
            return Err(self.mismatch());
        }
        self.cast(index, &target);
        Ok(())
    }

    /// Casts the arguments from this one on to the type that they have in common.
    ///
    /// # Errors
    /// If they have none.
    pub fn expect_common(&mut self, from: usize) -> SqlResult<SqlType> {
        let types = self.arguments.iter().skip(from).map(|argument| argument.field.data_type.clone());
        let common = types.map(Some).reduce(|left, right| common_type(&left?, &right?));
        let common = common.flatten().ok_or_else(|| self.mismatch())?;
        (from..self.arguments.len()).for_each(|index| self.cast(index, &common));
        Ok(common)
    }

    /// The error that says that the arguments do not fit, in Flink's words.
    pub fn mismatch(&self) -> SqlError {
        let name = self.name;
        let types: Vec<_> = self.written.iter().map(|field| format!("<{}>", field.data_type)).collect();
        let written = match types.as_slice() {
            [left, right] if !name.starts_with(|first: char| first.is_ascii_alphabetic()) => {
                format!("{left} {name} {right}")
            }
            _ => format!("{name}({})", types.join(", ")),
        };
        SqlError::validation(format!("Cannot apply '{name}' to arguments of type '{written}'"))
    }
}

/// A constant, or the negative of one: the sign is an operator until constants are folded.
fn int_of(expression: &Expression) -> Option<i32> {
    if let ExpressionKind::Call { function, arguments } = &expression.kind {
        return match arguments.as_slice() {
            [operand] if function.name == "-" => int_of(operand)?.checked_neg(),
            _ => None,
        };
    }
    let constant = expression.as_constant()?;
    let values = constant.array().as_primitive_opt::<Int32Type>()?;
    (!constant.is_null()).then(|| values.value(0))
}

impl Signature {
    /// Exactly these parameters.
    pub const fn of(parameters: &'static [Parameter], returns: Returns) -> Self {
        Self::Of { parameters, required: parameters.len(), returns }
    }

    /// These parameters, of which the last may be left out from `required` on.
    pub const fn optional(parameters: &'static [Parameter], required: usize, returns: Returns) -> Self {
        Self::Of { parameters, required, returns }
    }

    /// Checks a call and casts its arguments.
    ///
    /// # Errors
    /// If they do not fit.
    pub fn check(&self, call: &mut Call) -> SqlResult<Field> {
        let returns = match self {
            Self::Custom(check) => return check(call),
            Self::Of { parameters, required, returns } => {
                call.expect_count(*required, parameters.len())?;
                for (index, parameter) in parameters.iter().take(call.arguments.len()).enumerate() {
                    call.expect(index, *parameter)?;
                }
                returns
            }
            Self::Repeated { parameter, required, returns } => {
                call.expect_count(*required, usize::MAX)?;
                (0..call.arguments.len()).try_for_each(|index| call.expect(index, *parameter))?;
                returns
            }
        };
        let nullable = call.any_nullable();
        Ok(match returns {
            Returns::Type(data_type) => Field::new(data_type.clone(), nullable),
            Returns::Nullable(data_type) => Field::nullable(data_type.clone()),
            Returns::Required(data_type) => Field::required(data_type.clone()),
            Returns::Computed(field) => field(call),
            Returns::SameAs(index) => Field::new(call.data_type(*index), nullable),
        })
    }
}
