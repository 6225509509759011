//! Stripe's form parameters, `line_items[0][price_data][unit_amount]=500`, kept flat under their full names.

use serde_json::{Map, Value};

use super::fault::Fault;

#[derive(Debug, Default)]
pub(super) struct Params(Vec<(String, String)>);

impl Params {
    pub(super) fn parse(encoded: &[u8]) -> Result<Self, Fault> {
        serde_html_form::from_bytes(encoded)
            .map(Self)
            .map_err(|_| Fault::invalid(None, "The parameters cannot be read."))
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn need(&self, name: &str) -> Result<&str, Fault> {
        self.get(name).filter(|value| !value.is_empty()).ok_or_else(|| {
            Fault::coded(400, "parameter_missing", Some(name), format!("Missing required param: {name}."))
        })
    }

    pub(super) fn need_whole(&self, name: &str) -> Result<i64, Fault> {
        self.need(name)?.parse().map_err(|_| {
            Fault::coded(400, "parameter_invalid_integer", Some(name), format!("Invalid integer: {name}"))
        })
    }

    /// The same text for the same parameters in any order: async-stripe sends metadata in the order of a hash map.
    pub(super) fn sorted(&self) -> String {
        let mut pairs: Vec<_> = self.0.iter().collect();
        pairs.sort();
        format!("{pairs:?}")
    }

    /// `name[key]=value` pairs as an object.
    pub(super) fn map(&self, name: &str) -> Value {
        let entry = |(key, value): &(String, String)| {
            let key = key.strip_prefix(name)?.strip_prefix('[')?.strip_suffix(']')?;
            Some((key.to_owned(), Value::from(value.as_str())))
        };
        Value::Object(self.0.iter().filter_map(entry).collect::<Map<_, _>>())
    }

    /// `name[0]=..`, `name[1]=..`
    pub(super) fn list(&self, name: &str) -> Vec<String> {
        (0..).map_while(|index| self.get(&format!("{name}[{index}]")).map(str::to_owned)).collect()
    }

    /// Stripe refuses what it does not know, which is how a misspelt parameter is found.
    pub(super) fn only(&self, known: &[&str]) -> Result<(), Fault> {
        for (key, _) in &self.0 {
            let name = key.split('[').next().unwrap_or_default();
            if !known.contains(&name) {
                return Err(Fault::coded(
                    400,
                    "parameter_unknown",
                    Some(name),
                    format!("Received unknown parameter: {name}"),
                ));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_nested_names() {
        let params = Params::parse(
            b"mode=payment&line_items%5B0%5D%5Bquantity%5D=1&metadata[person]=7&metadata[kind]=a%26b&types[0]=card&types[1]=bacs_debit",
        )
        .unwrap();
        assert_eq!(params.need_whole("line_items[0][quantity]").unwrap(), 1);
        assert_eq!(params.map("metadata"), serde_json::json!({"person": "7", "kind": "a&b"}));
        assert_eq!(params.list("types"), ["card", "bacs_debit"]);
        assert!(params.need("customer").is_err() && params.need_whole("mode").is_err());
        assert!(params.only(&["mode", "line_items", "metadata", "types"]).is_ok());
        assert!(params.only(&["mode"]).is_err());
        let turned = Params::parse(b"b=2&a=1").unwrap();
        assert_eq!(turned.sorted(), Params::parse(b"a=1&b=2").unwrap().sorted());
        assert_ne!(turned.sorted(), Params::parse(b"a=1&b=3").unwrap().sorted());
    }
}
