//! A server that answers every request alike, in a process of its own.

use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};

use bytes::Bytes;
use hubstream::codec::protobuf::messages::PutRecordsResponse;
use hubstream::codec::{CompressFormat, frame};
use hubstream::error::{Error, Result};

use crate::cases::{Protocol, Records, Way};
use crate::http::{self, Exchange};

/// Shows its port on a line and answers until the input ends.
pub(crate) fn run(name: &str) -> Result<()> {
    let exchange = http::all()
        .into_iter()
        .find(|exchange| exchange.to_string() == name)
        .ok_or_else(|| Error::invalid_argument("case", "there is no such case"))?;
    let reply = reply(exchange)?;
    let failed = |error| Error::invalid_argument("case", "cannot serve").with_source(error);
    let listener = TcpListener::bind("127.0.0.1:0").map_err(failed)?;
    println!("{}", listener.local_addr().map_err(failed)?.port());
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let reply = reply.clone();
            std::thread::spawn(move || answer(&stream, &reply));
        }
    });
    // The caller closes the input, or ends.
    let mut rest = Vec::new();
    std::io::stdin().read_to_end(&mut rest).map_err(failed)?;
    Ok(())
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
                if case.format != CompressFormat::None {
                    let name = case.format.name();
                    headers = format!(
                        "Content-Encoding: {name}\r\nx-datahub-content-raw-size: {raw_size}\r\n"
                    );
                }
                body
            }
        },
    };
    let mut reply = format!(
        "HTTP/1.1 200 OK\r\nx-datahub-request-id: 1\r\n{headers}Content-Length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    reply.extend_from_slice(&body);
    Ok(reply.into())
}

fn answer(stream: &TcpStream, reply: &[u8]) {
    _ = stream.set_nodelay(true);
    let mut reader = BufReader::with_capacity(256 * 1024, stream);
    let mut writer = stream;
    while skip_request(&mut reader).is_some() && writer.write_all(reply).is_ok() {}
}

/// Reads over a request; `None` when there is none any more.
fn skip_request(reader: &mut BufReader<&TcpStream>) -> Option<()> {
    let mut line = String::new();
    let mut length = 0;
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
    (copied == length).then_some(())
}
