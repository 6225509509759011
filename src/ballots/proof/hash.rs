//! SHA-256, and the one way in which JSON is written before it is hashed.

use std::{fmt, str::FromStr};

use serde::Serialize;
use sha2::{Digest, Sha256};

/// Reads and writes a type in JSON as its text.
macro_rules! as_text {
    ($($name:ty),+) => {$(
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = <String as serde::Deserialize>::deserialize(from)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )+};
}
pub(super) use as_text;

/// A SHA-256. Its text is 64 hex digits, as `sha256sum` prints it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sha(pub [u8; 32]);

impl Sha {
    /// Of the parts, one after another.
    pub fn of(parts: &[&[u8]]) -> Self {
        let mut digest = Sha256::new();
        for part in parts {
            digest.update(part);
        }
        Self(digest.finalize().into())
    }

    /// The first twelve digits in groups of four, for people to compare.
    pub fn short(&self) -> String {
        let digits = hex::encode(&self.0[..6]);
        format!("{} {} {}", &digits[..4], &digits[4..8], &digits[8..])
    }
}

impl fmt::Display for Sha {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Sha {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that isn't the hex digits it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this should be {0} hex digits (0 to 9, a to f)")]
pub struct NotHex(pub usize);

impl FromStr for Sha {
    type Err = NotHex;

    fn from_str(text: &str) -> Result<Self, NotHex> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| NotHex(64))?;
        Ok(Self(bytes))
    }
}

as_text!(Sha);

/// Canonical JSON: keys in the order of their bytes, no white space, UTF-8 with only those escapes that JSON
/// demands. Python writes the same with
/// `json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)`.
pub fn canonical(value: &impl Serialize) -> String {
    let mut out = String::new();
    // Nothing here has keys that aren't texts, which is all that the conversion refuses.
    write(&serde_json::to_value(value).unwrap_or_default(), &mut out);
    out
}

fn write(value: &serde_json::Value, out: &mut String) {
    use serde_json::Value::{Array, Object};
    match value {
        Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_unstable_by_key(|(key, _)| key.as_bytes());
            out.push('{');
            for (at, (key, value)) in fields.into_iter().enumerate() {
                out.push_str(if at > 0 { "," } else { "" });
                out.push_str(&serde_json::Value::from(key.as_str()).to_string());
                out.push(':');
                write(value, out);
            }
            out.push('}');
        }
        Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                out.push_str(if at > 0 { "," } else { "" });
                write(item, out);
            }
            out.push(']');
        }
        simple => out.push_str(&simple.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canonical_json_is_one_text() {
        let value: serde_json::Value =
            serde_json::from_str(r#" {"b": [1, true, null], "a": {"é": "\u0001 \u00e9 \/ \"", "Z": {}}} "#)
                .unwrap();
        assert_eq!(canonical(&value), "{\"a\":{\"Z\":{},\"é\":\"\\u0001 é / \\\"\"},\"b\":[1,true,null]}");
    }

    #[test]
    fn hashes_are_what_sha256sum_prints() {
        // printf abc | sha256sum
        let abc = Sha::of(&[b"a", b"bc"]);
        assert_eq!(abc.to_string(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(abc.to_string().parse(), Ok(abc));
        assert_eq!(abc.short(), "ba78 16bf 8f01");
        for wrong in ["", "ba78", &abc.to_string().replace('b', "g"), &format!("{abc}0")] {
            assert_eq!(wrong.parse::<Sha>(), Err(NotHex(64)));
        }
    }
}
