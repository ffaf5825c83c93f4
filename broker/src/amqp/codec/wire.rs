//! The elementary types of the wire (AMQP 0-9-1, 4.2.5): integers, bits, short and long strings.
//!
//! [`Reader`] takes them from borrowed bytes, [`Writer`] appends them. Both have one method for each type, with the
//! same name. What the values mean is the business of methods, tables and properties.

use thiserror::Error;

use super::reply_code::ReplyCode;

/// The longest short string, in bytes.
pub const SHORT_STRING_MAX_BYTES: usize = 255;

/// Why bytes in a well-formed frame could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SyntaxError {
    /// A value ends after its frame or its table.
    #[error("a value is cut off")]
    Truncated,
    /// There is more than what the values need.
    #[error("{0} bytes too many")]
    TrailingBytes(usize),
    /// A short string that has to be text is not.
    #[error("a short string is not UTF-8")]
    InvalidUtf8,
    /// A field table has a value of a type that neither the specification nor RabbitMQ has.
    #[error("a field table has a value of unknown type {0:#04x}")]
    UnknownFieldType(u8),
    /// Tables and arrays are nested deeper than [`MAX_TABLE_DEPTH`](super::MAX_TABLE_DEPTH).
    #[error("field tables are nested too deep")]
    TooDeep,
    /// A content header has a weight, which is always zero.
    #[error("content header weight is {0} instead of 0")]
    Weight(u16),
    /// A content header announces properties that do not exist.
    #[error("unknown property flags {0:#06x}")]
    UnknownProperties(u16),
}

impl SyntaxError {
    /// What the peer is told: 502.
    pub const fn reply_code(self) -> ReplyCode {
        ReplyCode::SyntaxError
    }
}

/// Reads values from the front of borrowed bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a> {
    input: &'a [u8],
    /// The octet that successive bits are taken from, and which of its bits is next; 0 asks for a new octet.
    bits: u8,
    next_bit: u8,
}

impl<'a> Reader<'a> {
    pub(super) fn new(input: &'a [u8]) -> Self {
        Reader { input, bits: 0, next_bit: 0 }
    }

    /// What has not been read.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.input
    }

    /// Checks that everything has been read.
    pub(super) fn finish(&self) -> Result<(), SyntaxError> {
        if self.input.is_empty() { Ok(()) } else { Err(SyntaxError::TrailingBytes(self.input.len())) }
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], SyntaxError> {
        let (taken, rest) = self.input.split_at_checked(count).ok_or(SyntaxError::Truncated)?;
        self.input = rest;
        self.next_bit = 0;
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], SyntaxError> {
        self.take(N)?.try_into().map_err(|_| SyntaxError::Truncated)
    }

    /// Successive bits share an octet, from its lowest bit on.
    pub(super) fn bit(&mut self) -> Result<bool, SyntaxError> {
        if self.next_bit == 0 {
            self.bits = self.octet()?;
        }
        let bit = self.bits >> self.next_bit & 1 == 1;
        self.next_bit = (self.next_bit + 1) % 8;
        Ok(bit)
    }

    pub(super) fn octet(&mut self) -> Result<u8, SyntaxError> {
        Ok(u8::from_be_bytes(self.array()?))
    }

    pub(super) fn short(&mut self) -> Result<u16, SyntaxError> {
        Ok(u16::from_be_bytes(self.array()?))
    }

    pub(super) fn long(&mut self) -> Result<u32, SyntaxError> {
        Ok(u32::from_be_bytes(self.array()?))
    }

    pub(super) fn long_long(&mut self) -> Result<u64, SyntaxError> {
        Ok(u64::from_be_bytes(self.array()?))
    }

    /// A short string that is not required to be text.
    pub(super) fn short_bytes(&mut self) -> Result<&'a [u8], SyntaxError> {
        let length = self.octet()?;
        self.take(usize::from(length))
    }

    pub(super) fn short_string(&mut self) -> Result<&'a str, SyntaxError> {
        str::from_utf8(self.short_bytes()?).map_err(|_| SyntaxError::InvalidUtf8)
    }

    /// A short string for people.
    pub(super) fn text(&mut self) -> Result<&'a str, SyntaxError> {
        self.short_string()
    }

    pub(super) fn long_string(&mut self) -> Result<&'a [u8], SyntaxError> {
        let length = self.long()?;
        self.take(usize::try_from(length).map_err(|_| SyntaxError::Truncated)?)
    }
}

/// Appends values to a buffer.
#[derive(Debug)]
pub(super) struct Writer<'o> {
    out: &'o mut Vec<u8>,
    /// Which bit of the last octet is next; 0 asks for a new octet.
    next_bit: u8,
}

impl<'o> Writer<'o> {
    pub(super) fn new(out: &'o mut Vec<u8>) -> Self {
        Writer { out, next_bit: 0 }
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.next_bit = 0;
        self.out.extend_from_slice(bytes);
    }

    pub(super) fn bit(&mut self, value: bool) {
        if self.next_bit == 0 {
            self.octet(0);
        }
        if let Some(last) = self.out.last_mut() {
            *last |= u8::from(value) << self.next_bit;
        }
        self.next_bit = (self.next_bit + 1) % 8;
    }

    pub(super) fn octet(&mut self, value: u8) {
        self.bytes(&[value]);
    }

    pub(super) fn short(&mut self, value: u16) {
        self.bytes(&value.to_be_bytes());
    }

    pub(super) fn long(&mut self, value: u32) {
        self.bytes(&value.to_be_bytes());
    }

    pub(super) fn long_long(&mut self, value: u64) {
        self.bytes(&value.to_be_bytes());
    }

    /// Panics beyond 255 bytes: a name that was cut would be another name.
    pub(super) fn short_bytes(&mut self, value: &[u8]) {
        self.octet(u8::try_from(value.len()).expect("a short string has at most 255 bytes"));
        self.bytes(value);
    }

    pub(super) fn short_string(&mut self, value: &str) {
        self.short_bytes(value.as_bytes());
    }

    /// A short string for people: what is too long ends in `...`, so that a long explanation is no error.
    pub(super) fn text(&mut self, value: &str) {
        const ELLIPSIS: &str = "...";
        if value.len() <= SHORT_STRING_MAX_BYTES {
            return self.short_string(value);
        }
        let mut end = SHORT_STRING_MAX_BYTES - ELLIPSIS.len();
        while !value.is_char_boundary(end) {
            end -= 1;
        }
        self.short_string(&[&value[..end], ELLIPSIS].concat());
    }

    pub(super) fn long_string(&mut self, value: &[u8]) {
        self.long(u32::try_from(value.len()).expect("a long string has less than 4 GiB"));
        self.bytes(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Writer<'_>)) -> Vec<u8> {
        let mut out = Vec::new();
        write(&mut Writer::new(&mut out));
        out
    }

    #[test]
    fn successive_bits_share_octets_and_other_values_end_them() {
        let bits = [true, false, true, false, false, false, false, true, true];
        let out = written(|writer| {
            bits.iter().for_each(|bit| writer.bit(*bit));
            writer.octet(0xAA);
            writer.bit(true);
        });
        assert_eq!(out, [0b1000_0101, 0b0000_0001, 0xAA, 1]);

        let mut reader = Reader::new(&out);
        assert_eq!(bits.map(|_| reader.bit().unwrap()), bits);
        assert_eq!(reader.octet(), Ok(0xAA));
        assert_eq!(reader.bit(), Ok(true));
        assert_eq!(reader.finish(), Ok(()));
    }

    #[test]
    fn strings_end_where_their_length_says() {
        let mut reader = Reader::new(b"\x02abrest");
        assert_eq!(reader.short_string(), Ok("ab"));
        assert_eq!(reader.finish(), Err(SyntaxError::TrailingBytes(4)));
        assert_eq!(Reader::new(b"\x03ab").short_string(), Err(SyntaxError::Truncated));
        assert_eq!(Reader::new(b"\0\0\0\x03ab").long_string(), Err(SyntaxError::Truncated));
        assert_eq!(Reader::new(b"\xFF\xFF\xFF\xFFab").long_string(), Err(SyntaxError::Truncated));
        assert_eq!(Reader::new(b"\x01\xFF").short_string(), Err(SyntaxError::InvalidUtf8));
        assert_eq!(Reader::new(b"\x01\xFF").short_bytes(), Ok(&b"\xFF"[..]));
    }

    #[test]
    fn a_text_that_is_too_long_is_cut_at_a_character() {
        let fits = "a".repeat(255);
        assert_eq!(Reader::new(&written(|writer| writer.text(&fits))).text(), Ok(fits.as_str()));
        let too_long = format!("{}é{}", "a".repeat(251), "b".repeat(10));
        let cut = format!("{}...", "a".repeat(251));
        assert_eq!(Reader::new(&written(|writer| writer.text(&too_long))).text(), Ok(cut.as_str()));
    }

    #[test]
    #[should_panic(expected = "at most 255 bytes")]
    fn a_name_is_never_cut() {
        written(|writer| writer.short_string(&"a".repeat(256)));
    }
}
