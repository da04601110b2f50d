//! DataHub over HTTP.

mod client;
mod control;

mod messages;
mod records;
mod shards;
mod subscriptions;
