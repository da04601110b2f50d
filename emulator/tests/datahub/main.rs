//! DataHub over HTTP.

mod client;
mod control;
mod malformed;

mod messages;
mod records;
mod shards;
mod subscriptions;
