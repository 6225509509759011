//! Who is really asking, when a proxy stands in front.

use std::net::{IpAddr, SocketAddr};

use axum::{
    extract::{ConnectInfo, FromRequestParts},
    http::request::Parts,
};

use super::{app::App, networks::Networks};

/// The visitor's address: the peer's, or what the nearest trusted proxies say it is. Of IPv6 the first half, since one
/// connection is given all of the other half.
#[derive(Clone, Copy, Debug)]
pub struct ClientAddress(pub IpAddr);

impl FromRequestParts<App> for ClientAddress {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Self::Rejection> {
        let peer = parts
            .extensions
            .get::<ConnectInfo<SocketAddr>>()
            .map_or(IpAddr::from([127, 0, 0, 1]), |info| info.0.ip());
        let forwarded =
            parts.headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
        let chain: Vec<&str> = forwarded.flat_map(|value| value.split(',')).map(str::trim).collect();
        Ok(Self(client(peer, &chain, &app.config().trusted_proxies)))
    }
}

/// Walks the chain from the nearest hop outwards and stops at the first that no trusted proxy vouches for.
fn client(peer: IpAddr, chain: &[&str], trusted: &Networks) -> IpAddr {
    let mut client = peer;
    for hop in chain.iter().rev() {
        if !trusted.contain(client) {
            break;
        }
        let Ok(address) = hop.parse() else { break };
        client = address;
    }
    network(client)
}

/// What one visitor has: an address, or the first half of an IPv6 address, whose other half is theirs to choose.
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() >> 64 << 64).into()),
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn believes_only_trusted_proxies() {
        let trusted: Networks = "10.0.0.0/8, ::1".parse().unwrap();
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        assert_eq!(client(ip("203.0.113.9"), &["198.51.100.1"], &trusted), ip("203.0.113.9"));
        assert_eq!(client(ip("10.1.2.3"), &["198.51.100.1"], &trusted), ip("198.51.100.1"));
        assert_eq!(
            client(ip("10.1.2.3"), &["6.6.6.6", "198.51.100.1", "10.9.9.9"], &trusted),
            ip("198.51.100.1")
        );
        assert_eq!(client(ip("203.0.113.9"), &["rubbish"], &trusted), ip("203.0.113.9"));
        assert_eq!(client(ip("::1"), &["2001:db8:1:2:3:4:5:6"], &trusted), ip("2001:db8:1:2::"));
        assert_eq!(client(ip("2001:db8:1:2:ffff::"), &[], &trusted), ip("2001:db8:1:2::"));
        assert_eq!(client(ip("::ffff:203.0.113.9"), &[], &trusted), ip("203.0.113.9"));
    }
}
