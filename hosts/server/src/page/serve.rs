//! Who may see the page.

use std::net::IpAddr;

use hyper::HeaderMap;
use hyper::header::HOST;
use logveil::Home;
use logveil::iam::Decision;

use super::{Overview, render};
use crate::answer::Failure;
use crate::auth::{Gate, Incoming};
use crate::world::World;

/// What lets a caller see an account's page.
const ACTION: &str = "logs:DescribeLogGroups";

/// The page, for who may see it: with credentials, whoever signs the request (in its header or its
/// query) and may list the log groups, which shows the engines of that account; otherwise whoever
/// asks from this machine.
///
/// # Errors
///
/// As [`Gate::admit`]; AccessDenied.
// Choice: one permission opens the page, as nothing on it goes beyond names and numbers.
pub(crate) fn page(world: &World, gate: &Gate, request: &Incoming<'_>) -> Result<String, Failure> {
    let caller = gate.admit(request, world.now_ms())?;
    let shows = |home: &Home| match gate {
        Gate::AnyKey(_) => true,
        Gate::Credentials(_) => {
            home.account == *caller.account() && caller.may(ACTION, &log_groups_of(home))
        }
    };
    // A page of another site that a name leads here is not from this machine.
    if matches!(gate, Gate::AnyKey(_)) && !asks_for_this_machine(request.headers) {
        let message = "without credentials the page is for localhost and loopback addresses only";
        return Err(Failure::new("AccessDeniedException", 400, message));
    }
    let overview = Overview::of(world, shows)?;
    if overview.homes.is_empty() {
        let resource = log_groups_of(&caller.home());
        let decision = caller.decide(ACTION, &resource, |_| Decision::Silent);
        return Err(caller.denied(ACTION, &resource, decision).into());
    }
    Ok(render(&overview))
}

fn log_groups_of(home: &Home) -> String {
    let (partition, Home { account, region }) = (home.region.partition(), home);
    format!("arn:{partition}:logs:{region}:{account}:log-group:*")
}

fn asks_for_this_machine(headers: &HeaderMap) -> bool {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = match host.strip_prefix('[').and_then(|host| host.split_once(']')) {
        Some((address, _)) => address,
        None => host.split(':').next().unwrap_or_default(),
    };
    name.eq_ignore_ascii_case("localhost")
        || name.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_are_this_machine() {
        let asks = |host: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, host.parse().unwrap());
            asks_for_this_machine(&headers)
        };
        for host in ["localhost", "LOCALHOST:4586", "127.0.0.1:4586", "127.9.9.9", "[::1]:80"] {
            assert!(asks(host), "{host}");
        }
        for host in ["evil.example", "localhost.evil.example:4586", "10.0.0.1", "", "[fe80::1]"] {
            assert!(!asks(host), "{host}");
        }
        assert!(!asks_for_this_machine(&HeaderMap::new()));
    }
}
