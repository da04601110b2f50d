//! The order of names and values in what is signed.

use std::borrow::Cow;
use std::cmp::Ordering;

/// A name and its value.
pub(super) type Pair<'a> = (Cow<'a, str>, Cow<'a, str>);

/// What counts for the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// Names; pairs of one name stay as they are.
    Names,
    /// Names, then values.
    #[cfg(feature = "dis")]
    Values,
}

/// Sorts pairs. All signatures share it, because each sort of other pairs is several kilobytes of code.
#[inline(never)]
pub(super) fn sort(pairs: &mut [Pair<'_>], order: Order) {
    pairs.sort_by(|left, right| {
        let names = left.0.cmp(&right.0);
        names.then_with(|| match order {
            Order::Names => Ordering::Equal,
            #[cfg(feature = "dis")]
            Order::Values => left.1.cmp(&right.1),
        })
    });
}
