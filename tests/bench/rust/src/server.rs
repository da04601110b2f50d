//! A server that answers every request alike, in a process of its own.

use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

use bytes::Bytes;
use hubstream::codec::protobuf::messages::PutRecordsResponse;
use hubstream::codec::{CompressFormat, frame};
use hubstream::error::{Error, Result};

use crate::cases::{Kind, Protocol, Records, Way};
use crate::data;
use crate::http::{self, Exchange};

/// Shows its port on a line and answers until the input ends.
pub(crate) fn run(name: &str) -> Result<()> {
    let exchange = http::all()
        .into_iter()
        .find(|exchange| exchange.to_string() == name)
        .ok_or_else(|| Error::invalid_argument("case", "there is no such case"))?;
    let replies = Arc::new(Replies {
        usual: reply(exchange)?,
        topic: match exchange {
            Exchange::Small => None,
            Exchange::Records(case) => Some(topic(case.kind)?),
        },
    });
    let failed = |error| Error::invalid_argument("case", "cannot serve").with_source(error);
    let listener = TcpListener::bind("127.0.0.1:0").map_err(failed)?;
    println!("{}", listener.local_addr().map_err(failed)?.port());
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let replies = Arc::clone(&replies);
            std::thread::spawn(move || answer(&stream, &replies));
        }
    });
    // The caller closes the input, or ends.
    let mut rest = Vec::new();
    std::io::stdin().read_to_end(&mut rest).map_err(failed)?;
    Ok(())
}

/// What the server says.
struct Replies {
    usual: Bytes,
    /// What it says to a question about the topic, which a client of batches asks once.
    topic: Option<Bytes>,
}

/// The description of the topic.
fn topic(kind: Kind) -> Result<Bytes> {
    let schema = match kind {
        Kind::Tuple => Some(data::schema()?.to_json()),
        Kind::Blob => None,
    };
    let body = serde_json::json!({
        "ShardCount": 1,
        "Lifecycle": 1,
        "RecordType": if schema.is_some() { "TUPLE" } else { "BLOB" },
        "RecordSchema": schema,
        "Comment": "",
        "CreateTime": 1_700_000_000,
        "LastModifyTime": 1_700_000_000,
    });
    Ok(with_head("", body.to_string().as_bytes()))
}

/// Head and body of the reply.
fn reply(exchange: Exchange) -> Result<Bytes> {
    let mut headers = String::new();
    let body = match exchange {
        Exchange::Small => Bytes::from_static(
            b"{\"Comment\":\"benchmarks\",\"CreateTime\":1700000000,\"LastModifyTime\":1700000000,\"Creator\":\"1\"}",
        ),
        Exchange::Records(case) => match (case.way, case.protocol) {
            (Way::Encode, Protocol::Json) => {
                Bytes::from_static(b"{\"FailedRecordCount\":0,\"FailedRecords\":[]}")
            }
            (Way::Encode, _) => frame::wrap(&prost::Message::encode_to_vec(&PutRecordsResponse {
                failed_count: Some(0),
                failed_records: Vec::new(),
            }))?,
            (Way::Decode, _) => {
                let (body, raw_size) = case.reply(&Records::new()?)?;
                // Batches are compressed inside.
                let is_batch = matches!(case.protocol, Protocol::Batch(_));
                if case.format != CompressFormat::None && !is_batch {
                    let name = case.format.name();
                    headers = format!(
                        "Content-Encoding: {name}\r\nx-datahub-content-raw-size: {raw_size}\r\n"
                    );
                }
                body
            }
        },
    };
    Ok(with_head(&headers, &body))
}

fn with_head(headers: &str, body: &[u8]) -> Bytes {
    let mut reply = format!(
        "HTTP/1.1 200 OK\r\nx-datahub-request-id: 1\r\n{headers}Content-Length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    reply.extend_from_slice(body);
    reply.into()
}

fn answer(stream: &TcpStream, replies: &Replies) {
    _ = stream.set_nodelay(true);
    let mut reader = BufReader::with_capacity(256 * 1024, stream);
    let mut writer = stream;
    while let Some(is_question) = skip_request(&mut reader) {
        let topic = replies.topic.as_ref().filter(|_| is_question);
        if writer.write_all(topic.unwrap_or(&replies.usual)).is_err() {
            break;
        }
    }
}

/// Reads over a request and tells whether it was a GET; `None` when there is none any more.
fn skip_request(reader: &mut BufReader<&TcpStream>) -> Option<bool> {
    let mut line = String::new();
    let mut length = 0;
    if reader.read_line(&mut line).ok()? == 0 {
        return None;
    }
    let is_question = line.starts_with("GET ");
    loop {
        line.clear();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if let Some(("content-length", value)) = line.to_ascii_lowercase().split_once(':') {
            length = value.trim().parse().ok()?;
        }
        if line == "\r\n" {
            break;
        }
    }
    let copied = std::io::copy(&mut reader.take(length), &mut std::io::sink()).ok()?;
    (copied == length).then_some(is_question)
}
