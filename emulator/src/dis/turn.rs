//! One request's hold of the state.

use super::journal;
use super::state::Project;
use crate::limits::Limits;
use crate::store::Change;

/// The state of one project while a request is answered, and the changes to store.
pub(crate) struct Turn<'a> {
    pub(crate) project: &'a mut Project,
    pub(crate) project_id: &'a str,
    /// The time, in milliseconds since 1970.
    pub(crate) now: i64,
    pub(crate) limits: Limits,
    pub(crate) secret: &'a [u8; 32],
    pub(crate) changes: Vec<Change>,
    /// Whether changes are stored at all.
    pub(crate) durable: bool,
}

impl Turn<'_> {
    /// Forgets records whose retention time is over.
    pub(crate) fn trim(&mut self) {
        for stream in self.project.streams.values_mut() {
            for (number, sequence_number) in stream.trim(self.now) {
                self.changes.push(journal::delete_record(
                    &stream.info.id,
                    number,
                    sequence_number,
                ));
            }
        }
    }
}
