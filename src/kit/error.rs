//! What can go wrong in a request.
//!
//! A handler returns [`Error`]. Its answer has no body, only a status and the sentence that a visitor may read
//! ([`Fault`]); the site draws the page around it. Causes are logged, never shown.

use axum::{
    extract::multipart::MultipartError,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("not found")]
    NotFound,
    /// The sentence is shown to the visitor.
    #[error("refused: {0}")]
    Forbidden(&'static str),
    /// The request makes no sense; the sentence is shown.
    #[error("bad request: {0}")]
    Invalid(&'static str),
    /// Someone was faster, or it was done already; the sentence is shown.
    #[error("conflict: {0}")]
    Conflict(&'static str),
    #[error("too large")]
    TooLarge,
    /// Too many tries; wait this many seconds.
    #[error("too many requests")]
    TooMany { wait_seconds: i64 },
    /// A part we need is away for the moment.
    #[error("unavailable")]
    Unavailable(#[source] anyhow::Error),
    #[error("{0:#}")]
    Internal(#[from] anyhow::Error),
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        use sqlx::Error as Sql;
        // A unique key or a deadlock kept one of two from being written: whoever looks again sees the other.
        let clashes = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
        if clashes.is_some_and(|code| ["23505", "40P01"].contains(&&*code)) {
            tracing::warn!(%error, "two changes at once");
            return Self::Conflict(
                "Somebody else changed the same at this moment. Look at it again, and send yours once more if it is still needed.",
            );
        }
        let away = match &error {
            Sql::Io(_) | Sql::PoolTimedOut | Sql::PoolClosed | Sql::WorkerCrashed | Sql::Tls(_) => true,
            // Class 57: the server is stopping or starting; class 53: it has run out of something; 08: connection.
            Sql::Database(database) => database.code().is_some_and(|code| {
                code.starts_with("57P") || code.starts_with("53") || code.starts_with("08")
            }),
            _ => false,
        };
        if away { Self::Unavailable(error.into()) } else { Self::Internal(error.into()) }
    }
}

/// A form with a file that was cut off, or is none.
impl From<MultipartError> for Error {
    fn from(error: MultipartError) -> Self {
        tracing::debug!(%error, "an upload could not be read");
        Self::Invalid("The form did not arrive whole. Send it again.")
    }
}

impl From<askama::Error> for Error {
    fn from(error: askama::Error) -> Self {
        Self::Internal(error.into())
    }
}

/// What to tell the visitor: rides on an error answer until its page is drawn.
#[derive(Clone, Debug)]
pub struct Fault(pub String);

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let status = match &self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::Invalid(_) => StatusCode::BAD_REQUEST,
            Self::Conflict(_) => StatusCode::CONFLICT,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let mut response = status.into_response();
        match self {
            Self::Forbidden(sentence) | Self::Invalid(sentence) | Self::Conflict(sentence) => {
                response.extensions_mut().insert(Fault(sentence.to_owned()));
            }
            Self::TooMany { wait_seconds } => {
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait_seconds.max(1)));
                let minutes = (wait_seconds.max(1) + 59) / 60;
                let wait = if minutes == 1 { "a minute".to_owned() } else { format!("{minutes} minutes") };
                response
                    .extensions_mut()
                    .insert(Fault(format!("That was a lot of tries. Wait {wait}, then try again.")));
            }
            Self::Unavailable(cause) => {
                tracing::warn!(error = format!("{cause:#}"), "something the site needs is away");
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("10"));
            }
            Self::Internal(cause) => tracing::error!(error = format!("{cause:#}"), "request failed"),
            Self::NotFound | Self::TooLarge => {}
        }
        response
    }
}
