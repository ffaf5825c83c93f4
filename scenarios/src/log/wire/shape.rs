//! The structure of each request, walked before it is decoded.
//!
//! `kafka-protocol` reserves memory for as many elements as an array claims to have, before it reads any of them: a
//! request of forty bytes can ask for hundreds of gigabytes, and the process aborts. So a request is decoded only
//! after a walk that allocates nothing has shown that all it claims to hold is there.

use bytes::Buf;
use kafka_protocol::messages::ApiKey;

use super::WireError;

/// The most array elements in one request: what bounds the memory of a decoded request.
const MAX_ELEMENTS: usize = 100_000;

/// How a field's end is found.
enum Kind {
    /// This many bytes.
    Fixed(usize),
    /// A string, which may be null.
    Text,
    /// A byte string, which may be null.
    Binary,
    /// An array of elements of this many bytes each.
    Numbers(usize),
    /// An array of strings.
    Texts,
    /// An array of structures, which may be null.
    Structures(&'static [Field]),
}

/// A field and the versions that have it.
pub struct Field {
    kind: Kind,
    since: i16,
    until: i16,
}

impl Field {
    const fn since(mut self, version: i16) -> Self {
        self.since = version;
        self
    }

    const fn until(mut self, version: i16) -> Self {
        self.until = version;
        self
    }
}

const fn field(kind: Kind) -> Field {
    Field { kind, since: 0, until: i16::MAX }
}
const fn fixed(bytes: usize) -> Field {
    field(Kind::Fixed(bytes))
}
const fn text() -> Field {
    field(Kind::Text)
}
const fn binary() -> Field {
    field(Kind::Binary)
}
const fn numbers(bytes: usize) -> Field {
    field(Kind::Numbers(bytes))
}
const fn texts() -> Field {
    field(Kind::Texts)
}
const fn structures(fields: &'static [Field]) -> Field {
    field(Kind::Structures(fields))
}

const PRODUCE: &[Field] = &[text(), fixed(2), fixed(4), structures(&[text(), structures(&[fixed(4), binary()])])];
const FETCH: &[Field] = &[
    fixed(4),
    fixed(4),
    fixed(4),
    fixed(4),
    fixed(1),
    fixed(8).since(7),
    structures(&[
        text(),
        structures(&[fixed(4), fixed(4).since(9), fixed(8), fixed(4).since(12), fixed(8).since(5), fixed(4)]),
    ]),
    structures(&[text(), numbers(4)]).since(7),
    text().since(11),
];
const LIST_OFFSETS: &[Field] =
    &[fixed(4), fixed(1).since(2), structures(&[text(), structures(&[fixed(4), fixed(4).since(4), fixed(8)])])];
const METADATA: &[Field] = &[structures(&[text()]), fixed(1).since(4), fixed(1).since(8), fixed(1).since(8)];
const OFFSET_COMMIT: &[Field] = &[
    text(),
    fixed(4),
    text(),
    text().since(7),
    fixed(8).until(4),
    structures(&[text(), structures(&[fixed(4), fixed(8), fixed(4).since(6), text()])]),
];
const OFFSET_FETCH: &[Field] = &[
    text().until(7),
    structures(&[text(), numbers(4)]).until(7),
    structures(&[text(), structures(&[text(), numbers(4)])]).since(8),
    fixed(1).since(7),
];
const FIND_COORDINATOR: &[Field] = &[text().until(3), fixed(1).since(1), texts().since(4)];
const JOIN_GROUP: &[Field] = &[text(), fixed(4), fixed(4).since(1), text(), text(), structures(&[text(), binary()])];
const SYNC_GROUP: &[Field] = &[text(), fixed(4), text(), structures(&[text(), binary()])];
const HEARTBEAT: &[Field] = &[text(), fixed(4), text()];
const LEAVE_GROUP: &[Field] = &[text(), text()];
const API_VERSIONS: &[Field] = &[text().since(3), text().since(3)];
const CREATE_TOPICS: &[Field] = &[
    structures(&[text(), fixed(4), fixed(2), structures(&[fixed(4), numbers(4)]), structures(&[text(), text()])]),
    fixed(4),
    fixed(1),
];
const DELETE_TOPICS: &[Field] = &[texts(), fixed(4)];

/// What a member subscribes to, in version 0: written by one member and read by the leader.
pub const SUBSCRIPTION: &[Field] = &[texts(), binary()];
/// What a member is assigned, in version 0: written by the leader.
pub const ASSIGNMENT: &[Field] = &[structures(&[text(), numbers(4)]), binary()];

/// The fields of a request, or `None` for an API that is not spoken here.
fn fields(api: ApiKey) -> Option<&'static [Field]> {
    Some(match api {
        ApiKey::Produce => PRODUCE,
        ApiKey::Fetch => FETCH,
        ApiKey::ListOffsets => LIST_OFFSETS,
        ApiKey::Metadata => METADATA,
        ApiKey::OffsetCommit => OFFSET_COMMIT,
        ApiKey::OffsetFetch => OFFSET_FETCH,
        ApiKey::FindCoordinator => FIND_COORDINATOR,
        ApiKey::JoinGroup => JOIN_GROUP,
        ApiKey::SyncGroup => SYNC_GROUP,
        ApiKey::Heartbeat => HEARTBEAT,
        ApiKey::LeaveGroup => LEAVE_GROUP,
        ApiKey::ApiVersions => API_VERSIONS,
        ApiKey::CreateTopics => CREATE_TOPICS,
        ApiKey::DeleteTopics => DELETE_TOPICS,
        _ => return None,
    })
}

/// Checks that `body` has the structure of a request to `api` in `version`. Bytes after its end are allowed.
pub fn check(api: ApiKey, version: i16, body: &[u8]) -> Result<(), WireError> {
    let flexible = api.request_header_version(version) >= 2;
    let fields = fields(api).ok_or(WireError::Unsupported { key: api as i16, version })?;
    Walk { rest: body, version, flexible, elements_left: MAX_ELEMENTS }.structure(fields)
}

/// Checks that `bytes` have the structure of a message that clients hand to each other through the broker.
pub fn check_embedded(fields: &[Field], bytes: &[u8]) -> Result<(), WireError> {
    Walk { rest: bytes, version: 0, flexible: false, elements_left: MAX_ELEMENTS }.structure(fields)
}

/// A position in a request, moving to its end.
struct Walk<'a> {
    rest: &'a [u8],
    version: i16,
    /// The version has compact lengths and tagged fields (KIP-482).
    flexible: bool,
    elements_left: usize,
}

type Step<T = ()> = Result<T, WireError>;

fn malformed(what: &str) -> WireError {
    WireError::Malformed(what.to_owned())
}

impl Walk<'_> {
    fn structure(&mut self, fields: &[Field]) -> Step {
        for field in fields {
            if (field.since..=field.until).contains(&self.version) {
                self.field(&field.kind)?;
            }
        }
        if self.flexible { self.tagged_fields() } else { Ok(()) }
    }

    fn field(&mut self, kind: &Kind) -> Step {
        match kind {
            Kind::Fixed(bytes) => self.skip(*bytes),
            Kind::Text => {
                let length = if self.flexible { self.compact_length()? } else { self.length_i16()? };
                self.skip(length)
            }
            Kind::Binary => {
                let length = self.length()?;
                self.skip(length)
            }
            Kind::Numbers(bytes) => self.array(|walk| walk.skip(*bytes)),
            Kind::Texts => self.array(|walk| walk.field(&Kind::Text)),
            Kind::Structures(fields) => self.array(|walk| walk.structure(fields)),
        }
    }

    fn array(&mut self, mut element: impl FnMut(&mut Self) -> Step) -> Step {
        let count = self.length()?;
        self.elements_left = self.elements_left.checked_sub(count).ok_or_else(|| malformed("too many elements"))?;
        (0..count).try_for_each(|_| element(self))
    }

    fn tagged_fields(&mut self) -> Step {
        for _ in 0..self.unsigned_varint()? {
            let _tag = self.unsigned_varint()?;
            let size = self.unsigned_varint()?;
            self.skip(size as usize)?;
        }
        Ok(())
    }

    /// A length in the form of this version; null counts as 0.
    fn length(&mut self) -> Step<usize> {
        if self.flexible {
            return self.compact_length();
        }
        let length = self.rest.try_get_i32().map_err(|_| malformed("ends within a length"))?;
        not_negative(length)
    }

    fn length_i16(&mut self) -> Step<usize> {
        let length = self.rest.try_get_i16().map_err(|_| malformed("ends within a length"))?;
        not_negative(length.into())
    }

    /// A length plus one, null being 0.
    fn compact_length(&mut self) -> Step<usize> {
        Ok(self.unsigned_varint()?.saturating_sub(1) as usize)
    }

    fn unsigned_varint(&mut self) -> Step<u32> {
        let mut value = 0;
        for shift in [0, 7, 14, 21, 28] {
            let byte = self.rest.try_get_u8().map_err(|_| malformed("ends within a varint"))?;
            value |= u32::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(malformed("varint of more than five bytes"))
    }

    fn skip(&mut self, length: usize) -> Step {
        self.rest = self.rest.get(length..).ok_or_else(|| malformed("ends within a field"))?;
        Ok(())
    }
}

/// A length as it is on the wire; -1 is null and counts as 0.
fn not_negative(length: i32) -> Step<usize> {
    match length {
        -1 => Ok(0),
        length => usize::try_from(length).map_err(|_| malformed("negative length")),
    }
}
