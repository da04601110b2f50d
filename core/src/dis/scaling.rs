//! Changing the number of partitions.

use crate::error::Result;
use crate::operation::{Exchange, decode_json, encode_segment, with_json};
use crate::transport::{Request, Response};
use crate::{model, operation};

use super::{DisService, check, lenient};

/// Changes the number of partitions of a stream.
///
/// More partitions are added with the next free numbers; of fewer, those with the highest numbers
/// are closed for writing and stay readable until their records expire. The hashes are shared out
/// anew among the partitions that can be written to.
#[operation(
    service = DisService, PUT "/streams/{stream_name}", snake_case, custom,
    returns = UpdatePartitionCountResult
)]
pub struct UpdatePartitionCount {
    /// Name of the stream.
    #[check(check::stream)]
    pub stream_name: String,
    /// Number of partitions that the stream is to have, at least 1.
    #[check(check::positive)]
    pub target_partition_count: i32,
}

/// How the number of partitions changes. Not every version of the service reports it.
#[model(snake_case)]
pub struct UpdatePartitionCountResult {
    /// Name of the stream.
    #[serde(deserialize_with = "lenient::text")]
    #[default]
    pub stream_name: String,
    /// Number of partitions before.
    #[serde(deserialize_with = "lenient::integer")]
    #[default]
    pub current_partition_count: i32,
    /// Number of partitions that the stream is to have.
    #[serde(deserialize_with = "lenient::integer")]
    #[default]
    pub target_partition_count: i32,
    /// Id that the service gave to the request.
    #[skip]
    #[default]
    pub request_id: String,
}

#[derive(serde::Serialize)]
struct Body<'a> {
    stream_name: &'a str,
    target_partition_count: i32,
}

impl Exchange for UpdatePartitionCount {
    fn validate(&self) -> Result<()> {
        self.check()
    }

    fn encode(&self, _: &DisService) -> Result<Request> {
        let target = format!("/streams/{}", encode_segment(&self.stream_name));
        let body = Body {
            stream_name: &self.stream_name,
            target_partition_count: self.target_partition_count,
        };
        with_json(Request::new(http::Method::PUT, target), &body)
    }

    fn decode(&self, _: &DisService, response: Response) -> Result<UpdatePartitionCountResult> {
        if response.body.iter().all(u8::is_ascii_whitespace) {
            return Ok(UpdatePartitionCountResult::new());
        }
        decode_json(&response)
    }
}
