//! DataHub over HTTP.

mod batches;
mod bounds;
mod client;
mod connectors;
mod control;
mod exchange;
mod faults;
mod groups;
mod groups_of_kafka;
mod malformed;
mod messages;
mod records;
mod shards;
mod subscriptions;
mod vectors;
mod wire;
