//! Numbers in as few bits as they need: canonical Huffman codes (Huffman 1952, "A method for the construction of
//! minimum-redundancy codes") for symbols of a byte, and Rice codes (Rice 1979) for gaps.
//!
//! Bits fill bytes from the lowest on. Reading never panics: what is not there or makes no sense is `None`.

/// The longest code, so that one look into a table of `2^LONGEST` entries reads a symbol.
const LONGEST: u32 = 12;

/// A quotient of a gap that no sound file has; it bounds the time that a damaged one takes.
const MOST_QUOTIENT: u64 = 1 << 24;

/// Bits on their way into bytes.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    bytes: Vec<u8>,
    pending: u64,
    len: u32,
}

impl Writer {
    /// Appends the lowest `len` bits of `bits`, up to 48.
    pub fn put(&mut self, bits: u64, len: u32) {
        self.pending |= (bits & ((1 << len) - 1)) << self.len;
        self.len += len;
        while self.len >= 8 {
            self.bytes.push(self.pending as u8);
            self.pending >>= 8;
            self.len -= 8;
        }
    }

    /// Appends `value` as a Rice code: `value >> low` ones, a zero, the lowest `low` bits.
    pub fn rice(&mut self, value: u64, low: u32) {
        let mut ones = value >> low;
        while ones > 32 {
            self.put(u64::MAX, 32);
            ones -= 32;
        }
        self.put((1 << ones) - 1, ones as u32 + 1);
        self.put(value, low);
    }

    /// Appends the code of `symbol`.
    pub fn symbol(&mut self, codes: &Codes, symbol: u8) {
        let (bits, len) = codes.codes[usize::from(symbol)];
        self.put(bits.into(), len);
    }

    /// The bytes, the last one filled up with zeros.
    pub fn finish(mut self) -> Vec<u8> {
        if self.len > 0 {
            self.bytes.push(self.pending as u8);
        }
        self.bytes
    }
}

/// Bits out of bytes.
pub(crate) struct Reader<'b> {
    bytes: &'b [u8],
    /// Bits read ahead, the next one lowest; zeros beyond.
    pending: u64,
    len: u32,
}

impl<'b> Reader<'b> {
    /// From the first bit of `bytes` on.
    pub fn new(bytes: &'b [u8]) -> Self {
        Self { bytes, pending: 0, len: 0 }
    }

    /// Reads ahead as far as there is room, to 56 bits at least where there are so many.
    #[inline]
    fn fill(&mut self) {
        if let Some((next, _)) = self.bytes.split_first_chunk::<8>().filter(|_| self.len < 56) {
            let whole = (63 - self.len) / 8;
            self.pending |= u64::from_le_bytes(*next) << self.len;
            self.len += 8 * whole;
            // Bits that do not make a whole byte stand in `pending` already; they are read again, to the same effect.
            self.bytes = &self.bytes[whole as usize..];
        } else {
            while self.len < 56
                && let Some((&next, rest)) = self.bytes.split_first()
            {
                self.pending |= u64::from(next) << self.len;
                self.len += 8;
                self.bytes = rest;
            }
        }
    }

    #[inline]
    fn skip(&mut self, len: u32) -> Option<()> {
        self.len = self.len.checked_sub(len)?;
        self.pending >>= len;
        Some(())
    }

    /// The next `len` bits, up to 48.
    #[inline]
    pub fn get(&mut self, len: u32) -> Option<u64> {
        self.fill();
        let bits = self.pending & ((1 << len) - 1);
        self.skip(len)?;
        Some(bits)
    }

    /// The next Rice code.
    #[inline]
    pub fn rice(&mut self, low: u32) -> Option<u64> {
        let mut quotient = 0;
        loop {
            self.fill();
            let ones = self.pending.trailing_ones().min(self.len);
            quotient += u64::from(ones);
            if ones < self.len {
                self.skip(ones + 1)?;
                return Some(quotient << low | self.get(low)?);
            }
            if self.len == 0 || quotient > MOST_QUOTIENT {
                return None;
            }
            self.skip(ones)?;
        }
    }

    /// The next symbol.
    #[inline]
    pub fn symbol(&mut self, table: &Symbols) -> Option<u8> {
        self.fill();
        let (symbol, len) = table.entries[(self.pending & ((1 << LONGEST) - 1)) as usize];
        if len == 0 {
            return None;
        }
        self.skip(len.into())?;
        Some(symbol)
    }
}

/// The code of each symbol.
#[derive(Debug)]
pub(crate) struct Codes {
    /// Bits and how many; none for a symbol that does not occur.
    codes: Vec<(u16, u32)>,
}

impl Codes {
    /// The best codes of [`LONGEST`] bits at most, about, for symbols of these counts.
    pub fn new(counts: &[u64; 256]) -> Self {
        let mut counts = *counts;
        loop {
            let lengths = lengths(&counts);
            if lengths.iter().all(|&len| u32::from(len) <= LONGEST) {
                return Self { codes: canonical(&lengths).unwrap_or_else(|| unreachable!("codes of a tree")) };
            }
            counts.iter_mut().filter(|n| **n > 0).for_each(|n| *n = (*n / 2).max(1));
        }
    }

    /// How many bits each symbol takes; 0 for one that does not occur.
    pub fn lengths(&self) -> Vec<u8> {
        self.codes.iter().map(|&(_, len)| len as u8).collect()
    }
}

/// Which symbol the next bits stand for.
pub(crate) struct Symbols {
    /// Symbol and length of its code by the next [`LONGEST`] bits.
    entries: Vec<(u8, u8)>,
}

impl Symbols {
    /// Of codes of these lengths ([`Codes::lengths`]); `None` when there are no such codes.
    pub fn new(lengths: &[u8]) -> Option<Self> {
        let mut entries = vec![(0, 0); 1 << LONGEST];
        for (symbol, (bits, len)) in canonical(lengths)?.into_iter().enumerate().filter(|(_, (_, len))| *len > 0) {
            for entry in entries.iter_mut().skip(bits.into()).step_by(1 << len) {
                *entry = (symbol as u8, len as u8);
            }
        }
        Some(Self { entries })
    }
}

/// Lengths of Huffman codes. Of equal counts the lower symbol, then the node made earlier, is joined first.
fn lengths(counts: &[u64; 256]) -> [u8; 256] {
    let mut lengths = [0u8; 256];
    // Nodes by count; a node holds its symbols.
    let occurring = (0..=255u8).filter(|&symbol| counts[usize::from(symbol)] > 0);
    let mut nodes: Vec<(u64, usize, Vec<u8>)> =
        occurring.map(|symbol| (counts[usize::from(symbol)], usize::from(symbol), vec![symbol])).collect();
    if let [(.., only)] = nodes.as_slice() {
        lengths[usize::from(only[0])] = 1;
    }
    let mut made = 256;
    while nodes.len() > 1 {
        nodes.sort_unstable_by_key(|node| std::cmp::Reverse((node.0, node.1)));
        if let (Some(one), Some(mut other)) = (nodes.pop(), nodes.pop()) {
            other.2.extend(one.2);
            other.2.iter().for_each(|&symbol| lengths[usize::from(symbol)] += 1);
            nodes.push((one.0 + other.0, made, other.2));
            made += 1;
        }
    }
    lengths
}

/// Codes of these lengths, as numbers whose lowest bit comes first; `None` when there are none such.
fn canonical(lengths: &[u8]) -> Option<Vec<(u16, u32)>> {
    if lengths.len() > 256 || lengths.iter().any(|&len| u32::from(len) > LONGEST) {
        return None;
    }
    let mut codes = vec![(0, 0); lengths.len()];
    let mut next = 0u32;
    for len in 1..=LONGEST {
        next <<= 1;
        for (code, _) in codes.iter_mut().zip(lengths).filter(|(_, l)| u32::from(**l) == len) {
            if next >= 1 << len {
                return None;
            }
            *code = ((next.reverse_bits() >> (32 - len)) as u16, len);
            next += 1;
        }
    }
    Some(codes)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_is_read(values in prop::collection::vec((any::<u64>(), 0..=48u32), 0..200)) {
            let mut writer = Writer::default();
            for &(value, len) in &values {
                writer.put(value, len);
            }
            let bytes = writer.finish();
            let mut reader = Reader::new(&bytes);
            for &(value, len) in &values {
                prop_assert_eq!(reader.get(len), Some(value & ((1 << len) - 1)));
            }
            // At most the rest of a byte is left.
            prop_assert_eq!(reader.get(8), None);
        }

        #[test]
        fn gaps_are_read_as_written(gaps in prop::collection::vec(0..100_000u64, 0..300), low in 9..20u32) {
            let mut writer = Writer::default();
            gaps.iter().for_each(|&gap| writer.rice(gap, low));
            let bytes = writer.finish();
            let mut reader = Reader::new(&bytes);
            for &gap in &gaps {
                prop_assert_eq!(reader.rice(low), Some(gap));
            }
        }

        #[test]
        fn symbols_are_read_as_written(symbols in prop::collection::vec(any::<u8>(), 0..2_000), skew in 0..8u32) {
            // The skewed are few symbols, often.
            let symbols: Vec<u8> = symbols.into_iter().map(|s| s >> (u32::from(s) % (skew + 1))).collect();
            let mut counts = [0u64; 256];
            symbols.iter().for_each(|&s| counts[usize::from(s)] += 1);
            let codes = Codes::new(&counts);
            let mut writer = Writer::default();
            symbols.iter().for_each(|&s| writer.symbol(&codes, s));
            let bytes = writer.finish();
            let table = Symbols::new(&codes.lengths()).unwrap();
            let mut reader = Reader::new(&bytes);
            for &s in &symbols {
                prop_assert_eq!(reader.symbol(&table), Some(s));
            }
            // No worse than the entropy by a bit a symbol.
            let n = symbols.len() as f64;
            let entropy: f64 = counts.iter().filter(|&&c| c > 0).map(|&c| -(c as f64) * (c as f64 / n).log2()).sum();
            prop_assert!(bytes.len() as f64 * 8.0 <= entropy + n + 8.0);
        }

        #[test]
        fn any_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), lengths in prop::collection::vec(0..14u8, 256)) {
            let mut reader = Reader::new(&bytes);
            while reader.rice(3).is_some() {}
            if let Some(table) = Symbols::new(&lengths) {
                let mut reader = Reader::new(&bytes);
                while reader.symbol(&table).is_some() {}
            }
        }
    }

    #[test]
    fn counts_like_fibonacci_keep_within_the_longest_code() {
        let mut counts = [0u64; 256];
        let (mut a, mut b) = (1u64, 1u64);
        for count in &mut counts[..60] {
            *count = a;
            (a, b) = (b, a + b);
        }
        let codes = Codes::new(&counts);
        assert!(codes.lengths().iter().all(|&len| u32::from(len) <= LONGEST));
        assert!(Symbols::new(&codes.lengths()).is_some());
        // Three codes of one bit there are not.
        assert!(Symbols::new(&[1, 1, 1]).is_none());
    }
}
