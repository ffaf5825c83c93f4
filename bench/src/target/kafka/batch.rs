//! Record batches, written from bodies and without a thing allocated for a message.
//!
//! Format: magic 2 of <https://kafka.apache.org/documentation/#recordbatch>. They are read by the log's own
//! [`Batch`](handoff_scenarios::log::batch::Batch).

use bytes::{BufMut as _, Bytes, BytesMut};

/// The most bytes in a batch: a little below what Kafka takes unless it is told otherwise (`message.max.bytes`).
pub(super) const MAX_BATCH_BYTES: usize = 1_000_000;
/// What a record takes beside its body, at most.
const RECORD_BYTES: usize = 20;
/// Where the part begins that the length counts, and the part that the checksum covers.
const LENGTH_FROM: usize = 12;
const CHECKSUM_FROM: usize = 21;
/// What is written where nothing is to be said: no epoch, no producer's number, no key.
const NONE: i8 = -1;

/// How many of the first bodies fit into a batch; at least one.
pub(super) fn fitting(bodies: &[Vec<u8>]) -> usize {
    let mut bytes = 0;
    let fits = |body: &&Vec<u8>| {
        bytes += body.len() + RECORD_BYTES;
        bytes <= MAX_BATCH_BYTES
    };
    bodies.iter().take_while(fits).count().max(1)
}

/// One batch with a record for each body; base offset 0, no timestamps.
pub(super) fn write(bodies: &[Vec<u8>]) -> Bytes {
    let count = bodies.len() as i32;
    let room = bodies.iter().map(|body| body.len() + RECORD_BYTES).sum::<usize>();
    let mut out = BytesMut::with_capacity(61 + room);
    out.put_i64(0);
    // The length and the checksum are put in at the end.
    out.put_i32(0);
    out.put_i32(NONE.into());
    out.put_i8(2);
    out.put_u32(0);
    out.put_i16(0);
    out.put_i32(count - 1);
    // First and last creation time.
    out.put_i64(0);
    out.put_i64(0);
    // The producer's number, its epoch and the sequence number, for those who resend.
    out.put_i64(NONE.into());
    out.put_i16(NONE.into());
    out.put_i32(NONE.into());
    out.put_i32(count);
    for (delta, body) in bodies.iter().enumerate() {
        put_record(&mut out, delta as u64, body);
    }
    let length = (out.len() - LENGTH_FROM) as u32;
    let checksum = crc32c::crc32c(&out[CHECKSUM_FROM..]);
    out[8..LENGTH_FROM].copy_from_slice(&length.to_be_bytes());
    out[CHECKSUM_FROM - 4..CHECKSUM_FROM].copy_from_slice(&checksum.to_be_bytes());
    out.freeze()
}

/// Its length, no attributes, the time and the offset from the batch's on, no key, the body, no headers.
fn put_record(out: &mut BytesMut, offset_delta: u64, body: &[u8]) {
    let value_bytes = body.len() as u64;
    let length = 4 + varint_bytes(offset_delta) + varint_bytes(value_bytes) + value_bytes;
    put_varint(out, length);
    out.put_i8(0);
    out.put_i8(0);
    put_varint(out, offset_delta);
    // -1 with its sign folded in.
    out.put_i8(1);
    put_varint(out, value_bytes);
    out.put_slice(body);
    out.put_i8(0);
}

/// A number that is not negative: twice itself with the sign folded in (zigzag), seven bits a byte.
fn put_varint(out: &mut BytesMut, value: u64) {
    let mut rest = value << 1;
    while rest >= 0x80 {
        out.put_u8(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.put_u8(rest as u8);
}

fn varint_bytes(value: u64) -> u64 {
    let bits = u64::from(64 - (value << 1).leading_zeros());
    bits.div_ceil(7).max(1)
}

#[cfg(test)]
mod tests {
    use handoff_scenarios::log::Record;
    use handoff_scenarios::log::batch::Batch;
    use handoff_scenarios::log::record::encode_batch;

    use super::*;

    #[test]
    fn a_batch_is_the_one_that_the_library_writes() {
        for bodies in [vec![vec![]], vec![vec![7; 16]; 200], vec![vec![1; 63], vec![2; 64], vec![3; 70_000]]] {
            let records: Vec<_> = bodies.iter().map(|body| (0, Record::keyless(body.clone()))).collect();
            let mut theirs = encode_batch(&records).expect("a batch");
            let mut ours = write(&bodies);
            let read = |bytes: &mut Bytes| -> Vec<_> {
                let batch = Batch::take(bytes).expect("a valid batch");
                batch.records().map(|stored| stored.expect("a record")).collect()
            };
            assert_eq!(ours.len(), theirs.len());
            assert_eq!(read(&mut ours), read(&mut theirs));
        }
    }

    #[test]
    fn a_batch_holds_no_more_than_is_taken() {
        let bodies = vec![vec![0; 65_536]; 20];
        let count = fitting(&bodies);
        assert!(write(&bodies[..count]).len() <= MAX_BATCH_BYTES + 61);
        assert!(write(&bodies[..=count]).len() > MAX_BATCH_BYTES);
        assert_eq!(fitting(&[vec![0; 2 * MAX_BATCH_BYTES], vec![]]), 1);
    }
}
