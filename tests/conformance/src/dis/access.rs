//! Captured requests of the official clients, sent to the emulator: it must let all of them in.

use std::fmt::Write as _;

use hubstream_emulator::Emulator;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::arguments::text;
use crate::vectors::{Case, Outcome, Verdict, unhex};

/// Sends the captured requests of a case, as they are and with another path.
pub(super) fn check(case: &Case) -> Verdict {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| error.to_string())?;
    runtime.block_on(admitted(&case.all))?;
    Ok(Outcome::Passed)
}

async fn admitted(case: &Value) -> Result<(), String> {
    let config = &case["config"];
    let emulator = Emulator::builder()
        .dis("127.0.0.1:0")
        .credentials(text(config, "ak")?, text(config, "sk")?)
        .start()
        .await
        .map_err(|error| error.to_string())?;
    let address = emulator
        .dis_url()
        .and_then(|url| url.strip_prefix("http://"))
        .ok_or("the emulator does not serve DIS")?
        .to_owned();
    let requests = match &case["http"] {
        Value::Array(requests) => requests.iter().collect(),
        request => vec![request],
    };
    for request in requests {
        let (status, reply) = send(&address, request).await?;
        if status == 401 {
            return Err(format!("the signature was refused: {reply}"));
        }
        let (status, reply) = send(&address, &tampered(request)).await?;
        if status != 401 || !reply.contains("DIS.4112") {
            return Err(format!("a changed request was accepted: {status} {reply}"));
        }
    }
    emulator.shutdown().await;
    Ok(())
}

/// The same request with another path under the same signature.
fn tampered(request: &Value) -> Value {
    let mut request = request.clone();
    let target = request["target"].as_str().unwrap_or_default();
    request["target"] = Value::from(
        target
            .replacen("/v2/", "/v3/", 1)
            .replacen("/v3/", "/v2/x", 1),
    );
    request
}

async fn send(address: &str, request: &Value) -> Result<(u16, String), String> {
    let body = match (&request["body_utf8"], &request["body_hex"]) {
        (Value::String(text), _) => text.clone().into_bytes(),
        (_, Value::String(digits)) => unhex(digits)?,
        _ => Vec::new(),
    };
    let mut head = format!(
        "{} {} HTTP/1.1\r\n",
        text(request, "method")?,
        text(request, "target")?
    );
    for (name, value) in request["headers"].as_object().ok_or("no headers")? {
        if name != "content-length" {
            let value = value.as_str().unwrap_or_default();
            let _ = write!(head, "{name}: {value}\r\n");
        }
    }
    let _ = write!(
        head,
        "content-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    let exchange = async {
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(head.as_bytes()).await?;
        stream.write_all(&body).await?;
        let mut reply = Vec::new();
        stream.read_to_end(&mut reply).await?;
        Ok::<_, std::io::Error>(reply)
    };
    let reply = exchange.await.map_err(|error| error.to_string())?;
    let reply = String::from_utf8_lossy(&reply).into_owned();
    let status = reply
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .ok_or_else(|| format!("no HTTP reply: {reply:?}"))?;
    Ok((status, reply))
}
