//! Who may ask over TCP.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, HOST, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::token::Token;

/// Lets through who calls this machine by a name of its own, and knows the token. A page in a
/// browser that had its own name lead here ("DNS rebinding") does neither.
pub(crate) async fn check(
    State(token): State<Arc<Token>>,
    request: Request,
    next: Next,
) -> Response {
    if !is_for_this_machine(request.headers()) {
        let why = "Host must be localhost or an address of the loopback\n";
        return (StatusCode::MISDIRECTED_REQUEST, why).into_response();
    }
    if !has_token(request.headers(), &token) {
        let why = "a token is needed: Authorization: Bearer TOKEN\n";
        let ask = [(WWW_AUTHENTICATE, "Bearer")];
        return (StatusCode::UNAUTHORIZED, ask, why).into_response();
    }
    next.run(request).await
}

fn is_for_this_machine(headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else {
        return false;
    };
    host.to_str().is_ok_and(is_name_of_this_machine)
}

fn is_name_of_this_machine(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((name, port)) if port.is_empty() || is_port(port) => name,
            _ => return false,
        },
        None => match host.split_once(':') {
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
            Some(_) => return false,
            None => host,
        },
    };
    let is_loopback = |address: IpAddr| address.is_loopback();
    name.eq_ignore_ascii_case("localhost") || name.parse().is_ok_and(is_loopback)
}

fn is_port(text: &str) -> bool {
    let port = text.strip_prefix(':');
    port.is_some_and(|port| port.bytes().all(|byte| byte.is_ascii_digit()))
}

fn has_token(headers: &HeaderMap, token: &Token) -> bool {
    let mut given = headers.get_all(AUTHORIZATION).iter();
    let (Some(given), None) = (given.next(), given.next()) else {
        return false;
    };
    match given.as_bytes().split_at_checked("Bearer ".len()) {
        Some((scheme, given)) => scheme.eq_ignore_ascii_case(b"Bearer ") && token.is(given),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::is_name_of_this_machine;

    #[test]
    fn a_name_of_this_machine_is_one() {
        for host in [
            "localhost",
            "LocalHost:80",
            "127.0.0.1",
            "127.0.0.1:1",
            "127.1.2.3:80",
            "[::1]",
            "[::1]:80",
        ] {
            assert!(is_name_of_this_machine(host), "{host}");
        }
    }

    #[test]
    fn every_other_name_is_none_wherever_it_leads() {
        for host in [
            "",
            "evil.example",
            "evil.example:80",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "192.168.0.1",
            "0.0.0.0",
            "[::1",
            "[::1]x",
            "[::1]evil.example",
            "::1",
            "localhost:80:80",
            "localhost@evil.example",
        ] {
            assert!(!is_name_of_this_machine(host), "{host}");
        }
    }
}
