//! What the stand-in refuses, in Stripe's words and shape.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use serde_json::{Value, json};

#[derive(Debug)]
pub enum Fault {
    Database(sqlx::Error),
    Refused {
        status: u16,
        kind: &'static str,
        code: Option<&'static str>,
        param: Option<String>,
        message: String,
    },
}

impl Fault {
    pub(super) fn invalid(param: Option<&str>, message: impl Into<String>) -> Self {
        Self::Refused {
            status: 400,
            kind: "invalid_request_error",
            code: None,
            param: param.map(str::to_owned),
            message: message.into(),
        }
    }

    pub(super) fn coded(
        status: u16,
        code: &'static str,
        param: Option<&str>,
        message: impl Into<String>,
    ) -> Self {
        Self::Refused {
            status,
            kind: "invalid_request_error",
            code: Some(code),
            param: param.map(str::to_owned),
            message: message.into(),
        }
    }

    /// 404 for an id in the address; Stripe answers 400 for one among the parameters.
    pub(super) fn missing(status: u16, kind: &str, param: &str, id: &str) -> Self {
        Self::coded(status, "resource_missing", Some(param), format!("No such {kind}: '{id}'"))
    }

    pub(super) fn invalid_address(method: &str, path: &str) -> Self {
        Self::coded(404, "url_invalid", None, format!("Unrecognized request URL ({method}: /v1/{path})."))
    }

    pub(super) fn status(&self) -> u16 {
        match self {
            Self::Database(_) => 500,
            Self::Refused { status, .. } => *status,
        }
    }

    pub(super) fn json(&self) -> Value {
        match self {
            Self::Database(_) => {
                json!({"error": {"type": "api_error", "message": "The stand-in's database failed."}})
            }
            Self::Refused { kind, code, param, message, .. } => {
                let mut error = json!({"type": kind, "message": message});
                if let Some(code) = code {
                    error["code"] = json!(code);
                }
                if let Some(param) = param {
                    error["param"] = json!(param);
                }
                json!({"error": error})
            }
        }
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Database(error) => write!(f, "{error}"),
            Self::Refused { message, .. } => f.write_str(message),
        }
    }
}

impl std::error::Error for Fault {}

impl From<sqlx::Error> for Fault {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

#[derive(Template)]
#[template(path = "kit/stripe/fault.html")]
struct FaultPage {
    message: String,
}

/// For the stand-in's pages.
impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        if let Self::Database(error) = &self {
            tracing::error!(%error, "the stand-in for Stripe failed");
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
        let status = StatusCode::from_u16(self.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        match (FaultPage { message: self.to_string() }).render() {
            Ok(page) => (status, Html(page)).into_response(),
            Err(_) => status.into_response(),
        }
    }
}
