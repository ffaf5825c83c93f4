//! Exact bytes: what is read, what is refused, and what changing headers leaves alone.

use super::super::value::Value;
use super::*;

/// Bytes with a content type, headers `b` and `a`, and a message id.
const SOME: &[u8] = b"\xA0\x80\x04text\0\0\0\x07\x01bt\x01\x01aV\x02id";

#[test]
fn a_content_header_is_laid_out_as_in_the_picture() {
    let header = ContentHeader { class_id: BASIC_CLASS_ID, body_size: 5, properties: b"\x10\0\x02" };
    let mut out = Vec::new();
    header.write(1, &mut out);
    assert_eq!(out, b"\x02\0\x01\0\0\0\x0F\0\x3C\0\0\0\0\0\0\0\0\0\x05\x10\0\x02\xCE");
    assert_eq!(ContentHeader::parse(&out[7..out.len() - 1]), Ok(header));
}

#[test]
fn a_content_header_without_its_numbers_or_with_a_weight_is_an_error() {
    assert_eq!(ContentHeader::parse(b"\0\x3C\0\0\0\0\0\0\0\0\0"), Err(SyntaxError::Truncated));
    assert_eq!(ContentHeader::parse(b"\0\x3C\0\x01\0\0\0\0\0\0\0\x05\0\0"), Err(SyntaxError::Weight(1)));
}

#[test]
fn properties_are_read_in_place() {
    let properties = Properties::parse(SOME).unwrap();
    assert_eq!(properties.content_type(), Some("text"));
    assert_eq!(properties.headers().and_then(|headers| headers.get("b")), Some(Value::Boolean(true)));
    assert_eq!(properties.message_id(), Some("id"));
    assert_eq!(properties.delivery_mode(), None);
    assert_eq!(properties.cluster_id(), None);
}

#[test]
fn what_is_built_is_read_back() {
    let mut headers = TableBuilder::new();
    headers.insert("n", Value::LongInt(1));
    let bytes = PropertiesBuilder::new()
        .cluster_id("c")
        .type_("job")
        .timestamp(9)
        .delivery_mode(2)
        .headers(headers.clone())
        .expiration("500")
        .build();
    let properties = Properties::parse(&bytes).unwrap();
    assert_eq!(properties.headers(), Some(headers.as_table()));
    assert_eq!(properties.delivery_mode(), Some(2));
    assert_eq!(properties.priority(), None);
    assert_eq!(properties.expiration(), Some("500"));
    assert_eq!(properties.timestamp(), Some(9));
    assert_eq!(properties.type_(), Some("job"));
    assert_eq!(properties.cluster_id(), Some("c"));
    assert_eq!(PropertiesBuilder::new().build(), b"\0\0");
}

#[test]
fn malformed_properties_are_a_syntax_error() {
    for length in 0..SOME.len() {
        assert_eq!(Properties::parse(&SOME[..length]), Err(SyntaxError::Truncated), "{length} bytes");
    }
    assert_eq!(Properties::parse(b"\0\0x"), Err(SyntaxError::TrailingBytes(1)));
    assert_eq!(Properties::parse(b"\x20\0\0\0\0\x03\x01aQ"), Err(SyntaxError::UnknownFieldType(b'Q')));
    assert_eq!(Properties::parse(b"\x80\x01\0"), Err(SyntaxError::UnknownProperties(1)), "no more flags follow");
    assert_eq!(Properties::parse(b"\0\x02"), Err(SyntaxError::UnknownProperties(2)));
}

#[test]
fn an_id_that_is_no_text_passes_but_is_not_shown_as_text() {
    let properties = Properties::parse(b"\x04\x80\x02\xFF\xFE\x02id").unwrap();
    assert_eq!(properties.correlation_id(), None);
    assert_eq!(properties.message_id(), Some("id"));
}

#[test]
fn with_headers_replaces_and_adds_and_leaves_the_rest_alone() {
    let mut changes = TableBuilder::new();
    changes.insert("a", Value::Boolean(false)).insert("c", Value::Void);
    let changed = Properties::parse(SOME).unwrap().with_headers(changes.as_table());
    assert_eq!(changed, b"\xA0\x80\x04text\0\0\0\x0B\x01bt\x01\x01at\0\x01cV\x02id");
}

#[test]
fn with_headers_keeps_what_it_could_not_have_written() {
    let old = b"\x20\0\0\0\0\x0F\x01aL\0\0\0\0\0\0\0\x01\x01zt\x07";
    let mut changes = TableBuilder::new();
    changes.insert("b", Value::Void);
    let changed = Properties::parse(old).unwrap().with_headers(changes.as_table());
    assert_eq!(changed, b"\x20\0\0\0\0\x12\x01aL\0\0\0\0\0\0\0\x01\x01zt\x07\x01bV", "an L stays an L, a 7 a 7");
}

#[test]
fn with_headers_adds_headers_where_there_were_none() {
    let mut changes = TableBuilder::new();
    changes.insert("b", Value::Void);
    let none = Properties::parse(b"\0\0").unwrap();
    assert_eq!(none.with_headers(changes.as_table()), b"\x20\0\0\0\0\x03\x01bV");
    let others = Properties::parse(b"\x90\0\x01t\x02").unwrap();
    assert_eq!(others.with_headers(changes.as_table()), b"\xB0\0\x01t\0\0\0\x03\x01bV\x02");
    assert_eq!(none.with_headers(Table::default()), b"\x20\0\0\0\0\0");
}
