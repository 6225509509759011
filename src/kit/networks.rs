//! Networks by their first address and the length of what they share, as administrators write them.

use std::{net::IpAddr, str::FromStr};

/// Networks whose forwarding headers are believed.
#[derive(Clone, Debug, Default)]
pub struct Networks(Vec<(IpAddr, u8)>);

impl Networks {
    pub fn contain(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|(network, prefix)| match (network, address) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let shift = 32 - u32::from(*prefix);
                (u64::from(network.to_bits()) >> shift) == (u64::from(address.to_bits()) >> shift)
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let shift = 128 - u32::from(*prefix);
                network.to_bits().checked_shr(shift) == address.to_bits().checked_shr(shift)
            }
            _ => false,
        })
    }
}

impl Networks {
    /// Whether a network is so wide that visitors are in it: no party's own is wider than 10.0.0.0/8.
    pub fn holds_everybody(&self) -> bool {
        self.0.iter().any(|(address, prefix)| *prefix < if address.is_ipv4() { 8 } else { 16 })
    }
}

impl FromStr for Networks {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .map(|part| {
                let (address, prefix) = part.split_once('/').map_or((part, None), |(a, p)| (a, Some(p)));
                let fault = || format!("`{part}` is not a network like 10.0.0.0/8 or an address");
                let address: IpAddr = address.parse().map_err(|_| fault())?;
                let longest = if address.is_ipv4() { 32 } else { 128 };
                let prefix = prefix.map_or(Ok(longest), |p| p.parse::<u8>().map_err(|_| fault()))?;
                if prefix > longest { Err(fault()) } else { Ok((address, prefix)) }
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_read_and_contain_their_addresses() {
        let contains = |networks: &str, address: &str| {
            networks.parse::<Networks>().unwrap().contain(address.parse().unwrap())
        };
        assert!(contains("0.0.0.0/0", "8.8.8.8"));
        assert!(contains("192.0.2.1, 10.0.0.0/8", "10.255.0.1") && !contains("10.0.0.0/8", "11.0.0.1"));
        assert!(contains("2001:db8::/32", "2001:db8:1::1") && !contains("2001:db8::/32", "10.0.0.1"));
        for (networks, everybody) in [
            ("0.0.0.0/0", true),
            ("10.0.0.0/8", false),
            ("::/0", true),
            ("0.0.0.0/1,128.0.0.0/1", true),
            ("", false),
        ] {
            assert_eq!(networks.parse::<Networks>().unwrap().holds_everybody(), everybody, "{networks}");
        }
        assert!("10.0.0.0/33".parse::<Networks>().is_err());
    }
}
