//! Streams of small numbers in few bits: what a kept model is written in.
//!
//! A stream has several tables of Huffman codes, one for each kind of number, so that each is coded as its own kind is spread.
//! Numbers that are small are symbols; of larger ones the symbol tells the length, and the bits follow.

use crate::bits::{Codes, Reader, Symbols, Writer};

/// Numbers from here on are written as their length and their bits.
const DIRECT: u32 = 224;

/// Bits of a number of [`DIRECT`] at least.
const SHORTEST: u32 = DIRECT.ilog2() + 1;

/// Bits that the length of a code takes.
const LENGTH_BITS: u32 = 4;

/// A stream on its way: the codes can be chosen only when all is known.
pub(super) struct Draft<const TABLES: usize> {
    counts: [[u64; 256]; TABLES],
    steps: Vec<Step>,
}

/// One thing to write.
enum Step {
    Symbol(u8, u8),
    Bits(u32, u8),
}

impl<const TABLES: usize> Draft<TABLES> {
    /// An empty stream.
    pub(super) fn new() -> Self {
        Self { counts: [[0; 256]; TABLES], steps: Vec::new() }
    }

    /// Appends a symbol of a table.
    pub(super) fn symbol(&mut self, table: usize, symbol: u8) {
        self.counts[table][usize::from(symbol)] += 1;
        self.steps.push(Step::Symbol(table as u8, symbol));
    }

    /// Appends the lowest `len` bits, up to 32.
    pub(super) fn bits(&mut self, bits: u32, len: u32) {
        self.steps.push(Step::Bits(bits, len as u8));
    }

    /// Appends a number of a table.
    pub(super) fn number(&mut self, table: usize, n: u32) {
        if n < DIRECT {
            self.symbol(table, n as u8);
        } else {
            let extra = n.ilog2();
            self.symbol(table, (DIRECT + extra + 1 - SHORTEST) as u8);
            self.bits(n, extra);
        }
    }

    /// The bytes of the stream.
    pub(super) fn finish(self) -> Vec<u8> {
        let mut writer = Writer::default();
        let codes: Vec<Codes> = self.counts.iter().map(Codes::new).collect();
        for len in codes.iter().flat_map(Codes::lengths) {
            writer.put(len.into(), LENGTH_BITS);
        }
        for step in self.steps {
            match step {
                Step::Symbol(table, symbol) => writer.symbol(&codes[usize::from(table)], symbol),
                Step::Bits(bits, len) => writer.put(bits.into(), len.into()),
            }
        }
        writer.finish()
    }
}

/// A stream that is read. What is not there or makes no sense is `None`.
pub(super) struct Source<'b, const TABLES: usize> {
    reader: Reader<'b>,
    tables: [Symbols; TABLES],
}

impl<'b, const TABLES: usize> Source<'b, TABLES> {
    /// The stream that [`Draft::finish`] wrote.
    pub(super) fn new(bytes: &'b [u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let mut tables = Vec::with_capacity(TABLES);
        for _ in 0..TABLES {
            let mut lengths = [0u8; 256];
            for len in &mut lengths {
                *len = reader.get(LENGTH_BITS)? as u8;
            }
            tables.push(Symbols::new(&lengths)?);
        }
        Some(Self { reader, tables: tables.try_into().ok()? })
    }

    /// The next symbol, of a table.
    #[inline]
    pub(super) fn symbol(&mut self, table: usize) -> Option<u8> {
        self.reader.symbol(&self.tables[table])
    }

    /// The next `len` bits, up to 32.
    #[inline]
    pub(super) fn bits(&mut self, len: u32) -> Option<u32> {
        Some(self.reader.get(len)? as u32)
    }

    /// The next number, of a table.
    #[inline]
    pub(super) fn number(&mut self, table: usize) -> Option<u32> {
        let symbol = u32::from(self.symbol(table)?);
        if symbol < DIRECT {
            return Some(symbol);
        }
        let extra = symbol - DIRECT + SHORTEST - 1;
        if extra > 31 {
            return None;
        }
        Some(1 << extra | self.bits(extra)?)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_is_read(numbers in prop::collection::vec((0..3usize, any::<u32>(), 0..32u32), 0..300)) {
            let mut draft = Draft::<3>::new();
            for &(table, n, shift) in &numbers {
                draft.number(table, n >> shift);
                draft.bits(n, shift);
            }
            let bytes = draft.finish();
            let mut source = Source::<3>::new(&bytes).unwrap();
            for &(table, n, shift) in &numbers {
                prop_assert_eq!(source.number(table), Some(n >> shift));
                prop_assert_eq!(source.bits(shift), Some(n & ((1 << shift) - 1)));
            }
        }

        #[test]
        fn any_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
            if let Some(mut source) = Source::<1>::new(&bytes) {
                while source.number(0).is_some() {}
            }
        }
    }
}
