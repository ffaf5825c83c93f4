//! Bytes in error texts, as RabbitMQ shows them: `<<1,2,3>>`, or `<<"text">>`.

use std::fmt::{self, Write};

/// How many bytes are shown: reply texts are cut to a short string anyway.
const SHOWN_BYTES: usize = 128;

/// Bytes as numbers, as Erlang's `~w` has them.
pub(super) struct Numbers<'a>(pub &'a [u8]);

/// Bytes as text if they are printable, else as numbers, as Erlang's `~p` has them.
pub(super) struct Text<'a>(pub &'a [u8]);

impl fmt::Display for Numbers<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("<<")?;
        for (index, byte) in self.0.iter().take(SHOWN_BYTES).enumerate() {
            let comma = if index == 0 { "" } else { "," };
            write!(formatter, "{comma}{byte}")?;
        }
        formatter.write_str(">>")
    }
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = &self.0[..self.0.len().min(SHOWN_BYTES)];
        let is_printable = |byte: &u8| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\');
        if shown.is_empty() || !shown.iter().all(is_printable) {
            return Numbers(shown).fmt(formatter);
        }
        formatter.write_str("<<\"")?;
        shown.iter().try_for_each(|byte| formatter.write_char(char::from(*byte)))?;
        formatter.write_str("\">>")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_look_as_erlang_shows_them() {
        assert_eq!(Numbers(b"ab\0").to_string(), "<<97,98,0>>");
        assert_eq!(Text(b"ab\0").to_string(), "<<97,98,0>>");
        assert_eq!(Text(b"ab").to_string(), "<<\"ab\">>");
        assert_eq!(Text(b"").to_string(), "<<>>");
        assert_eq!(Text(&[b'x'; 100_000]).to_string().len(), SHOWN_BYTES + 6);
    }
}
