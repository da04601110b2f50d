//! The header `Date` of requests, whose text changes once per second.

use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use http::HeaderValue;
use http::header::DATE;

use crate::error::Result;
use crate::transport::header_value;

/// The date that was written last, and its second.
#[derive(Debug, Default)]
pub(super) struct LastDate(Mutex<Option<(u64, HeaderValue)>>);

impl LastDate {
    /// The value of the header for a time.
    pub(super) fn header(&self, time: SystemTime) -> Result<HeaderValue> {
        let second = time
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_secs();
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((written, value)) = &*last
            && *written == second
        {
            return Ok(value.clone());
        }
        let value = header_value(&DATE, &httpdate::fmt_http_date(time))?;
        *last = Some((second, value.clone()));
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_date_is_that_of_its_second() {
        let last = LastDate::default();
        let table = [
            (1_700_035_200_000, "Wed, 15 Nov 2023 08:00:00 GMT"),
            (1_700_035_200_999, "Wed, 15 Nov 2023 08:00:00 GMT"),
            (1_700_035_201_000, "Wed, 15 Nov 2023 08:00:01 GMT"),
            (1_700_035_199_999, "Wed, 15 Nov 2023 07:59:59 GMT"),
        ];
        for (milliseconds, text) in table {
            let time = UNIX_EPOCH + Duration::from_millis(milliseconds);
            assert_eq!(last.header(time).unwrap(), text);
        }
    }
}
