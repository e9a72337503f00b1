//! How a message lies in a segment: a mark, a length, a checksum, and then what they are about.
//! All numbers are little-endian.

use bytes::{BufMut, Bytes};
use serde::{Deserialize, Serialize};

use crate::clock::Stamp;
use crate::message::Message;

/// The place of a message among all that a journal was given. Numbers begin at one and are never
/// given twice: where they jump, messages are missing.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Sequence(pub u64);

impl Sequence {
    pub(crate) fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// How many lie between the two.
    pub(crate) fn missing_until(self, later: Self) -> u64 {
        later.0.saturating_sub(self.0).saturating_sub(1)
    }
}

/// A message that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its place.
    pub sequence: Sequence,
    /// When it was given to the journal.
    pub stamp: Stamp,
    /// What was published.
    pub message: Message,
}

/// What each record begins with. Its first byte begins no character, so no text contains it.
pub(crate) const MARK: [u8; 8] = *b"\x89PRLN\r\n\x1a";
/// The mark, the body's length, the checksum of length and body.
const PREFIX: usize = MARK.len() + 4 + 4;
/// Sequence, wall clock, uptime, boot, number of parts.
const FIXED: usize = 4 * 8 + 4;
/// Header, parent header, metadata and content.
const LEAST_PARTS: usize = 4;

impl Record {
    /// Appends the record as it lies on disk.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        let body = self.size() - PREFIX;
        // What is larger was refused before.
        let Ok(length) = u32::try_from(body) else {
            return;
        };
        out.reserve(PREFIX + body);
        out.put_slice(&MARK);
        out.put_u32_le(length);
        let checksum = out.len();
        out.put_u32_le(0);
        let start = out.len();
        out.put_u64_le(self.sequence.0);
        out.put_u64_le(self.stamp.wall);
        out.put_u64_le(self.stamp.uptime);
        out.put_u64_le(self.stamp.boot);
        out.put_u32_le(u32_of(LEAST_PARTS + self.message.buffers.len()));
        for part in self.message.parts() {
            out.put_u32_le(u32_of(part.len()));
        }
        for part in self.message.parts() {
            out.put_slice(part);
        }
        let sum = sum(length, &out[start..]);
        out[checksum..start].copy_from_slice(&sum.to_le_bytes());
    }

    /// Bytes on disk.
    pub(crate) fn size(&self) -> usize {
        let parts = LEAST_PARTS + self.message.buffers.len();
        PREFIX + FIXED + parts * 4 + self.message.size()
    }

    /// The record at the beginning of these bytes, and how many it takes.
    fn decode(bytes: &Bytes) -> Option<(Self, usize)> {
        let prefix = bytes.get(..PREFIX)?;
        let length = number(&prefix[8..12])?;
        let checksum = number(&prefix[12..16])?;
        let end = PREFIX.checked_add(usize::try_from(length).ok()?)?;
        let body = bytes.get(PREFIX..end)?;
        if prefix[..8] != MARK || sum(length, body) != checksum {
            return None;
        }
        let word = |index: usize| {
            let bytes = body.get(index * 8..index * 8 + 8)?;
            Some(u64::from_le_bytes(bytes.try_into().ok()?))
        };
        let count = usize::try_from(number(body.get(32..FIXED)?)?).ok()?;
        let mut at = FIXED.checked_add(count.checked_mul(4)?)?;
        let lengths = body.get(FIXED..at)?;
        let mut parts = lengths.chunks_exact(4).map(|length| {
            let end = at.checked_add(usize::try_from(number(length)?).ok()?)?;
            (end <= body.len()).then(|| {
                let part = bytes.slice(PREFIX + at..PREFIX + end);
                at = end;
                part
            })
        });
        let message = Message {
            header: parts.next()??,
            parent_header: parts.next()??,
            metadata: parts.next()??,
            content: parts.next()??,
            buffers: parts.collect::<Option<_>>()?,
        };
        let record = Self {
            sequence: Sequence(word(0)?),
            stamp: Stamp {
                wall: word(1)?,
                uptime: word(2)?,
                boot: word(3)?,
            },
            message,
        };
        Some((record, end))
    }
}

/// The records of a segment, in order. What is damaged is stepped over.
#[derive(Debug, Clone)]
pub(crate) struct Records {
    rest: Bytes,
    /// Bytes up to the end of the last record that was good.
    good: usize,
    /// Bytes that were taken.
    taken: usize,
    last: Option<Sequence>,
}

impl Records {
    /// Of the bytes of a segment.
    pub(crate) fn of(bytes: Bytes) -> Self {
        Self {
            rest: bytes,
            good: 0,
            taken: 0,
            last: None,
        }
    }

    /// Where the last good record ended; behind it nothing is whole, once there are no more.
    pub(crate) fn good(&self) -> usize {
        self.good
    }
}

impl Iterator for Records {
    type Item = Record;

    fn next(&mut self) -> Option<Record> {
        while !self.rest.is_empty() {
            // A copy of an earlier record, such as a disk may bring back, is damage too.
            if let Some((record, size)) = Record::decode(&self.rest)
                && self.last.is_none_or(|last| record.sequence > last)
            {
                self.rest = self.rest.slice(size..);
                self.taken += size;
                self.good = self.taken;
                self.last = Some(record.sequence);
                return Some(record);
            }
            let next = self.rest[1..]
                .windows(MARK.len())
                .position(|window| window == MARK);
            let skipped = next.map_or(self.rest.len(), |at| at + 1);
            self.rest = self.rest.slice(skipped..);
            self.taken += skipped;
        }
        None
    }
}

fn sum(length: u32, body: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&length.to_le_bytes());
    hasher.update(body);
    hasher.finalize()
}

fn number(bytes: &[u8]) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.try_into().ok()?))
}

/// Lengths within a body, whose own length fits.
fn u32_of(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn bytes(most: usize) -> impl Strategy<Value = Bytes> {
        vec(any::<u8>(), 0..most).prop_map(Bytes::from)
    }

    prop_compose! {
        fn message()(
            header in bytes(40),
            parent_header in bytes(40),
            metadata in bytes(5),
            content in bytes(100),
            // With marks among them, since a message may hold a journal.
            buffers in vec(prop_oneof![bytes(30), Just(Bytes::from_static(&MARK))], 0..3),
        ) -> Message {
            Message { header, parent_header, metadata, content, buffers }
        }
    }

    fn records(messages: Vec<Message>) -> Vec<Record> {
        let record = |(sequence, message)| Record {
            sequence: Sequence(sequence),
            stamp: Stamp {
                wall: sequence * 7,
                uptime: sequence * 3,
                boot: 9,
            },
            message,
        };
        (1..).zip(messages).map(record).collect()
    }

    fn encoded(records: &[Record]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for record in records {
            record.encode(&mut bytes);
        }
        bytes
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(messages in vec(message(), 0..8)) {
            let records = records(messages);
            let bytes = encoded(&records);
            prop_assert_eq!(bytes.len(), records.iter().map(Record::size).sum::<usize>());
            let mut read = Records::of(bytes.clone().into());
            prop_assert_eq!(read.by_ref().collect::<Vec<_>>(), records);
            prop_assert_eq!(read.good(), bytes.len());
        }

        #[test]
        fn what_is_cut_off_anywhere_leaves_the_whole_records_before_it(
            messages in vec(message(), 1..6),
            at in any::<prop::sample::Index>(),
        ) {
            let records = records(messages);
            let bytes = encoded(&records);
            let at = at.index(bytes.len() + 1);
            let mut whole = 0;
            let mut size = 0;
            for record in &records {
                if size + record.size() > at { break; }
                size += record.size();
                whole += 1;
            }
            let mut read = Records::of(Bytes::from(bytes).slice(..at));
            prop_assert_eq!(&read.by_ref().collect::<Vec<_>>(), &records[..whole]);
            prop_assert_eq!(read.good(), size);
        }

        #[test]
        fn a_flipped_bit_costs_the_one_record_it_is_in(
            messages in vec(message(), 1..6),
            at in any::<prop::sample::Index>(),
            bit in 0..8u32,
        ) {
            let mut records = records(messages);
            let mut bytes = encoded(&records);
            let at = at.index(bytes.len());
            bytes[at] ^= 1u8 << bit;
            let mut size = 0;
            let hit = records.iter().position(|record| { size += record.size(); at < size });
            records.remove(hit.unwrap());
            prop_assert_eq!(Records::of(bytes.into()).collect::<Vec<_>>(), records);
        }

        #[test]
        fn no_bytes_at_all_can_harm(
            noise in vec(prop_oneof![bytes(30), Just(Bytes::from_static(&MARK))], 0..9),
        ) {
            let noise = noise.concat();
            let size = noise.len();
            let mut read = Records::of(noise.into());
            prop_assert_eq!(read.by_ref().count(), 0);
            prop_assert!(read.good() == 0 && read.taken == size);
        }
    }
}
