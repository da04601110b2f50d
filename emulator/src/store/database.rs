//! The embedded database behind a data directory.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use redb::{DatabaseError, ReadableDatabase, ReadableTable, TableDefinition};

use super::{Change, Entry, StoreError};

/// Name of the database file in the data directory.
const FILE_NAME: &str = "emulator.redb";

/// Version of the layout of keys and values.
const LAYOUT: &[u8] = b"1";

/// One table for all services; a key is `service NUL kind NUL key`.
const ENTRIES: TableDefinition<&[u8], &[u8]> = TableDefinition::new("entries");

/// Key of the layout version; no service has an empty name.
const LAYOUT_KEY: &[u8] = b"\0layout";

pub(super) struct Database {
    path: String,
    open: Mutex<Option<redb::Database>>,
}

impl Database {
    pub(super) fn open(directory: &Path) -> Result<Self, StoreError> {
        let path = directory.display().to_string();
        let unreadable = |reason: String| StoreError::Unreadable {
            path: path.clone(),
            reason,
        };
        std::fs::create_dir_all(directory).map_err(|error| unreadable(error.to_string()))?;
        let mut builder = redb::Database::builder();
        builder
            .set_cache_size(64 << 20)
            .set_check_integrity_on_open(true);
        let database = match builder.create(directory.join(FILE_NAME)) {
            Ok(database) => database,
            Err(DatabaseError::DatabaseAlreadyOpen) => return Err(StoreError::InUse(path)),
            Err(error) => return Err(unreadable(error.to_string())),
        };
        check_layout(&database).map_err(unreadable)?;
        Ok(Self {
            path,
            open: Mutex::new(Some(database)),
        })
    }

    pub(super) fn close(&self) {
        *self.open.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    pub(super) fn scan(&self, service: &str) -> Result<Vec<Entry>, StoreError> {
        let scanned =
            self.with_open(|database| scan(database, service).map_err(|error| error.to_string()));
        scanned.map_err(|reason| StoreError::Unreadable {
            path: self.path.clone(),
            reason,
        })
    }

    pub(super) fn write<'a>(
        &self,
        batches: impl Iterator<Item = (&'static str, &'a [Change])>,
    ) -> Result<(), String> {
        self.with_open(|database| write(database, batches).map_err(|error| error.to_string()))
    }

    fn with_open<T>(
        &self,
        action: impl FnOnce(&redb::Database) -> Result<T, String>,
    ) -> Result<T, String> {
        match self
            .open
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .as_ref()
        {
            Some(database) => action(database),
            None => Err("the store is closed".to_owned()),
        }
    }
}

fn check_layout(database: &redb::Database) -> Result<(), String> {
    let check = || -> Result<Option<Vec<u8>>, redb::Error> {
        let transaction = database.begin_write()?;
        let found = {
            let mut table = transaction.open_table(ENTRIES)?;
            let found = table.get(LAYOUT_KEY)?.map(|value| value.value().to_vec());
            if found.is_none() {
                table.insert(LAYOUT_KEY, LAYOUT)?;
            }
            found
        };
        transaction.commit()?;
        Ok(found)
    };
    match check().map_err(|error| error.to_string())? {
        Some(found) if found != LAYOUT => Err(format!(
            "its layout {:?} is not known to this version",
            String::from_utf8_lossy(&found)
        )),
        _ => Ok(()),
    }
}

fn write<'a>(
    database: &redb::Database,
    batches: impl Iterator<Item = (&'static str, &'a [Change])>,
) -> Result<(), redb::Error> {
    let transaction = database.begin_write()?;
    {
        let mut table = transaction.open_table(ENTRIES)?;
        for (service, changes) in batches {
            for change in changes {
                apply(&mut table, service, change)?;
            }
        }
    }
    transaction.commit()?;
    Ok(())
}

fn apply(
    table: &mut redb::Table<'_, &[u8], &[u8]>,
    service: &str,
    change: &Change,
) -> Result<(), redb::Error> {
    match change {
        Change::Put { kind, key, value } => {
            table.insert(full_key(service, kind, key).as_slice(), value.as_ref())?;
        }
        Change::Delete { kind, key } => {
            table.remove(full_key(service, kind, key).as_slice())?;
        }
        Change::DeletePrefix { kind, prefix } => {
            delete_prefix(table, &full_key(service, kind, prefix))?;
        }
        Change::Clear => delete_prefix(table, &service_key(service))?,
    }
    Ok(())
}

fn delete_prefix(
    table: &mut redb::Table<'_, &[u8], &[u8]>,
    prefix: &[u8],
) -> Result<(), redb::Error> {
    match end_of(prefix) {
        Some(end) => table.retain_in(prefix..end.as_slice(), |_, _| false)?,
        None => table.retain_in(prefix.., |_, _| false)?,
    }
    Ok(())
}

/// The smallest key above all keys that begin with `prefix`.
fn end_of(prefix: &[u8]) -> Option<Vec<u8>> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if last < u8::MAX {
            end.push(last + 1);
            return Some(end);
        }
    }
    None
}

fn scan(database: &redb::Database, service: &str) -> Result<Vec<Entry>, redb::Error> {
    let transaction = database.begin_read()?;
    let table = transaction.open_table(ENTRIES)?;
    let prefix = service_key(service);
    let mut entries = Vec::new();
    for row in table.range(prefix.as_slice()..)? {
        let (key, value) = row?;
        let Some(rest) = key.value().strip_prefix(prefix.as_slice()) else {
            break;
        };
        let Some(separator) = rest.iter().position(|byte| *byte == 0) else {
            continue;
        };
        entries.push(Entry {
            kind: String::from_utf8_lossy(&rest[..separator]).into_owned(),
            key: rest[separator + 1..].to_vec(),
            value: Bytes::copy_from_slice(value.value()),
        });
    }
    Ok(entries)
}

fn service_key(service: &str) -> Vec<u8> {
    let mut key = service.as_bytes().to_vec();
    key.push(0);
    key
}

fn full_key(service: &str, kind: &str, key: &[u8]) -> Vec<u8> {
    let mut full = Vec::with_capacity(service.len() + kind.len() + key.len() + 2);
    full.extend_from_slice(service.as_bytes());
    full.push(0);
    full.extend_from_slice(kind.as_bytes());
    full.push(0);
    full.extend_from_slice(key);
    full
}
