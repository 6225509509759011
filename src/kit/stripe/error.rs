//! What can go wrong in a call to Stripe, in words that hold no secret.

/// A failed call. Ask [`is_transient`](Self::is_transient) whether the same call, with the same key, may succeed later.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StripeError {
    #[error("Stripe could not be reached: {0}")]
    Unreachable(String),
    #[error("Stripe did not answer in time")]
    Timeout,
    /// Stripe answered with an error. `code` and `param` are Stripe's own words.
    #[error("Stripe refused the call with {status}{}: {message}", code.as_deref().map(|code| format!(" ({code})")).unwrap_or_default())]
    Refused { status: u16, code: Option<String>, param: Option<String>, message: String },
    /// Something that is not Stripe's error format came back, usually from a proxy in between.
    #[error("the answer was an error that is not in Stripe's format")]
    Garbled,
    /// A successful answer that lacks something Stripe promises. The call has had its effect.
    #[error("Stripe's answer could not be read: {0}")]
    Unreadable(String),
    /// The arguments or the settings cannot be sent; Stripe was not asked.
    #[error("the call to Stripe was not made: {0}")]
    NotSent(String),
}

impl StripeError {
    /// Whether trying again later makes sense.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::Timeout | Self::Garbled => true,
            Self::Refused { status, .. } => matches!(status, 409 | 424 | 429 | 500..),
            Self::Unreadable(_) | Self::NotSent(_) => false,
        }
    }

    /// Status and code only: Stripe's sentences may repeat what was sent, an address for example.
    pub fn brief(&self) -> String {
        match self {
            Self::Refused { status, code, .. } => {
                format!("{status} {}", code.as_deref().unwrap_or("without a code"))
            }
            other => other.to_string(),
        }
    }

    /// Whether Stripe knows no such object (in this mode, for this account).
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Refused { status, code, .. } if *status == 404 || code.as_deref() == Some("resource_missing"))
    }

    /// Stripe's error code, such as `resource_missing` or `checkout_session_expired`.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Refused { code, .. } => code.as_deref(),
            _ => None,
        }
    }
}

impl From<stripe::StripeError> for StripeError {
    fn from(error: stripe::StripeError) -> Self {
        match error {
            stripe::StripeError::Stripe(error, status) => Self::Refused {
                status,
                code: error.code.map(|code| code.to_string()).or_else(|| Some(error.type_.to_string())),
                param: error.param,
                message: without_secrets(error.message.as_deref().unwrap_or("no reason given")),
            },
            // The crate gives no status here: this is its text for a failed call whose body it could not read.
            stripe::StripeError::JSONDeserialize(text) if text.contains("Stripe error") => Self::Garbled,
            stripe::StripeError::JSONDeserialize(text) => Self::Unreadable(text),
            stripe::StripeError::ClientError(text) => Self::Unreachable(without_secrets(&text)),
            stripe::StripeError::ConfigError(text) => Self::NotSent(without_secrets(&text)),
            stripe::StripeError::Timeout => Self::Timeout,
        }
    }
}

/// Stripe masks keys in its messages, but only mostly: no word that looks like one goes into a log.
fn without_secrets(text: &str) -> String {
    let hidden = |word: &str| ["sk_", "rk_", "pk_", "whsec_"].iter().any(|prefix| word.contains(prefix));
    text.split(' ').map(|word| if hidden(word) { "(hidden)" } else { word }).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16) -> StripeError {
        StripeError::Refused { status, code: None, param: None, message: String::new() }
    }

    #[test]
    fn says_what_is_worth_trying_again() {
        for status in [409, 424, 429, 500, 502, 503, 504] {
            assert!(refused(status).is_transient(), "{status}");
        }
        for status in [400, 401, 402, 403, 404] {
            assert!(!refused(status).is_transient(), "{status}");
        }
        assert!(StripeError::Timeout.is_transient() && StripeError::Garbled.is_transient());
        assert!(!StripeError::NotSent(String::new()).is_transient());
        assert!(refused(404).is_missing() && !refused(400).is_missing());
    }

    #[test]
    fn a_brief_error_repeats_nothing_that_was_sent() {
        let error = StripeError::Refused {
            status: 400,
            code: Some("email_invalid".into()),
            param: None,
            message: "Invalid email address: ana@example.org".into(),
        };
        assert_eq!(error.brief(), "400 email_invalid");
    }

    #[test]
    fn keys_in_messages_are_hidden() {
        assert_eq!(
            without_secrets("Invalid API Key provided: sk_test_51Habc. Use 'whsec_x' or rk_live_1"),
            "Invalid API Key provided: (hidden) Use (hidden) or (hidden)"
        );
    }
}
