//! What holds for all records, and for all bytes.

#[path = "properties/arrow.rs"]
mod arrow;
#[path = "properties/damage.rs"]
mod damage;
#[path = "properties/odd_replies.rs"]
mod odd_replies;
#[path = "properties/records.rs"]
mod records;
#[path = "properties/round_trips.rs"]
mod round_trips;
