//! The AMQP codec: what the bytes of a publish and of a delivery cost.
//!
//! Run it with `cargo bench -p handoff-bench --bench codec`.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use handoff_broker::amqp::codec::{
    BASIC_CLASS_ID, ContentHeader, Method, Properties, PropertiesBuilder, parse_frame, write_body_frame,
};

const FRAME_MAX: u32 = 131_072;

fn write_publish(properties: &[u8], body: &[u8], out: &mut Vec<u8>) {
    Method::BasicPublish { exchange: "", routing_key: b"jobs", mandatory: false, immediate: false }.write(1, out);
    ContentHeader { class_id: BASIC_CLASS_ID, body_size: body.len() as u64, properties }.write(1, out);
    write_body_frame(1, body, out);
}

/// The three frames of a publish, parsed and checked.
fn parse_publish(bytes: &[u8]) -> usize {
    let mut rest = bytes;
    let mut next = || {
        let (frame, taken) = parse_frame(rest, FRAME_MAX).expect("valid frames").expect("whole frames");
        rest = &rest[taken..];
        frame
    };
    let method = Method::parse(next().payload).expect("a valid method");
    assert!(matches!(method, Method::BasicPublish { .. }));
    let header = ContentHeader::parse(next().payload).expect("a valid header");
    black_box(Properties::parse(header.properties).expect("valid properties"));
    next().payload.len()
}

fn publish(criterion: &mut Criterion) {
    let properties = PropertiesBuilder::new().delivery_mode(2).message_id("42").build();
    for body_bytes in [16_usize, 1_024, 65_536] {
        let body = vec![7; body_bytes];
        let mut bytes = Vec::new();
        write_publish(&properties, &body, &mut bytes);
        let mut group = criterion.benchmark_group("codec/publish");
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        group.bench_with_input(BenchmarkId::new("parse", body_bytes), &bytes, |bencher, bytes| {
            bencher.iter(|| assert_eq!(parse_publish(black_box(bytes)), body_bytes));
        });
        let length = bytes.len();
        group.bench_with_input(BenchmarkId::new("write", body_bytes), &body, |bencher, body| {
            bencher.iter(|| {
                bytes.clear();
                write_publish(&properties, black_box(body), &mut bytes);
                assert_eq!(bytes.len(), length);
            });
        });
        group.finish();
    }
}

criterion_group!(benches, publish);
criterion_main!(benches);
