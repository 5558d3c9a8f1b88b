//! Makes of the records of a job the messages of NATS.

use std::marker::PhantomData;
use std::sync::Arc;

use bytes::Bytes;
use millstream_runtime::{Error, ErrorKind, Result};
use millstream_state::Record;

use super::DeliveryGuarantee;
use super::check::sound_subject;
use crate::nats::client::{Outgoing, header};

/// Makes of the records of a job the messages of NATS. As Flink's `SerializationSchema`.
pub trait MessageSerializer: Clone + Send + Sync + 'static {
    /// What it takes.
    type Record: Record;

    /// Appends what a record is in NATS: one message as a rule; several, or none, where it stands for rows.
    ///
    /// # Errors
    /// What is wrong with the record, where it cannot be written: the job fails.
    fn serialize(&mut self, record: Self::Record, messages: &mut Vec<NatsMessage>) -> Result<(), String>;
}

/// A message for NATS.
///
/// ```
/// use millstream::connectors::nats::NatsMessage;
///
/// let message = NatsMessage::new("30").subject("fruit.apples").header("unit", "kg");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NatsMessage {
    subject: Option<Arc<str>>,
    headers: Vec<(String, String)>,
    payload: Bytes,
}

impl NatsMessage {
    /// A message that holds this.
    pub fn new(payload: impl Into<Bytes>) -> Self {
        Self { payload: payload.into(), ..Self::default() }
    }

    /// Sets the subject; that of the sink unless set. The sink's stream must have it.
    #[must_use]
    pub fn subject(mut self, subject: impl Into<Arc<str>>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// Adds a header. Its name is of visible ASCII characters without `:`, its value of one line.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The message on its way, with what is not set taken from the sink.
    pub(super) fn outgoing(self, subject: &Arc<str>, guarantee: DeliveryGuarantee) -> Result<Outgoing> {
        let Self { subject: own, headers, payload } = self;
        if let Some(own) = &own {
            sound_subject(own)?;
        }
        for (name, value) in &headers {
            check_header(name, value, guarantee).map_err(|problem| {
                Error::new(ErrorKind::InvalidInput, format!("a message cannot be written to NATS: {problem}"))
            })?;
        }
        Ok(Outgoing { subject: own.unwrap_or_else(|| subject.clone()), headers, payload })
    }
}

fn check_header(name: &str, value: &str, guarantee: DeliveryGuarantee) -> Result<(), String> {
    header(name, value)?;
    let is_order = name.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("nats-"));
    if is_order && guarantee == DeliveryGuarantee::ExactlyOnce {
        return Err(format!(
            "the header '{name}' would tell the server what to do with it, which is the sink's to say when it writes exactly once"
        ));
    }
    Ok(())
}

/// Writes records as JSON.
#[derive(Debug)]
pub struct JsonSerializer<T>(PhantomData<fn(T)>);

impl<T> Clone for JsonSerializer<T> {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl<T> Default for JsonSerializer<T> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<T: Record> MessageSerializer for JsonSerializer<T> {
    type Record = T;

    fn serialize(&mut self, record: T, messages: &mut Vec<NatsMessage>) -> Result<(), String> {
        messages.push(NatsMessage::new(serde_json::to_vec(&record).map_err(|error| error.to_string())?));
        Ok(())
    }
}

/// Writes what a function makes of records.
pub struct FunctionSerializer<T, F> {
    function: F,
    _record: PhantomData<fn(T)>,
}

impl<T, F> FunctionSerializer<T, F> {
    pub(super) const fn new(function: F) -> Self {
        Self { function, _record: PhantomData }
    }
}

impl<T, F: Clone> Clone for FunctionSerializer<T, F> {
    fn clone(&self) -> Self {
        Self::new(self.function.clone())
    }
}

impl<T, F> MessageSerializer for FunctionSerializer<T, F>
where
    T: Record,
    F: Fn(T) -> NatsMessage + Clone + Send + Sync + 'static,
{
    type Record = T;

    #[inline]
    fn serialize(&mut self, record: T, messages: &mut Vec<NatsMessage>) -> Result<(), String> {
        messages.push((self.function)(record));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_that_no_server_takes_are_refused() {
        let outgoing = |message: NatsMessage, guarantee| {
            message.outgoing(&"s".into(), guarantee).map_err(|error| error.to_string())
        };
        let (least, exactly) = (DeliveryGuarantee::AtLeastOnce, DeliveryGuarantee::ExactlyOnce);
        let message = || NatsMessage::new("x");
        assert_eq!(&*outgoing(message(), least).unwrap().subject, "s");
        assert_eq!(&*outgoing(message().subject("a.b"), least).unwrap().subject, "a.b");
        assert!(outgoing(message().subject("a.*"), least).unwrap_err().contains("`a.*`"));
        assert!(outgoing(message().header("a b", ""), least).unwrap_err().contains("'a b'"));
        assert!(outgoing(message().header("a", "x\r\ny"), least).unwrap_err().contains("'a'"));
        let own_id = || message().header("nats-msg-id", "1");
        assert!(outgoing(own_id(), least).is_ok());
        assert!(outgoing(own_id(), exactly).unwrap_err().contains("'nats-msg-id'"));
    }
}
