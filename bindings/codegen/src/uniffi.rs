//! Renders the façade of this language.

use crate::Output;

/// All generated files of this language.
pub(crate) fn render() -> Vec<Output> {
    Vec::new()
}
