//! The attributes of a record.

use std::collections::HashMap;

use super::chunk::{Chunk, Span};

/// Up to this many attributes a repeated key is looked for one by one.
const FEW: usize = 16;

/// Collects the attributes of one record: a repeated key keeps its first place and takes the last value.
///
/// The keys are hashed once there are many, so that a hostile record costs linear time.
#[derive(Default)]
pub(crate) struct Collector {
    seen: HashMap<Vec<u8>, usize>,
}

impl Collector {
    /// Adds an attribute to those of the record that begin at `start` in `list`.
    pub(crate) fn add(
        &mut self,
        list: &mut Vec<(Span, Span)>,
        start: usize,
        body: &[u8],
        key: Span,
        value: Span,
    ) {
        let bytes = |span: Span| body.get(span.range()).unwrap_or_default();
        let count = list.len() - start;
        if count < FEW {
            match list[start..]
                .iter_mut()
                .find(|(known, _)| bytes(*known) == bytes(key))
            {
                Some(known) => known.1 = value,
                None => list.push((key, value)),
            }
            return;
        }
        if self.seen.is_empty() {
            self.seen = list[start..]
                .iter()
                .enumerate()
                .map(|(place, (key, _))| (bytes(*key).to_vec(), place))
                .collect();
        }
        match self.seen.get(bytes(key)) {
            Some(place) => list[start + place].1 = value,
            None => {
                self.seen.insert(bytes(key).to_vec(), count);
                list.push((key, value));
            }
        }
    }

    /// Ends the record.
    pub(crate) fn finish(&mut self) {
        if !self.seen.is_empty() {
            self.seen = HashMap::new();
        }
    }
}

/// The attributes of a record in their order, every key once.
#[derive(Clone, Debug)]
pub struct Attributes<'a> {
    chunk: Option<&'a Chunk>,
    spans: std::slice::Iter<'a, (Span, Span)>,
}

impl<'a> Attributes<'a> {
    pub(crate) fn of(chunk: &'a Chunk, row: usize) -> Self {
        Self {
            chunk: Some(chunk),
            spans: chunk.row_attributes(row).iter(),
        }
    }

    pub(crate) fn none() -> Self {
        Self {
            chunk: None,
            spans: [].iter(),
        }
    }
}

impl<'a> Iterator for Attributes<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        let chunk = self.chunk?;
        let (key, value) = self.spans.next()?;
        Some((chunk.body_text(*key), chunk.body_text(*value)))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.spans.size_hint()
    }
}

impl ExactSizeIterator for Attributes<'_> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_key_keeps_its_place_and_takes_the_last_value() {
        for count in [1, FEW - 1, FEW, FEW + 1, 3 * FEW] {
            let before = (Span::NULL, Span::NULL);
            let (mut list, mut body) = (vec![before], Vec::new());
            let mut collector = Collector::default();
            for round in [0, 100] {
                for key in 0..count as u8 {
                    let place = body.len();
                    body.extend_from_slice(&[key, key + round]);
                    let (key, value) = (Span::new(place, 1), Span::new(place + 1, 1));
                    collector.add(&mut list, 1, &body, key, value);
                }
            }
            let byte = |span: Span| body[span.range()][0];
            let found: Vec<(u8, u8)> = list[1..]
                .iter()
                .map(|(key, value)| (byte(*key), byte(*value)))
                .collect();
            let wanted: Vec<(u8, u8)> = (0..count as u8).map(|key| (key, key + 100)).collect();
            assert_eq!(found, wanted);
            assert_eq!(list[0], before);
            collector.finish();
            assert!(collector.seen.is_empty());
        }
    }
}
