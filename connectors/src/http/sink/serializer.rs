//! Makes bytes of records.

use std::marker::PhantomData;

use millstream_state::Record;

pub(super) const JSON: &str = "application/json";

/// Makes bytes of records.
pub trait RecordSerializer: Clone + Send + Sync + 'static {
    /// What is sent.
    type Record: Record;

    /// Adds the bytes of a record: once for each that counts as one where records are sent one by one, or in batches of so
    /// many.
    ///
    /// # Errors
    /// What is wrong with the record; the job fails then.
    fn serialize(&mut self, record: Self::Record, into: &mut Vec<Vec<u8>>) -> Result<(), String>;

    /// The media type of the bytes, if it is known.
    fn content_type(&self) -> Option<&'static str> {
        None
    }
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

impl<T: Record> RecordSerializer for JsonSerializer<T> {
    type Record = T;

    fn serialize(&mut self, record: T, into: &mut Vec<Vec<u8>>) -> Result<(), String> {
        into.push(serde_json::to_vec(&record).map_err(|error| error.to_string())?);
        Ok(())
    }

    fn content_type(&self) -> Option<&'static str> {
        Some(JSON)
    }
}

/// Writes records with a function.
pub struct FunctionSerializer<T, F> {
    function: F,
    record: PhantomData<fn(T)>,
}

impl<T, F> FunctionSerializer<T, F> {
    pub(super) const fn new(function: F) -> Self {
        Self { function, record: PhantomData }
    }
}

impl<T, F: Clone> Clone for FunctionSerializer<T, F> {
    fn clone(&self) -> Self {
        Self::new(self.function.clone())
    }
}

impl<T, F> RecordSerializer for FunctionSerializer<T, F>
where
    T: Record,
    F: Fn(T) -> Vec<u8> + Clone + Send + Sync + 'static,
{
    type Record = T;

    fn serialize(&mut self, record: T, into: &mut Vec<Vec<u8>>) -> Result<(), String> {
        into.push((self.function)(record));
        Ok(())
    }
}
