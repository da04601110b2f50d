//! What clients do with calls and replies that cannot be right: the documented error, and nothing else.

mod calls;
mod damage;
mod hub;
mod repeats;
mod replies;
mod server;
