//! The versions of a topic's schema.

use std::sync::Arc;

use super::schema::RecordSchema;

/// The schema versions of one topic, as listed by the service.
///
/// It only looks things up; loading and refreshing it is the caller's task.
#[derive(Clone, Debug, Default)]
pub struct SchemaRegistry {
    versions: Vec<(i32, Arc<RecordSchema>)>,
}

impl SchemaRegistry {
    /// Makes a registry without versions.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes a registry from the pages of a listing.
    pub fn from_pages<P, E>(pages: P) -> Self
    where
        P: IntoIterator<Item = E>,
        E: IntoIterator<Item = (i32, Arc<RecordSchema>)>,
    {
        let mut registry = Self::new();
        for (version, schema) in pages.into_iter().flatten() {
            registry.insert(version, schema);
        }
        registry
    }

    /// Makes the registry of a topic whose registry is switched off: its schema is version 0.
    pub fn of_topic(schema: Arc<RecordSchema>) -> Self {
        Self {
            versions: vec![(0, schema)],
        }
    }

    /// Adds a version, or replaces the schema that it had.
    pub fn insert(&mut self, version: i32, schema: Arc<RecordSchema>) {
        match self
            .versions
            .binary_search_by_key(&version, |(known, _)| *known)
        {
            Ok(place) => self.versions[place].1 = schema,
            Err(place) => self.versions.insert(place, (version, schema)),
        }
    }

    /// The version of a schema.
    ///
    /// Comments need not agree, but a version with the same comments is preferred; among several the
    /// newest is taken.
    pub fn version_of(&self, schema: &RecordSchema) -> Option<i32> {
        let mut same_layout = self
            .versions
            .iter()
            .rev()
            .filter(|(_, known)| known.has_layout_of(schema));
        let exact = same_layout.clone().find(|(_, known)| **known == *schema);
        exact
            .or_else(|| same_layout.next())
            .map(|(version, _)| *version)
    }

    /// The schema of a version.
    pub fn schema_of(&self, version: i32) -> Option<&Arc<RecordSchema>> {
        let place = self
            .versions
            .binary_search_by_key(&version, |(known, _)| *known)
            .ok()?;
        self.versions.get(place).map(|(_, schema)| schema)
    }

    /// The newest version.
    pub fn latest(&self) -> Option<(i32, &Arc<RecordSchema>)> {
        self.versions
            .last()
            .map(|(version, schema)| (*version, schema))
    }

    /// The number of versions.
    pub fn len(&self) -> usize {
        self.versions.len()
    }

    /// Whether no version is known.
    pub fn is_empty(&self) -> bool {
        self.versions.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::schema::{Field, FieldType};

    fn schema(name: &str, comment: &str) -> Arc<RecordSchema> {
        let field = Field::new(name, FieldType::BigInt).with_comment(comment);
        Arc::new(RecordSchema::new(vec![field]).unwrap())
    }

    #[test]
    fn an_exact_match_wins_over_a_newer_one_of_the_same_layout() {
        let pages = [
            vec![(0, schema("a", "old"))],
            vec![(1, schema("A", "new")), (2, schema("b", ""))],
        ];
        let registry = SchemaRegistry::from_pages(pages);
        assert_eq!(registry.version_of(&schema("a", "old")), Some(0));
        assert_eq!(registry.version_of(&schema("a", "other")), Some(1));
        assert_eq!(registry.version_of(&schema("c", "")), None);
        assert_eq!(registry.schema_of(2), Some(&schema("b", "")));
        assert_eq!(registry.schema_of(3), None);
        assert_eq!(registry.latest().map(|(version, _)| version), Some(2));
    }
}
