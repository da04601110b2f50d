//! What is remembered of the topics that were used last.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::place::Topic;

/// Most topics that a client remembers something of. With more, those that were used longest ago are forgotten and
/// asked about again.
const MOST_TOPICS: usize = 1024;

/// Something for each of the topics that were used last.
#[derive(Debug)]
pub(super) struct Recent<T> {
    entries: Mutex<Entries<T>>,
}

#[derive(Debug)]
struct Entries<T> {
    topics: HashMap<(String, String), Entry<T>>,
    uses: u64,
}

#[derive(Debug)]
struct Entry<T> {
    value: T,
    used: u64,
}

impl<T> Default for Recent<T> {
    fn default() -> Self {
        Self {
            entries: Mutex::new(Entries {
                topics: HashMap::new(),
                uses: 0,
            }),
        }
    }
}

impl<T: Clone> Recent<T> {
    fn lock(&self) -> MutexGuard<'_, Entries<T>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is remembered of a topic.
    pub(super) fn get(&self, topic: Topic<'_>) -> Option<T> {
        let mut entries = self.lock();
        entries.uses += 1;
        let used = entries.uses;
        let entry = entries.topics.get_mut(&topic.key())?;
        entry.used = used;
        Some(entry.value.clone())
    }

    /// Remembers something of a topic.
    pub(super) fn insert(&self, topic: Topic<'_>, value: T) {
        self.lock().insert(topic.key(), value);
    }

    /// What is remembered of a topic; its default if that is nothing.
    pub(super) fn get_or_default(&self, topic: Topic<'_>) -> T
    where
        T: Default,
    {
        if let Some(value) = self.get(topic) {
            return value;
        }
        let mut entries = self.lock();
        let key = topic.key();
        // Another thread may have been here since.
        if let Some(entry) = entries.topics.get(&key) {
            return entry.value.clone();
        }
        let value = T::default();
        entries.insert(key, value.clone());
        value
    }

    /// Forgets a topic.
    pub(super) fn forget(&self, topic: Topic<'_>) {
        self.lock().topics.remove(&topic.key());
    }
}

impl<T> Entries<T> {
    fn insert(&mut self, key: (String, String), value: T) {
        self.uses += 1;
        let used = self.uses;
        if self.topics.len() >= MOST_TOPICS && !self.topics.contains_key(&key) {
            let oldest = self.topics.iter().min_by_key(|(_, entry)| entry.used);
            if let Some(oldest) = oldest.map(|(key, _)| key.clone()) {
                self.topics.remove(&oldest);
            }
        }
        self.topics.insert(key, Entry { value, used });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_topic_that_was_used_longest_ago_goes_first() {
        let recent = Recent::default();
        let names: Vec<_> = (0..=MOST_TOPICS).map(|number| number.to_string()).collect();
        let topic = |number: usize| Topic::new("shop", &names[number]);
        for number in 0..MOST_TOPICS {
            recent.insert(topic(number), number);
        }
        assert_eq!(recent.get(topic(0)), Some(0));
        recent.insert(topic(MOST_TOPICS), MOST_TOPICS);
        assert_eq!(recent.lock().topics.len(), MOST_TOPICS);
        assert_eq!(recent.get(topic(1)), None);
        for number in [0, 2, MOST_TOPICS] {
            assert_eq!(recent.get(topic(number)), Some(number));
        }
        // What is there already takes no other's place.
        recent.insert(topic(2), 7);
        assert_eq!(recent.lock().topics.len(), MOST_TOPICS);
        assert_eq!(recent.get_or_default(topic(2)), 7);
        assert_eq!(recent.get_or_default(topic(1)), 0);
        recent.forget(Topic::new("SHOP", "2"));
        assert_eq!(recent.get(topic(2)), None);
    }
}
