//! The list of operations of a service, and calling them by name.
//!
//! ```no_run
//! use hubstream::dynamic::Value;
//! use hubstream::registry::AnyClient;
//!
//! # async fn example(client: &dyn AnyClient) -> hubstream::error::Result<()> {
//! for operation in client.operations() {
//!     println!("{}: {}", operation.method, operation.summary());
//! }
//! let arguments = Value::map([("project_name", Value::Text("shop".to_owned()))]);
//! let project = client.call("get_project", arguments).await?;
//! println!("{:?}", project.get("comment"));
//! # Ok(())
//! # }
//! ```

use crate::dynamic::Value;
use crate::error::Result;
use crate::schema::OperationSchema;
use crate::stats::ClientStats;
use crate::transport::BoxFuture;

/// A client of any service, for callers that name operations by text.
pub trait AnyClient: Send + Sync + 'static {
    /// Name of the service, as in `datahub`.
    fn service(&self) -> &'static str;

    /// URL of the service.
    fn endpoint(&self) -> &str;

    /// All operations, in the order of the reference.
    fn operations(&self) -> &'static [&'static OperationSchema];

    /// What the client has done so far, in numbers.
    fn stats(&self) -> ClientStats;

    /// Performs the operation of that name, as in `CreateProject` or `create_project`.
    ///
    /// `arguments` is a map from argument names to values. Fails with kind `InvalidArgument`
    /// when the operation or an argument is not known or of the wrong type.
    ///
    /// Cancel safety: dropping the future cancels the call.
    fn call(&self, operation: &str, arguments: Value) -> BoxFuture<'static, Result<Value>>;
}

/// Declares the client type of a service with one method per operation.
#[cfg(any(feature = "datahub", feature = "dis"))]
macro_rules! operations {
    ($(#[$docs:meta])* $client:ident: $service:ident { $($method:ident: $operation:ident,)* }) => {
        $(#[$docs])*
        #[derive(Clone, Debug)]
        pub struct $client($crate::client::Client<$service>);

        /// All operations, in the order of the reference.
        pub const OPERATIONS: &[&$crate::schema::OperationSchema] =
            &[$(<$operation as $crate::operation::Operation>::SCHEMA),*];

        impl $client {
            /// Starts a client of the service at that URL.
            pub fn builder(endpoint: impl ::core::fmt::Display) -> $crate::client::ClientBuilder {
                Self::from_settings($crate::config::Settings::new(
                    <$service as $crate::operation::Service>::NAME,
                ))
                .endpoint(endpoint)
            }

            /// Starts a client from settings, such as those of the environment or of a URL.
            pub fn from_settings(settings: $crate::config::Settings) -> $crate::client::ClientBuilder {
                $crate::client::ClientBuilder::new(settings)
            }

            /// Makes a client from what the builder collected. Nothing is sent.
            pub fn new(builder: $crate::client::ClientBuilder) -> $crate::error::Result<Self> {
                builder.build().map(Self)
            }

            /// What the client has done so far, in numbers.
            pub fn stats(&self) -> $crate::stats::ClientStats {
                self.0.stats()
            }

            /// The client that all operations go through.
            pub fn client(&self) -> &$crate::client::Client<$service> {
                &self.0
            }

            $(
                #[doc = concat!("Performs [`", stringify!($operation), "`].")]
                pub async fn $method(
                    &self,
                    operation: $operation,
                ) -> $crate::error::Result<<$operation as $crate::operation::Operation>::Output> {
                    self.0.execute(operation).await
                }
            )*
        }

        impl $crate::registry::AnyClient for $client {
            fn service(&self) -> &'static str {
                <$service as $crate::operation::Service>::NAME
            }

            fn endpoint(&self) -> &str {
                self.0.endpoint()
            }

            fn operations(&self) -> &'static [&'static $crate::schema::OperationSchema] {
                OPERATIONS
            }

            fn stats(&self) -> $crate::stats::ClientStats {
                self.0.stats()
            }

            fn call(
                &self,
                operation: &str,
                arguments: $crate::dynamic::Value,
            ) -> $crate::transport::BoxFuture<'static, $crate::error::Result<$crate::dynamic::Value>> {
                match operation {
                    $(
                        stringify!($operation) | stringify!($method) => {
                            match <$operation as $crate::dynamic::Dynamic>::from_value(arguments) {
                                Ok(operation) => {
                                    $crate::operation::Operation::dispatch(operation, &self.0)
                                }
                                Err(mismatch) => {
                                    let error = mismatch.into_error().with_operation(
                                        <$service as $crate::operation::Service>::NAME,
                                        stringify!($operation),
                                    );
                                    Box::pin(::core::future::ready(Err(error)))
                                }
                            }
                        }
                    )*
                    other => {
                        let message = format!(
                            "{} has no operation `{other}`",
                            <$service as $crate::operation::Service>::NAME,
                        );
                        let error = $crate::error::Error::new(
                            $crate::error::ErrorKind::InvalidArgument,
                            message,
                        )
                        .with_sent(false);
                        Box::pin(::core::future::ready(Err(error)))
                    }
                }
            }
        }
    };
}

#[cfg(any(feature = "datahub", feature = "dis"))]
pub(crate) use operations;
