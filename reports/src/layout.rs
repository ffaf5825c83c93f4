//! How JSON is laid out: a line for each field, and lists of numbers in one, since there are thousands of them.

use std::io;

use serde_json::ser::Formatter;

/// Lays out one document.
#[derive(Default)]
pub(crate) struct Layout {
    /// What is open, from the outside in.
    open: Vec<Open>,
}

enum Open {
    Object { empty: bool },
    Array { of_objects: bool },
}

impl Layout {
    fn new_line<W: io::Write + ?Sized>(&self, writer: &mut W) -> io::Result<()> {
        write!(writer, "\n{:width$}", "", width = 2 * self.open.len())
    }
}

impl Formatter for Layout {
    fn begin_array<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.open.push(Open::Array { of_objects: false });
        writer.write_all(b"[")
    }

    fn end_array<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        if let Some(Open::Array { of_objects: true }) = self.open.pop() {
            self.new_line(writer)?;
        }
        writer.write_all(b"]")
    }

    fn begin_object<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        if let Some(Open::Array { of_objects }) = self.open.last_mut() {
            *of_objects = true;
            self.new_line(writer)?;
        }
        self.open.push(Open::Object { empty: true });
        writer.write_all(b"{")
    }

    fn end_object<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        if let Some(Open::Object { empty: false }) = self.open.pop() {
            self.new_line(writer)?;
        }
        writer.write_all(b"}")
    }

    fn begin_object_key<W: io::Write + ?Sized>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if let Some(Open::Object { empty }) = self.open.last_mut() {
            *empty = false;
        }
        if !first {
            writer.write_all(b",")?;
        }
        self.new_line(writer)
    }

    fn begin_object_value<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }
}

#[cfg(test)]
mod tests {
    use serde::Serialize;
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_have_lines_and_numbers_share_one() {
        let mut written = Vec::new();
        let document = json!({"empty": {}, "points": [[0, 1], [2, 3]], "things": [{"name": "a"}, {"name": "b"}]});
        document.serialize(&mut serde_json::Serializer::with_formatter(&mut written, Layout::default())).expect("JSON");
        let expected = "{\n  \"empty\": {},\n  \"points\": [[0,1],[2,3]],\n  \"things\": [\n    {\n      \"name\": \"a\"\n    },\n    {\n      \"name\": \"b\"\n    }\n  ]\n}";
        assert_eq!(String::from_utf8(written).expect("text"), expected);
    }
}
