//! Functions on IP addresses.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::function::Function;
use super::value::{Mark, Value};

/// Networks of addresses that are only for use inside.
const PRIVATE: [&str; 4] = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"];

/// Networks of addresses that are set aside, in the registries of IANA.
const RESERVED: [&str; 18] = [
    "0.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "::/128",
    "::1/128",
    "100::/64",
    "2001:db8::/32",
    "fe80::/10",
    "ff00::/8",
];

/// `None` when the function is none on addresses.
pub(super) fn apply(function: Function, values: &[Value], mark: Mark) -> Option<Value> {
    let address = values.first().and_then(Value::as_text);
    let address: Option<IpAddr> = address.and_then(|text| text.parse().ok());
    let subnet = values.get(1).and_then(Value::as_text);
    let inside = |address: Option<IpAddr>| {
        address.zip(subnet.as_deref()).is_some_and(|(address, subnet)| lies_in(address, subnet))
    };
    let truth = match function {
        Function::IsValidIp => address.is_some(),
        Function::IsValidIpV4 => address.is_some_and(|it| it.is_ipv4()),
        Function::IsValidIpV6 => address.is_some_and(|it| it.is_ipv6()),
        Function::IsIpInSubnet => inside(address),
        Function::IsIpv4InSubnet => inside(address.filter(IpAddr::is_ipv4)),
        Function::IsIpv6InSubnet => inside(address.filter(IpAddr::is_ipv6)),
        Function::IsPrivateIp => address.is_some_and(|it| any(it, &PRIVATE)),
        Function::IsReservedIp => address.is_some_and(|it| any(it, &RESERVED)),
        Function::IsPublicIp => address.is_some_and(|it| !any(it, &PRIVATE) && !any(it, &RESERVED)),
        Function::Ipv4ToNumber => {
            return Some(match address {
                Some(IpAddr::V4(address)) => Value::number(f64::from(u32::from(address)), mark),
                _ => Value::ABSENT,
            });
        }
        _ => return None,
    };
    Some(Value::truth(truth))
}

fn any(address: IpAddr, networks: &[&str]) -> bool {
    networks.iter().any(|network| lies_in(address, network))
}

/// Whether an address lies in a network such as `10.0.0.0/8`.
fn lies_in(address: IpAddr, network: &str) -> bool {
    let Some((base, bits)) = network.split_once('/') else { return false };
    let Ok(bits) = bits.parse::<u32>() else { return false };
    match address {
        IpAddr::V4(address) => {
            let base = base.parse::<Ipv4Addr>();
            let differ = |base| u32::from(base) ^ u32::from(address);
            bits <= 32 && base.is_ok_and(|base| differ(base).leading_zeros() >= bits)
        }
        IpAddr::V6(address) => {
            let base = base.parse::<Ipv6Addr>();
            let differ = |base| u128::from(base) ^ u128::from(address);
            bits <= 128 && base.is_ok_and(|base| differ(base).leading_zeros() >= bits)
        }
    }
}
