//! The client of any service.

use std::mem;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use hubstream::client::ClientBuilder;
use hubstream::connect::service;
use hubstream::dynamic::{Dynamic as _, Value};
use hubstream::error::{Error, ErrorKind};
use hubstream::registry::AnyClient;
use hubstream::schema::{FieldSchema, OperationSchema, TypeSchema};
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

use crate::asyncio::{self, Effort, Outcome};
use crate::call_future::CallFuture;
use crate::credentials::{Callback, PythonProvider};
use crate::error::raise;
use crate::runtime;
use crate::settings::{collect, readable};
use crate::value::{from_arguments, to_python};

/// A client of a service: calls operations by name.
#[pyclass(frozen, module = "hubstream._native")]
pub(crate) struct Client {
    service: &'static str,
    endpoint: String,
    inner: Mutex<Option<Arc<dyn AnyClient>>>,
    /// What `inner` asks for credentials, for the collector of cycles.
    callback: Option<Weak<Callback>>,
    /// The process that made the first call; 0 before it.
    user: AtomicU32,
    /// Whether the last get of a coroutine gave few records, as the next one may then.
    got_few: Arc<AtomicBool>,
}

#[pymethods]
impl Client {
    #[new]
    #[pyo3(signature = (service_name, settings, credential=None, *, from_env=false, url=None))]
    fn new(
        py: Python<'_>,
        service_name: &str,
        settings: &Bound<'_, PyDict>,
        credential: Option<&Bound<'_, PyAny>>,
        from_env: bool,
        url: Option<&Bound<'_, PyString>>,
    ) -> PyResult<Self> {
        let mut callback = None;
        let mut connect = || {
            let entry = service(service_name)?;
            let url = url.map(|url| readable(url, "url")).transpose()?;
            let mut builder = ClientBuilder::new(collect(entry, settings, from_env, url)?);
            if let Some(credential) = credential {
                let provider = PythonProvider::new(credential)?;
                callback = Some(provider.callback());
                builder = builder.credential_provider(Arc::new(provider));
            }
            entry.connect(builder)
        };
        let inner = connect().map_err(|error| raise(py, service_name, error))?;
        crate::log::refresh(py)?;
        Ok(Self {
            service: inner.service(),
            endpoint: inner.endpoint().to_owned(),
            inner: Mutex::new(Some(inner)),
            callback,
            user: AtomicU32::new(0),
            got_few: Arc::default(),
        })
    }

    /// Name of the service, as in `datahub`.
    #[getter]
    fn service(&self) -> &'static str {
        self.service
    }

    /// URL of the service.
    #[getter]
    fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Whether the client was closed.
    #[getter]
    fn closed(&self) -> bool {
        self.lock().is_none()
    }

    /// What the client has done so far, in numbers by name.
    fn stats(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let client = self.ready(py, crate::process::number())?;
        to_python(py, client.stats().into_value())
    }

    /// Performs an operation and waits for its result.
    fn call(
        &self,
        py: Python<'_>,
        name: &str,
        arguments: &Bound<'_, PyDict>,
    ) -> PyResult<Py<PyAny>> {
        let host = runtime::current(py)?;
        let client = self.ready(py, host.process())?;
        let arguments = self.read(py, arguments)?;
        match host.wait(py, client.call(name, arguments))? {
            Ok(value) => to_python(py, value),
            Err(error) => Err(raise(py, self.service, error)),
        }
    }

    /// Performs an operation; gives a future of the running event loop.
    fn call_async<'py>(
        &self,
        py: Python<'py>,
        name: &str,
        arguments: &Bound<'py, PyDict>,
    ) -> PyResult<Bound<'py, CallFuture>> {
        let host = runtime::current(py)?;
        let client = self.ready(py, host.process())?;
        let arguments = self.read(py, arguments)?;
        let service = self.service;
        let effort = self.effort(client.operations(), name, &arguments);
        let gets = matches!(effort, Effort::Perhaps | Effort::Later);
        let got_few = gets.then(|| Arc::clone(&self.got_few));
        let call = client.call(name, arguments);
        asyncio::spawn(
            py,
            &host,
            Box::pin(async move {
                let result = call.await;
                let size = result.as_ref().map_or(0, size_of_records);
                if let Some(got_few) = got_few.filter(|_| result.is_ok()) {
                    got_few.store(size <= FEW_BYTES, Ordering::Relaxed);
                }
                Outcome::new(size, move |py| match result {
                    Ok(value) => to_python(py, value),
                    Err(error) => Err(raise(py, service, error)),
                })
            }),
            effort,
        )
    }

    /// Closes the connections. Calls in flight end as they would.
    fn close(&self) {
        let inner = self.lock().take();
        self.release(inner);
    }

    /// Shows the callback for credentials, which may hold the client in turn, while nothing else asks it.
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        let is_sole_user = self.inner.try_lock().is_ok_and(|inner| {
            inner
                .as_ref()
                .is_some_and(|inner| Arc::strong_count(inner) == 1)
        });
        match self.callback.as_ref().and_then(Weak::upgrade) {
            // Beside the client's own there is the one made just now.
            Some(callback) if is_sole_user && Arc::strong_count(&callback) == 2 => {
                visit.call(&*callback)
            }
            _ => Ok(()),
        }
    }

    fn __clear__(&self) {
        self.close();
    }
}

/// Records of so many bytes are encoded and decoded on the thread of the event loop: handing them to another one, which takes tens
/// of microseconds, costs more.
const FEW_BYTES: usize = 8 * 1024;

/// About how many bytes of memory the records among arguments or in a result keep.
fn size_of_records(value: &Value) -> usize {
    let Value::Map(members) = value else {
        return 0;
    };
    let sizes = members.iter().map(|(_, member)| match member {
        Value::Records(batch) => batch.memory_size(),
        _ => 0,
    });
    sizes.sum()
}

impl Client {
    /// What takes long is to encode records that are given, if they are many, and to decode those that are got.
    fn effort(&self, operations: &[&OperationSchema], name: &str, arguments: &Value) -> Effort {
        let given = size_of_records(arguments);
        if given > 0 {
            return if given > FEW_BYTES {
                Effort::AtOnce
            } else {
                Effort::Little
            };
        }
        let called = |known: &&&OperationSchema| known.name == name || known.method == name;
        let is_records = |field: &FieldSchema| field.ty == TypeSchema::Records;
        match operations.iter().find(called).map(|known| known.returns) {
            Some(TypeSchema::Model(result)) if result.fields.iter().any(is_records) => {
                if self.got_few.load(Ordering::Relaxed) {
                    Effort::Perhaps
                } else {
                    Effort::Later
                }
            }
            _ => Effort::Little,
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Arc<dyn AnyClient>>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self, py: Python<'_>, arguments: &Bound<'_, PyDict>) -> PyResult<Value> {
        from_arguments(arguments).map_err(|mismatch| raise(py, self.service, mismatch.into_error()))
    }

    /// The client, if it may be used by this process, whose number is given.
    fn ready(&self, py: Python<'_>, pid: u32) -> PyResult<Arc<dyn AnyClient>> {
        let closed = |message: &'static str| {
            raise(
                py,
                self.service,
                Error::new(ErrorKind::Closed, message).with_sent(false),
            )
        };
        let user = self
            .user
            .compare_exchange(0, pid, Ordering::SeqCst, Ordering::SeqCst)
            .unwrap_or_else(|user| user);
        if user != 0 && user != pid {
            return Err(closed(
                "created before fork(); create clients after forking",
            ));
        }
        // Not locked while the exception is made: making it may let other threads run.
        let inner = self.lock().clone();
        inner.ok_or_else(|| closed("the client was closed"))
    }

    /// Lets go of a client. One that a parent process used shares sockets with it and is left alone.
    fn release(&self, inner: Option<Arc<dyn AnyClient>>) {
        let user = self.user.load(Ordering::SeqCst);
        if user != 0 && user != crate::process::number() {
            mem::forget(inner);
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let inner = self.lock().take();
        self.release(inner);
    }
}
