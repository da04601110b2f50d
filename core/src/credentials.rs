//! Who the caller is: credentials, where they come from, and how they are kept fresh.
//!
//! A provider is asked for credentials when those it gave before are about to expire:
//!
//! ```
//! use std::sync::Arc;
//! use std::time::{Duration, SystemTime};
//!
//! use hubstream::credentials::{CredentialProvider, Credentials};
//! use hubstream::datahub::DataHub;
//! use hubstream::error::Result;
//! use hubstream::transport::BoxFuture;
//!
//! struct Vault;
//!
//! impl CredentialProvider for Vault {
//!     fn credentials(&self) -> BoxFuture<'_, Result<Credentials>> {
//!         Box::pin(async {
//!             // … asks the vault
//!             Ok(Credentials::new("id", "key")
//!                 .with_security_token("token")
//!                 .with_expiry(SystemTime::now() + Duration::from_secs(3600)))
//!         })
//!     }
//! }
//!
//! # fn main() -> Result<()> {
//! let builder = DataHub::builder("https://dh-cn-hangzhou.aliyuncs.com");
//! let hub = DataHub::new(builder.credential_provider(Arc::new(Vault)))?;
//! # let _ = hub;
//! # Ok(())
//! # }
//! ```

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use tokio::sync::Mutex;
use zeroize::Zeroizing;

use crate::error::{Error, ErrorKind, Result};
use crate::transport::BoxFuture;

/// A text that is never shown and is wiped from memory when dropped.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Wraps a secret text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The text itself: for signing and sending, not for messages.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether there is no text.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl<T: Into<String>> From<T> for Secret {
    fn from(text: T) -> Self {
        Self::new(text)
    }
}

/// What a request is signed with. All parts belong together and are used together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Credentials {
    /// The access id (also called access key id or AK). Blanks around it are removed.
    pub access_id: String,
    /// The access key (also called access key secret or SK). Blanks around it are removed.
    pub access_key: Secret,
    /// The token of temporary credentials; empty for permanent ones.
    pub security_token: Secret,
    /// When temporary credentials end; `None` if that is not known.
    pub expires_at: Option<SystemTime>,
}

impl Credentials {
    /// Permanent credentials.
    pub fn new(access_id: impl AsRef<str>, access_key: impl AsRef<str>) -> Self {
        Self {
            access_id: access_id.as_ref().trim().to_owned(),
            access_key: Secret::new(access_key.as_ref().trim()),
            security_token: Secret::default(),
            expires_at: None,
        }
    }

    /// Adds the token of temporary credentials.
    pub fn with_security_token(mut self, token: impl Into<Secret>) -> Self {
        self.security_token = token.into();
        self
    }

    /// Says when the credentials end, so that they are kept until shortly before.
    pub fn with_expiry(mut self, expires_at: SystemTime) -> Self {
        self.expires_at = Some(expires_at);
        self
    }
}

/// Gives credentials on demand, for example from a vault or an instance role.
pub trait CredentialProvider: Send + Sync + 'static {
    /// Gives credentials that are valid now.
    ///
    /// Called once per request just before it is signed, unless the credentials given before
    /// name an end that is more than [`CredentialSource::MARGIN`] away. A client asks one question at
    /// a time; all requests that wait for one share the answer to the next.
    fn credentials(&self) -> BoxFuture<'_, Result<Credentials>>;
}

/// Where a client takes its credentials from.
#[derive(Clone)]
pub struct CredentialSource(Source);

#[derive(Clone)]
enum Source {
    Static(Arc<Credentials>),
    Provider {
        provider: Arc<dyn CredentialProvider>,
        questions: Arc<Questions>,
    },
}

/// What a provider was asked.
#[derive(Default)]
struct Questions {
    /// How many there were, one that is under way included.
    begun: AtomicU64,
    /// Held while the provider works, so that many requests at once cause one question.
    answer: Mutex<Option<Answer>>,
}

/// What a provider said last.
struct Answer {
    /// The number of the question.
    to: u64,
    credentials: Arc<Credentials>,
}

impl Answer {
    /// Whether it will do for a request that is signed at `now`, and waited since so many questions were begun.
    fn will_do(&self, waits_since: u64, now: SystemTime) -> bool {
        let end = self.credentials.expires_at;
        self.to > waits_since || end.is_some_and(|end| now + CredentialSource::MARGIN < end)
    }
}

impl CredentialSource {
    /// Credentials with a known end are renewed this long before it.
    pub const MARGIN: Duration = Duration::from_secs(60);

    /// Always the same credentials.
    pub fn fixed(credentials: Credentials) -> Self {
        Self(Source::Static(Arc::new(credentials)))
    }

    /// Credentials from a provider.
    pub fn provider(provider: Arc<dyn CredentialProvider>) -> Self {
        Self(Source::Provider {
            provider,
            questions: Arc::default(),
        })
    }

    /// The credentials, if they are always the same.
    pub(crate) const fn known(&self) -> Option<&Arc<Credentials>> {
        match &self.0 {
            Source::Static(credentials) => Some(credentials),
            Source::Provider { .. } => None,
        }
    }

    /// The credentials for a request that is signed at `now`.
    pub(crate) async fn get(&self, now: SystemTime) -> Result<Arc<Credentials>> {
        let (provider, questions) = match &self.0 {
            Source::Static(credentials) => return Ok(Arc::clone(credentials)),
            Source::Provider {
                provider,
                questions,
            } => (provider, questions),
        };
        let waits_since = questions.begun.load(Ordering::SeqCst);
        let mut answer = questions.answer.lock().await;
        if let Some(answer) = &*answer
            && answer.will_do(waits_since, now)
        {
            return Ok(Arc::clone(&answer.credentials));
        }
        let to = questions.begun.fetch_add(1, Ordering::SeqCst) + 1;
        let fresh = provider.credentials().await.map_err(|error| {
            if error.kind() == ErrorKind::Unauthenticated {
                return error.with_sent(false);
            }
            Error::new(
                ErrorKind::Unauthenticated,
                "the credential provider gave no credentials",
            )
            .with_status(error.status())
            .with_sent(false)
            .with_source(error)
        })?;
        let credentials = Arc::new(fresh);
        *answer = Some(Answer {
            to,
            credentials: Arc::clone(&credentials),
        });
        Ok(credentials)
    }
}

impl fmt::Debug for CredentialSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Source::Static(credentials) => credentials.fmt(f),
            Source::Provider { .. } => f.write_str("CredentialProvider"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU32;

    use tokio::sync::Semaphore;
    use tokio::task::{JoinSet, yield_now};

    use super::*;

    struct Counting {
        calls: AtomicU32,
        expires_at: Option<SystemTime>,
    }

    impl CredentialProvider for Counting {
        fn credentials(&self) -> BoxFuture<'_, Result<Credentials>> {
            let call = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
            let mut credentials = Credentials::new(format!("id{call}"), "key");
            credentials.expires_at = self.expires_at;
            Box::pin(async move { Ok(credentials) })
        }
    }

    #[test]
    fn secrets_are_not_shown() {
        let credentials = Credentials::new(" id ", " hush ").with_security_token("hush2");
        assert_eq!(credentials.access_key.expose(), "hush");
        let shown = format!("{credentials:?}");
        assert!(
            shown.contains("\"id\"") && !shown.contains("hush"),
            "{shown}"
        );
    }

    #[tokio::test]
    async fn a_provider_without_expiry_is_asked_per_request() {
        let provider = Arc::new(Counting {
            calls: AtomicU32::new(0),
            expires_at: None,
        });
        let source = CredentialSource::provider(provider);
        let now = SystemTime::UNIX_EPOCH;
        assert_eq!(source.get(now).await.unwrap().access_id, "id1");
        assert_eq!(source.get(now).await.unwrap().access_id, "id2");
    }

    #[tokio::test]
    async fn credentials_with_an_end_are_kept_until_the_margin() {
        let end = SystemTime::UNIX_EPOCH + Duration::from_secs(1000);
        let source = CredentialSource::provider(Arc::new(Counting {
            calls: AtomicU32::new(0),
            expires_at: Some(end),
        }));
        let early = end - Duration::from_secs(500);
        assert_eq!(source.get(early).await.unwrap().access_id, "id1");
        assert_eq!(source.get(early).await.unwrap().access_id, "id1");
        let late = end - Duration::from_secs(30);
        assert_eq!(source.get(late).await.unwrap().access_id, "id2");
    }

    /// Answers as often as it may.
    struct Slow {
        calls: AtomicU32,
        answers: Semaphore,
    }

    impl CredentialProvider for Slow {
        fn credentials(&self) -> BoxFuture<'_, Result<Credentials>> {
            let call = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
            Box::pin(async move {
                self.answers.acquire().await.unwrap().forget();
                Ok(Credentials::new(format!("id{call}"), "key"))
            })
        }
    }

    #[tokio::test]
    async fn requests_that_wait_for_a_question_share_the_next_one() {
        let provider = Arc::new(Slow {
            calls: AtomicU32::new(0),
            answers: Semaphore::new(0),
        });
        let source = CredentialSource::provider(Arc::clone(&provider) as _);
        let ask = |requests: &mut JoinSet<_>, count: usize| {
            for _ in 0..count {
                let source = source.clone();
                requests.spawn(async move { source.get(SystemTime::UNIX_EPOCH).await });
            }
        };
        let mut requests = JoinSet::new();
        ask(&mut requests, 5);
        // All of them run once before this goes on.
        yield_now().await;
        assert_eq!(provider.calls.load(Ordering::SeqCst), 1);
        provider.answers.add_permits(1);
        while provider.calls.load(Ordering::SeqCst) < 2 {
            yield_now().await;
        }
        // What comes while the second question is under way has to ask a third one.
        ask(&mut requests, 3);
        yield_now().await;
        provider.answers.add_permits(9);
        let given = requests.join_all().await;
        let mut given: Vec<_> = given
            .into_iter()
            .map(|given| given.unwrap().access_id.clone())
            .collect();
        given.sort();
        let wanted = [(1, "id1"), (4, "id2"), (3, "id3")];
        let wanted = wanted.map(|(count, id)| vec![id; count]).concat();
        assert_eq!(given, wanted);
    }
}
