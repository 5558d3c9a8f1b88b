//! Properties, and the client against a broker in the same process.

#[cfg(feature = "kafka-fake-broker")]
mod broker;
mod settings;
