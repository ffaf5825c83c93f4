//! What beanstalkd answers, as its protocol.txt says: a line, and after some of them a block of bytes.

use crate::target::TargetError;

/// No line that it sends is longer.
const LINE_LIMIT_BYTES: usize = 1_024;
/// No body that it may send is longer: its own limit for `-z`.
const BODY_LIMIT_BYTES: usize = 1 << 30;

/// An answer to a command.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reply<'a> {
    /// To `put`: the job is in its tube.
    Inserted,
    /// To a reserve: a job for this connection alone.
    Reserved {
        /// Its number.
        id: u64,
        /// Its body.
        body: &'a [u8],
    },
    /// To a reserve: there is no job.
    None,
    /// To a peek: a job, which stays where it is.
    Found {
        /// Its number.
        id: u64,
        /// Its body.
        body: &'a [u8],
    },
    /// There is no such job.
    NotFound,
    /// A text that was asked for.
    Text(&'a [u8]),
    /// To `delete`, `use`, `watch`, `ignore`, `kick`, `bury`: done.
    Done,
}

/// The first reply of `input` and its length in bytes; `None` if it has not come whole.
///
/// # Errors
/// If it is a refusal, or no reply.
pub(super) fn parse(input: &[u8]) -> Result<Option<(Reply<'_>, usize)>, TargetError> {
    let line_limit = input.len().min(LINE_LIMIT_BYTES);
    let Some(line_bytes) = input[..line_limit].windows(2).position(|pair| pair == b"\r\n") else {
        let is_endless = line_limit == LINE_LIMIT_BYTES;
        return if is_endless { Err(TargetError::died("a reply without an end")) } else { Ok(None) };
    };
    let line = std::str::from_utf8(&input[..line_bytes]).map_err(TargetError::died)?;
    let after_line = line_bytes + 2;
    let mut words = line.split(' ');
    let reply = match words.next().unwrap_or_default() {
        "INSERTED" => Reply::Inserted,
        "TIMED_OUT" | "DEADLINE_SOON" => Reply::None,
        "NOT_FOUND" => Reply::NotFound,
        "DELETED" | "USING" | "WATCHING" | "KICKED" => Reply::Done,
        // With a number it is an answer to `put`: there was no memory for the job.
        "BURIED" if line == "BURIED" => Reply::Done,
        kind @ ("RESERVED" | "FOUND") => {
            let id = number(words.next(), line)?;
            let block = block(input, after_line, number(words.next(), line)?, line)?;
            let reply = |body| if kind == "FOUND" { Reply::Found { id, body } } else { Reply::Reserved { id, body } };
            return Ok(block.map(|(body, end)| (reply(body), end)));
        }
        "OK" => {
            let block = block(input, after_line, number(words.next(), line)?, line)?;
            return Ok(block.map(|(text, end)| (Reply::Text(text), end)));
        }
        _ => return Err(TargetError::Refused(line.to_owned())),
    };
    Ok(Some((reply, after_line)))
}

fn number(word: Option<&str>, line: &str) -> Result<u64, TargetError> {
    word.and_then(|word| word.parse().ok()).ok_or_else(|| TargetError::died(format!("no number in '{line}'")))
}

/// The block of `bytes` bytes at `start`, and where it ends; `None` if it has not come whole.
fn block<'a>(input: &'a [u8], start: usize, bytes: u64, line: &str) -> Result<Option<(&'a [u8], usize)>, TargetError> {
    let bytes = usize::try_from(bytes).ok().filter(|bytes| *bytes <= BODY_LIMIT_BYTES);
    let bytes = bytes.ok_or_else(|| TargetError::died(format!("too long a block: '{line}'")))?;
    let Some((block, end)) = input[start..].split_at_checked(bytes) else { return Ok(None) };
    match end {
        [b'\r', b'\n', ..] => Ok(Some((block, start + bytes + 2))),
        [] | [b'\r'] => Ok(None),
        _ => Err(TargetError::died(format!("more bytes than '{line}' said"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(input: &[u8]) -> Option<(Reply<'_>, usize)> {
        parse(input).expect("a reply")
    }

    #[test]
    fn replies_end_where_their_line_or_block_does() {
        assert_eq!(parsed(b"INSERTED 7\r\nINS"), Some((Reply::Inserted, 12)));
        assert_eq!(parsed(b"TIMED_OUT\r\n"), Some((Reply::None, 11)));
        assert_eq!(parsed(b"WATCHING 1\r\n"), Some((Reply::Done, 12)));
        assert_eq!(parsed(b"BURIED\r\nDELETED\r\n"), Some((Reply::Done, 8)));
        assert_eq!(parsed(b"FOUND 3 1\r\na\r\n"), Some((Reply::Found { id: 3, body: b"a" }, 14)));
        assert_eq!(parsed(b"OK 4\r\nab\r\n\r\n"), Some((Reply::Text(b"ab\r\n"), 12)));
        assert_eq!(parsed(b"RESERVED 9 0\r\n\r\n"), Some((Reply::Reserved { id: 9, body: b"" }, 16)));
    }

    #[test]
    fn what_has_not_come_whole_is_waited_for() {
        let whole = b"RESERVED 12 3\r\nab\r\r\n";
        for cut in 0..whole.len() {
            assert_eq!(parsed(&whole[..cut]), None, "after {cut} bytes");
        }
        assert_eq!(parsed(whole), Some((Reply::Reserved { id: 12, body: b"ab\r" }, whole.len())));
    }

    #[test]
    fn refusals_are_told_in_its_own_words() {
        for line in ["JOB_TOO_BIG", "OUT_OF_MEMORY", "DRAINING", "BURIED 3"] {
            let error = parse(format!("{line}\r\n").as_bytes()).expect_err("a refusal");
            assert_eq!(error.to_string(), format!("refused: {line}"));
        }
    }

    #[test]
    fn what_is_no_reply_ends_it() {
        let endless = [b'x'; LINE_LIMIT_BYTES];
        let inputs: [&[u8]; 6] = [
            b"RESERVED 1\r\n",
            b"RESERVED x 1\r\n",
            b"OK 18446744073709551615\r\n",
            b"OK 1\r\nabc\r\n",
            b"\xff\r\n",
            &endless,
        ];
        for input in inputs {
            assert!(matches!(parse(input), Err(TargetError::Died(_))), "{input:?}");
        }
    }
}
