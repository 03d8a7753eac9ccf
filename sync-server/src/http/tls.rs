//! The certificate that the server shows, read again when its files change. It does not know what
//! is said over a secured connection.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio_rustls::TlsAcceptor;

use super::lock::locked;
use crate::error::ServerError;

/// Where the certificate and its key lie, both in PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The server's certificate and, behind it, those that it is signed by.
    pub certificate: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

/// What is shown to whoever connects.
#[derive(Debug)]
pub(super) struct ShownCertificate {
    files: TlsFiles,
    shown: Mutex<LoadedCertificate>,
}

/// A certificate with its key, and the bytes that they were read from.
#[derive(Debug)]
struct LoadedCertificate {
    bytes: PemBytes,
    certified: Arc<CertifiedKey>,
}

/// What two files hold.
#[derive(Debug, PartialEq, Eq)]
struct PemBytes {
    certificate: Vec<u8>,
    key: Vec<u8>,
}

impl ShownCertificate {
    /// The certificate of these files.
    pub(super) fn read(files: TlsFiles) -> Result<Arc<ShownCertificate>, ServerError> {
        let loaded = load(read(&files)?)?;
        Ok(Arc::new(ShownCertificate {
            files,
            shown: Mutex::new(loaded),
        }))
    }

    /// Shows what the files hold now, if that is another certificate. What is no certificate with
    /// its key, such as a file that is half written, is looked at again the next time.
    pub(super) fn look_again(&self) -> Result<(), ServerError> {
        let bytes = read(&self.files)?;
        if locked(&self.shown).bytes != bytes {
            let loaded = load(bytes)?;
            *locked(&self.shown) = loaded;
        }
        Ok(())
    }

    /// What secures connections with it.
    pub(super) fn acceptor(self: &Arc<Self>) -> Result<TlsAcceptor, ServerError> {
        let resolver: Arc<dyn ResolvesServerCert> = Arc::clone(self) as _;
        let mut config = ServerConfig::builder_with_provider(ring::default_provider().into())
            .with_safe_default_protocol_versions()
            .map_err(ServerError::broken)?
            .with_no_client_auth()
            .with_cert_resolver(resolver);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

impl ResolvesServerCert for ShownCertificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&locked(&self.shown).certified))
    }
}

fn read(files: &TlsFiles) -> Result<PemBytes, ServerError> {
    let bytes = |path: &Path, what: &str| {
        fs::read(path).map_err(|error| {
            bad(format!(
                "the file of the {what}, {}, cannot be read: {error}",
                path.display()
            ))
        })
    };
    Ok(PemBytes {
        certificate: bytes(&files.certificate, "certificate")?,
        key: bytes(&files.key, "key")?,
    })
}

fn load(bytes: PemBytes) -> Result<LoadedCertificate, ServerError> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes.certificate).collect();
    let chain = chain.map_err(|error| bad(format!("the certificate is no PEM: {error}")))?;
    if chain.is_empty() {
        return Err(bad("the file of the certificate holds none in PEM"));
    }
    let key = PrivateKeyDer::from_pem_slice(&bytes.key)
        .map_err(|error| bad(format!("the key is no PEM: {error}")))?;
    let certified = CertifiedKey::from_der(chain, key, &ring::default_provider())
        .map_err(|error| bad(format!("certificate and key are no pair: {error}")))?;
    Ok(LoadedCertificate {
        bytes,
        certified: Arc::new(certified),
    })
}

fn bad(message: impl Into<String>) -> ServerError {
    ServerError::bad_input("bad_certificate", message)
}
