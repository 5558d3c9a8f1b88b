//! What is wrong with an expression, where, and what helps.

/// Why a text is no expression of the faker connector.
///
/// ```
/// use millstream_sql::connectors::faker::Expression;
///
/// let error = Expression::parse("Müller #{number.numberBetween '1'}").unwrap_err();
/// assert_eq!(error.message(), "`Number.numberBetween` takes 'min','max', not 1 argument");
/// assert_eq!((error.offset(), error.column()), (10, 10));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message} (column {column} of the expression)")]
pub struct ExpressionError {
    message: String,
    offset: usize,
    column: usize,
}

impl ExpressionError {
    /// At this byte of an expression that [`located`](Self::located) will be given.
    pub(super) fn new(message: impl Into<String>, offset: usize) -> Self {
        Self { message: message.into(), offset, column: 1 }
    }

    /// With the column that its offset has in this expression.
    pub(super) fn located(self, expression: &str) -> Self {
        let before = expression.get(..self.offset).unwrap_or(expression);
        Self { column: before.chars().count() + 1, ..self }
    }

    /// What is wrong and what to do, without the place.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Where the mistake begins, in bytes from the beginning of the expression.
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// Where the mistake begins, as a human counts: in characters, from 1.
    pub fn column(&self) -> usize {
        self.column
    }
}
