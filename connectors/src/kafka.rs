//! Apache Kafka: [`KafkaSource`] reads topics, [`KafkaSink`] writes them, each exactly once where that is asked for.
//!
//! As Flink's Kafka connector. Settings that are Kafka's own are given by the names that Kafka's own clients have for
//! them ([`KafkaSource::property`], [`KafkaSink::property`]), security included; names that mean nothing here are
//! refused.

mod client;
mod partition;
mod sink;
mod source;

pub use client::{consumer_properties, producer_properties};
pub use partition::TopicPartition;
pub use sink::{
    DeliveryGuarantee, FunctionSerializer, JsonSerializer, KafkaCommittable, KafkaSink, KafkaWriter,
    KafkaWriterState, ProducerRecord, RecordSerializer,
};
pub use source::{
    BadRecord, BadRecordInfo, FunctionDeserializer, JsonDeserializer, KafkaReader, KafkaSource, KafkaSplit,
    OffsetResetStrategy, OffsetsInitializer, RecordDeserializer, RecordPreparation, RecordView,
    TextDeserializer, Topics,
};
