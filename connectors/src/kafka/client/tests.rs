//! Properties, and the client against a broker in the same process.

mod broker;
mod settings;
