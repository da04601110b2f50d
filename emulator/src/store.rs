//! What the emulator keeps: nothing but memory by default, an embedded database with a data directory.
//!
//! A service holds its state in memory and hands every change to its `Store` in the order in which it made them.
//! Changes are written by one thread, all that are waiting in one transaction, and `Store::flushed` waits until
//! everything handed over so far is on disk. A service that awaits it before each reply has acknowledged nothing
//! that a crash could take back.

mod database;

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;

use bytes::Bytes;
use tokio::sync::watch;

use database::Database;

/// One change of a service's stored entries. An entry is found by its kind and its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// Creates or replaces an entry.
    Put {
        /// Kind of the entry, a short name without NUL.
        kind: &'static str,
        /// Key of the entry; entries of one kind are scanned in the byte order of their keys.
        key: Vec<u8>,
        /// The entry itself.
        value: Bytes,
    },
    /// Removes an entry if it exists.
    Delete {
        /// Kind of the entry.
        kind: &'static str,
        /// Key of the entry.
        key: Vec<u8>,
    },
    /// Removes all entries of a kind whose key begins with `prefix`.
    DeletePrefix {
        /// Kind of the entries.
        kind: &'static str,
        /// Beginning of their keys; empty for all.
        prefix: Vec<u8>,
    },
    /// Removes everything that the service stored.
    Clear,
}

/// A stored entry as found at start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Kind of the entry.
    pub(crate) kind: String,
    /// Key of the entry.
    pub(crate) key: Vec<u8>,
    /// The entry itself.
    pub(crate) value: Bytes,
}

/// Why data could not be kept or read.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process, or another emulator of this process, uses the directory.
    #[error("the data directory {0} is in use by another emulator")]
    InUse(String),
    /// The directory holds something that this version cannot read.
    #[error("the data directory {path} cannot be read: {reason}")]
    Unreadable {
        /// The directory.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A stored entry makes no sense.
    #[error("a stored {kind} cannot be read: {reason}")]
    Corrupt {
        /// Kind of the entry.
        kind: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Writing failed; nothing more is accepted, because later changes would build on a lost one.
    #[error("the data could not be written: {0}")]
    WriteFailed(Arc<str>),
}

struct Batch {
    number: u64,
    service: &'static str,
    changes: Vec<Change>,
}

#[derive(Clone, Debug)]
enum Progress {
    Written(u64),
    Failed(Arc<str>),
}

struct Queue {
    last: u64,
    sender: Option<mpsc::Sender<Batch>>,
}

struct Shared {
    queue: Mutex<Queue>,
    progress: watch::Receiver<Progress>,
    database: Arc<Database>,
}

/// The stored entries of all services. Copies share one store.
#[derive(Clone)]
pub(crate) struct Storage {
    shared: Option<Arc<Shared>>,
    writer: Arc<Mutex<Option<JoinHandle<()>>>>,
}

impl Storage {
    /// Keeps nothing: every change is accepted and forgotten.
    pub(crate) fn memory() -> Self {
        Self {
            shared: None,
            writer: Arc::default(),
        }
    }

    /// Opens the database in `directory`, creating both if they do not exist.
    pub(crate) fn open(directory: &Path) -> Result<Self, StoreError> {
        let database = Arc::new(Database::open(directory)?);
        let (sender, receiver) = mpsc::channel();
        let (publish, progress) = watch::channel(Progress::Written(0));
        let writing = Arc::clone(&database);
        let writer = std::thread::Builder::new()
            .name("emulator-store".to_owned())
            .spawn(move || write_batches(&writing, &receiver, &publish))
            .map_err(|error| StoreError::WriteFailed(error.to_string().into()))?;
        let queue = Mutex::new(Queue {
            last: 0,
            sender: Some(sender),
        });
        Ok(Self {
            shared: Some(Arc::new(Shared {
                queue,
                progress,
                database,
            })),
            writer: Arc::new(Mutex::new(Some(writer))),
        })
    }

    /// The part of the store that belongs to one service.
    pub(crate) fn service(&self, service: &'static str) -> Store {
        Store {
            service,
            shared: self.shared.clone(),
        }
    }

    /// Writes what is waiting and closes the database. Blocks; later changes are refused.
    pub(crate) fn close(&self) {
        if let Some(shared) = &self.shared {
            lock(&shared.queue).sender = None;
        }
        if let Some(writer) = lock(&self.writer).take() {
            // A panic of the writer has been reported to every waiting request already.
            let _ = writer.join();
        }
        if let Some(shared) = &self.shared {
            shared.database.close();
        }
    }
}

/// The stored entries of one service.
#[derive(Clone)]
pub(crate) struct Store {
    service: &'static str,
    shared: Option<Arc<Shared>>,
}

impl Store {
    /// Whether changes are kept at all.
    pub(crate) fn is_durable(&self) -> bool {
        self.shared.is_some()
    }

    /// All entries of the service, ordered by kind and key.
    pub(crate) fn scan(&self) -> Result<Vec<Entry>, StoreError> {
        match &self.shared {
            None => Ok(Vec::new()),
            Some(shared) => shared.database.scan(self.service),
        }
    }

    /// Hands over changes, all of which will be written or none. Never blocks.
    ///
    /// Call it while holding the lock under which the state was changed, so that changes are written in the order
    /// in which they happened.
    pub(crate) fn submit(&self, changes: Vec<Change>) {
        let Some(shared) = &self.shared else { return };
        if changes.is_empty() {
            return;
        }
        let mut queue = lock(&shared.queue);
        queue.last += 1;
        let batch = Batch {
            number: queue.last,
            service: self.service,
            changes,
        };
        if let Some(sender) = &queue.sender {
            // Without a writer the progress says why, and flushed() reports it.
            let _ = sender.send(batch);
        }
    }

    /// Waits until everything submitted so far is on disk.
    pub(crate) async fn flushed(&self) -> Result<(), StoreError> {
        let Some(shared) = &self.shared else {
            return Ok(());
        };
        let target = lock(&shared.queue).last;
        let mut progress = shared.progress.clone();
        let reached = progress
            .wait_for(|progress| match progress {
                Progress::Written(number) => *number >= target,
                Progress::Failed(_) => true,
            })
            .await;
        match reached.as_deref() {
            Ok(Progress::Written(_)) => Ok(()),
            Ok(Progress::Failed(reason)) => Err(StoreError::WriteFailed(Arc::clone(reason))),
            Err(_) => Err(StoreError::WriteFailed("the store is closed".into())),
        }
    }
}

/// Changes of one transaction: enough to share the cost of a disk flush, few enough to keep replies quick.
const BATCHES_PER_TRANSACTION: usize = 1024;

fn write_batches(
    database: &Database,
    receiver: &mpsc::Receiver<Batch>,
    publish: &watch::Sender<Progress>,
) {
    while let Ok(first) = receiver.recv() {
        let mut batches = vec![first];
        while batches.len() < BATCHES_PER_TRANSACTION {
            let Ok(next) = receiver.try_recv() else { break };
            batches.push(next);
        }
        let last = batches.last().map_or(0, |batch| batch.number);
        let changes = batches
            .iter()
            .map(|batch| (batch.service, batch.changes.as_slice()));
        match database.write(changes) {
            Ok(()) => publish.send_replace(Progress::Written(last)),
            Err(reason) => {
                tracing::error!(%reason, "the emulator's data could not be written");
                publish.send_replace(Progress::Failed(reason.into()));
                return;
            }
        };
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Store {
        /// Submits changes and waits until they are on disk.
        async fn commit(&self, changes: Vec<Change>) -> Result<(), StoreError> {
            self.submit(changes);
            self.flushed().await
        }
    }

    fn put(kind: &'static str, key: &[u8], value: &'static [u8]) -> Change {
        Change::Put {
            kind,
            key: key.to_vec(),
            value: Bytes::from_static(value),
        }
    }

    fn keys(store: &Store) -> Vec<(String, Vec<u8>)> {
        store
            .scan()
            .expect("scan")
            .into_iter()
            .map(|entry| (entry.kind, entry.key))
            .collect()
    }

    #[tokio::test]
    async fn committed_changes_are_found_again() {
        let directory = tempfile::tempdir().expect("tempdir");
        let storage = Storage::open(directory.path()).expect("open");
        let store = storage.service("one");
        store
            .commit(vec![
                put("a", b"1", b"x"),
                put("a", b"2", b"y"),
                put("b", b"1", b"z"),
            ])
            .await
            .expect("commit");
        storage
            .service("two")
            .commit(vec![put("a", b"1", b"other")])
            .await
            .expect("commit");
        store
            .commit(vec![Change::Delete {
                kind: "a",
                key: b"2".to_vec(),
            }])
            .await
            .expect("commit");
        storage.close();
        drop((storage, store));

        let storage = Storage::open(directory.path()).expect("open again");
        let store = storage.service("one");
        assert_eq!(
            keys(&store),
            [
                ("a".to_owned(), b"1".to_vec()),
                ("b".to_owned(), b"1".to_vec())
            ]
        );
        assert_eq!(store.scan().expect("scan")[0].value, "x");
        store.commit(vec![Change::Clear]).await.expect("clear");
        assert_eq!(keys(&store), []);
        assert_eq!(keys(&storage.service("two")).len(), 1);
        storage.close();
    }

    #[tokio::test]
    async fn a_prefix_removes_only_what_begins_with_it() {
        let directory = tempfile::tempdir().expect("tempdir");
        let storage = Storage::open(directory.path()).expect("open");
        let store = storage.service("s");
        let all = vec![
            put("r", b"\x01\xff", b""),
            put("r", b"\x01\xff\x00", b""),
            put("r", b"\x02", b""),
        ];
        store.commit(all).await.expect("commit");
        let prefix = Change::DeletePrefix {
            kind: "r",
            prefix: b"\x01\xff".to_vec(),
        };
        store.commit(vec![prefix]).await.expect("commit");
        assert_eq!(keys(&store), [("r".to_owned(), b"\x02".to_vec())]);
        storage.close();
    }

    #[test]
    fn a_directory_is_used_once_at_a_time() {
        let directory = tempfile::tempdir().expect("tempdir");
        let first = Storage::open(directory.path()).expect("open");
        assert!(matches!(
            Storage::open(directory.path()),
            Err(StoreError::InUse(_))
        ));
        first.close();
        Storage::open(directory.path()).expect("free again").close();
    }

    #[test]
    fn a_foreign_file_is_refused() {
        let directory = tempfile::tempdir().expect("tempdir");
        std::fs::write(
            directory.path().join("emulator.redb"),
            b"this is no database at all",
        )
        .expect("write");
        assert!(matches!(
            Storage::open(directory.path()),
            Err(StoreError::Unreadable { .. })
        ));
    }

    #[tokio::test]
    async fn a_closed_store_refuses_changes() {
        let directory = tempfile::tempdir().expect("tempdir");
        let storage = Storage::open(directory.path()).expect("open");
        let store = storage.service("s");
        storage.close();
        assert!(matches!(
            store.commit(vec![put("a", b"1", b"")]).await,
            Err(StoreError::WriteFailed(_))
        ));
    }

    #[tokio::test]
    async fn memory_keeps_nothing_and_never_waits() {
        let store = Storage::memory().service("s");
        store
            .commit(vec![put("a", b"1", b"")])
            .await
            .expect("commit");
        assert!(!store.is_durable());
        assert_eq!(keys(&store), []);
    }
}
