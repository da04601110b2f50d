//! TLS that is always verified.

use std::sync::Arc;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::error::{Error, ErrorKind, Result};

/// What connections need for TLS.
///
/// Certificates are verified against those of the platform (or, where it has none, against a
/// bundled list) and against those of the file given, if its name is not empty.
pub(super) fn config(ca_file: &str) -> Result<Arc<rustls::ClientConfig>> {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        // A machine without certificates must still be able to use plain HTTP and known services.
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    if !ca_file.is_empty() {
        add_file(&mut roots, ca_file)?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| {
            Error::new(ErrorKind::Internal, "TLS cannot be set up").with_source(error)
        })?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

fn add_file(roots: &mut RootCertStore, ca_file: &str) -> Result<()> {
    let wrong = |what: &str| Error::invalid_argument("ca_file", what);
    let mut added = 0;
    for certificate in CertificateDer::pem_file_iter(ca_file)
        .map_err(|error| wrong("cannot be read").with_source(error))?
    {
        let certificate =
            certificate.map_err(|error| wrong("is not in PEM form").with_source(error))?;
        roots
            .add(certificate)
            .map_err(|error| wrong("has a certificate that cannot be used").with_source(error))?;
        added += 1;
    }
    if added == 0 {
        return Err(wrong("has no certificate in PEM form"));
    }
    Ok(())
}
