//! The `Stripe-Signature` header: HMAC-SHA256 over `<t>.<raw body>`, checked before anything is parsed.
//!
//! Several `v1` values may be there, and two secrets may be configured, while a secret is being rolled: one match of
//! any value with any secret is enough. `v0` is a test scheme that anybody can forge, so it never counts.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

/// How far a signature's time may be from ours, in seconds, in either direction (Stripe's own libraries use 300).
pub const TOLERANCE_SECONDS: u64 = 300;

/// Why a webhook's signature does not count. The visitor is told nothing of it but "400".
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadSignature {
    #[error("the signature header is missing a time or a v1 signature, or cannot be read")]
    Malformed,
    #[error("the signature is older than five minutes")]
    TooOld,
    #[error("the signature's time lies more than five minutes ahead")]
    FromTheFuture,
    #[error("no signature matches a configured webhook secret")]
    NoMatch,
}

/// Checks `header` against the raw `body`. Every secret is tried with every `v1`, without stopping early.
pub fn verify(
    secrets: &[SecretString],
    header: &str,
    body: &[u8],
    now: DateTime<Utc>,
) -> Result<(), BadSignature> {
    let (time, signatures) = parse(header)?;
    if time.abs_diff(now.timestamp()) > TOLERANCE_SECONDS {
        return Err(if time < now.timestamp() { BadSignature::TooOld } else { BadSignature::FromTheFuture });
    }
    let mut matched = false;
    for secret in secrets.iter().filter(|secret| !secret.expose_secret().is_empty()) {
        for signature in &signatures {
            let Some(mac) = mac(secret, time, body) else {
                continue;
            };
            // `verify_slice` compares in constant time.
            matched |= mac.verify_slice(signature).is_ok();
        }
    }
    if matched { Ok(()) } else { Err(BadSignature::NoMatch) }
}

/// The header that Stripe would send with `body`: for the stand-in and for tests.
pub fn sign(secret: &SecretString, body: &[u8], now: DateTime<Utc>) -> String {
    let time = now.timestamp();
    let mut header = format!("t={time}");
    if let Some(mac) = mac(secret, time, body) {
        let _ = write!(header, ",v1={}", hex::encode(mac.finalize().into_bytes()));
    }
    header
}

fn mac(secret: &SecretString, time: i64, body: &[u8]) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes()).ok()?;
    mac.update(time.to_string().as_bytes());
    mac.update(b".");
    mac.update(body);
    Some(mac)
}

fn parse(header: &str) -> Result<(i64, Vec<Vec<u8>>), BadSignature> {
    let mut time = None;
    let mut signatures = Vec::new();
    for part in header.split(',') {
        match part.trim().split_once('=') {
            Some(("t", value)) => {
                let value: i64 = value.parse().map_err(|_| BadSignature::Malformed)?;
                // Two times would leave open which of them was signed.
                if time.replace(value).is_some() {
                    return Err(BadSignature::Malformed);
                }
            }
            Some(("v1", value)) => signatures.extend(hex::decode(value)),
            _ => {}
        }
    }
    match time {
        Some(time) if !signatures.is_empty() => Ok((time, signatures)),
        _ => Err(BadSignature::Malformed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = br#"{"id":"evt_1"}"#;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_780_000_000 + seconds, 0).unwrap()
    }

    fn secret(text: &str) -> SecretString {
        SecretString::from(text.to_owned())
    }

    fn v1(text: &str) -> String {
        sign(&secret(text), BODY, at(0)).split_once(",v1=").unwrap().1.to_owned()
    }

    #[test]
    fn agrees_with_a_signature_made_by_openssl() {
        // printf '1780000000.{"id":"evt_1"}' | openssl dgst -sha256 -hmac whsec_one
        assert_eq!(v1("whsec_one"), OPENSSL);
    }
    const OPENSSL: &str = "43f66c7f2b3d7a954f3cddcd6d31c6ddf08e58bc34f0a80555242da4b600267d";

    #[test]
    fn accepts_a_good_signature_and_only_for_its_own_body_and_secret() {
        let header = sign(&secret("whsec_one"), BODY, at(0));
        assert_eq!(verify(&[secret("whsec_one")], &header, BODY, at(0)), Ok(()));
        assert_eq!(
            verify(&[secret("whsec_one")], &header, br#"{"id":"evt_2"}"#, at(0)),
            Err(BadSignature::NoMatch)
        );
        assert_eq!(verify(&[secret("whsec_two")], &header, BODY, at(0)), Err(BadSignature::NoMatch));
        assert_eq!(verify(&[], &header, BODY, at(0)), Err(BadSignature::NoMatch));
    }

    #[test]
    fn an_empty_secret_signs_nothing() {
        let header = sign(&secret(""), BODY, at(0));
        assert_eq!(verify(&[secret("")], &header, BODY, at(0)), Err(BadSignature::NoMatch));
    }

    #[test]
    fn the_time_counts_in_both_directions_to_the_second() {
        let header = sign(&secret("whsec_one"), BODY, at(0));
        let check = |seconds| verify(&[secret("whsec_one")], &header, BODY, at(seconds));
        assert_eq!(check(300), Ok(()));
        assert_eq!(check(-300), Ok(()));
        assert_eq!(check(301), Err(BadSignature::TooOld));
        assert_eq!(check(-301), Err(BadSignature::FromTheFuture));
    }

    #[test]
    fn the_time_is_part_of_what_is_signed() {
        let moved = format!("t={},v1={}", at(10).timestamp(), v1("whsec_one"));
        assert_eq!(verify(&[secret("whsec_one")], &moved, BODY, at(10)), Err(BadSignature::NoMatch));
    }

    #[test]
    fn any_v1_with_any_of_two_secrets_is_enough_during_a_roll() {
        let t = at(0).timestamp();
        let header = format!("t={t},v1={},v1={}", v1("whsec_old"), v1("whsec_new"));
        for configured in [
            vec![secret("whsec_new")],
            vec![secret("whsec_old")],
            vec![secret("whsec_other"), secret("whsec_new")],
        ] {
            assert_eq!(verify(&configured, &header, BODY, at(0)), Ok(()));
        }
        let rubbish_first = format!("t={t},v1=zz,v0=00,v1={}", v1("whsec_new"));
        assert_eq!(verify(&[secret("whsec_new")], &rubbish_first, BODY, at(0)), Ok(()));
    }

    #[test]
    fn v0_alone_and_rubbish_are_malformed() {
        let t = at(0).timestamp();
        let v1 = v1("whsec_one");
        for header in [
            String::new(),
            ",,,".into(),
            "hello".into(),
            "t=,v1=".into(),
            format!("t={t}"),
            format!("v1={v1}"),
            format!("t={t},v0={v1}"),
            format!("t=soon,v1={v1}"),
            format!("t={t},t={t},v1={v1}"),
            format!("t={t},v1=not-hex"),
            format!("t=99999999999999999999,v1={v1}"),
        ] {
            assert_eq!(
                verify(&[secret("whsec_one")], &header, BODY, at(0)),
                Err(BadSignature::Malformed),
                "{header}"
            );
        }
        let short = format!("t={t},v1={}", &v1[..10]);
        assert_eq!(verify(&[secret("whsec_one")], &short, BODY, at(0)), Err(BadSignature::NoMatch));
        let far = format!("t={},v1={v1}", i64::MIN);
        assert_eq!(verify(&[secret("whsec_one")], &far, BODY, at(0)), Err(BadSignature::TooOld));
    }
}
