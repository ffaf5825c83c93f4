//! Results as JSON: the form that is kept, compared and rendered again.

use std::fs;
use std::path::Path;

use serde::de::Error as _;
use serde::{Deserialize, Serialize};
use serde_json::Error;

use crate::check;
use crate::error::{ReadError, ReportError};
use crate::layout::Layout;
use crate::model::{OLDEST_VERSION, Results, SCHEMA_VERSION};

/// The results as a JSON document that [`from_json`] reads back to the same value.
///
/// Fails if they hold a number that JSON cannot say: not-a-number or an infinity.
pub fn to_json(results: &Results) -> Result<String, ReportError> {
    let mut written = Vec::new();
    let mut writer = serde_json::Serializer::with_formatter(&mut written, Layout::default());
    results.serialize(&mut writer).map_err(ReportError::Results)?;
    let mut document = String::from_utf8(written).map_err(|error| ReportError::Results(Error::custom(error)))?;
    // JSON writes not-a-number as null without complaint; only reading back finds it.
    serde_json::from_str::<Results>(&document).map_err(ReportError::Results)?;
    document.push('\n');
    Ok(document)
}

/// Reads a results document. `path` is only for the error message.
pub fn from_json(document: &str, path: &Path) -> Result<Results, ReadError> {
    let invalid = |source| ReadError::Document { path: path.into(), source };
    let Header { schema_version: found } = serde_json::from_str(document).map_err(invalid)?;
    if !(OLDEST_VERSION..=SCHEMA_VERSION).contains(&found) {
        return Err(ReadError::Version { path: path.into(), found });
    }
    let results = serde_json::from_str(document).map_err(invalid)?;
    match check::damage(&results) {
        Some(what) => Err(ReadError::Trace { path: path.into(), what }),
        None => Ok(results),
    }
}

/// Reads the results document at `path`.
pub fn read(path: &Path) -> Result<Results, ReadError> {
    let document = fs::read_to_string(path).map_err(|source| ReadError::File { path: path.into(), source })?;
    from_json(&document, path)
}

/// The one field that documents of all versions share.
#[derive(Deserialize)]
struct Header {
    schema_version: u32,
}
