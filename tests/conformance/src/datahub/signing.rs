//! `signing.json`.

use hubstream::credentials::Credentials;
use hubstream::sign::datahub::{authorization, signature, string_to_sign};

use crate::vectors::{Case, Outcome, Verdict, same};

pub(super) fn check(case: &Case) -> Verdict {
    let (input, expected) = (case.input(), case.expected());
    let text = |name: &str| input[name].as_str().ok_or_else(|| format!("no {name}"));
    let headers: Vec<(&str, &str)> = input["headers"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|pair| Some((pair[0].as_str()?, pair[1].as_str()?)))
        .collect();
    let to_sign = string_to_sign(text("method")?, text("target")?, headers);
    same(
        "string to sign",
        &expected["string_to_sign"].as_str(),
        &Some(to_sign.as_str()),
    )?;
    let credentials = Credentials::new(text("access_id")?, text("access_key")?);
    let key = credentials.access_key.expose();
    same(
        "signature",
        &expected["signature"].as_str(),
        &Some(signature(key, &to_sign).as_str()),
    )?;
    let header = authorization(&credentials.access_id, key, &to_sign);
    same(
        "authorization",
        &expected["authorization"].as_str(),
        &Some(header.as_str()),
    )?;
    Ok(Outcome::Passed)
}
