//! What clients do with calls and replies that cannot be right: the documented error, and nothing else.

mod calls;
mod damage;
mod fault_matrix;
mod fault_places;
mod hub;
mod repeats;
mod replies;
mod reply_bodies;
mod reply_records;
mod reply_transfer;
mod server;
