//! A look at the schema in a Parquet footer before the library reads it, which follows the nesting of columns by
//! recursion and would run out of stack on a schema made to be deep.
//!
//! The footer is a Thrift structure in compact form: `FileMetaData`, whose field 2 is the list of schema elements, depth
//! first, each with the number of its children (<https://github.com/apache/parquet-format>, `parquet.thrift`).

/// How deep columns may nest.
const DEPTH: usize = 100;
/// How deep Thrift structures may nest.
const NESTED: usize = 16;

/// Says what is wrong with a footer: a noun phrase.
pub(super) fn check(bytes: &[u8]) -> Result<(), String> {
    let cut_off = || "its end is missing".to_owned();
    let end = bytes.len().checked_sub(8).filter(|_| bytes.ends_with(b"PAR1")).ok_or_else(cut_off)?;
    let length = bytes.get(end..end + 4).and_then(|b| b.try_into().ok()).map(u32::from_le_bytes).ok_or_else(cut_off)?;
    let start = end.checked_sub(length as usize).filter(|&at| at >= 4).ok_or_else(cut_off)?;
    let mut thrift = Thrift { bytes: &bytes[start..end], at: 0 };
    thrift.file().unwrap_or_else(|| Err("a footer that is none".to_owned()))
}

struct Thrift<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Thrift<'_> {
    /// `None` where the structure ends early or nests too deep.
    fn file(&mut self) -> Option<Result<(), String>> {
        let mut id = 0;
        while let Some((next, kind)) = self.field(id)? {
            id = next;
            if (id, kind) == (2, 9) {
                if let Err(why) = self.schema()? {
                    return Some(Err(why));
                }
            } else {
                self.skip(kind, NESTED)?;
            }
        }
        Some(Ok(()))
    }

    fn schema(&mut self) -> Option<Result<(), String>> {
        let (elements, kind) = self.list()?;
        // How many children are still to come at each level.
        let mut open: Vec<i64> = Vec::new();
        for _ in 0..elements {
            if kind != 12 {
                return Some(Err("a schema that is none".to_owned()));
            }
            let children = self.element()?;
            if let Some(last) = open.last_mut() {
                *last -= 1;
            }
            if children > 0 {
                open.push(children);
            }
            while open.last().is_some_and(|&left| left <= 0) {
                open.pop();
            }
            if open.len() > DEPTH {
                return Some(Err(format!("columns nested more than {DEPTH} deep")));
            }
        }
        Some(Ok(()))
    }

    /// A schema element: the number of its children, its field 5.
    fn element(&mut self) -> Option<i64> {
        let (mut id, mut children) = (0, 0);
        while let Some((next, kind)) = self.field(id)? {
            id = next;
            if (id, kind) == (5, 5) {
                let number = self.varint()?;
                children = (number >> 1).cast_signed() ^ -(number & 1).cast_signed();
            } else {
                self.skip(kind, NESTED)?;
            }
        }
        Some(children)
    }

    fn byte(&mut self) -> Option<u8> {
        let byte = self.bytes.get(self.at).copied()?;
        self.at += 1;
        Some(byte)
    }

    fn varint(&mut self) -> Option<u64> {
        let mut number = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    /// The id and type of the next field; `Some(None)` at the end of the structure.
    #[allow(clippy::option_option)]
    fn field(&mut self, last: i64) -> Option<Option<(i64, u8)>> {
        let byte = self.byte()?;
        if byte == 0 {
            return Some(None);
        }
        let id = match byte >> 4 {
            0 => {
                let number = self.varint()?;
                (number >> 1).cast_signed() ^ -(number & 1).cast_signed()
            }
            delta => last.checked_add(i64::from(delta))?,
        };
        Some(Some((id, byte & 0x0f)))
    }

    fn list(&mut self) -> Option<(u64, u8)> {
        let byte = self.byte()?;
        let length = if byte >> 4 == 15 { self.varint()? } else { u64::from(byte >> 4) };
        Some((length, byte & 0x0f))
    }

    fn skip(&mut self, kind: u8, depth: usize) -> Option<()> {
        match kind {
            1 | 2 => {}
            3 => self.at += 1,
            4..=6 => {
                self.varint()?;
            }
            7 => self.at += 8,
            8 => {
                let length = usize::try_from(self.varint()?).ok()?;
                self.at = self.at.checked_add(length)?;
            }
            9 | 10 => {
                let (length, kind) = self.list()?;
                for _ in 0..length {
                    // Truth values take a byte each in a list.
                    if matches!(kind, 1 | 2) {
                        self.byte()?;
                    } else {
                        self.skip(kind, depth.checked_sub(1)?)?;
                    }
                    (self.at <= self.bytes.len()).then_some(())?;
                }
            }
            12 => {
                let mut id = 0;
                while let Some((next, kind)) = self.field(id)? {
                    id = next;
                    self.skip(kind, depth.checked_sub(1)?)?;
                }
            }
            _ => return None,
        }
        (self.at <= self.bytes.len()).then_some(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// A file with nothing but a footer: a schema of `levels` nested groups.
    fn deep(levels: usize) -> Vec<u8> {
        let mut footer = vec![0x15, 0x02, 0x19, 0xfc];
        let mut n = levels + 1;
        while n >= 0x80 {
            footer.push(n as u8 | 0x80);
            n >>= 7;
        }
        footer.push(n as u8);
        for level in 0..=levels {
            // repetition, name "a", one child or none.
            footer.extend([0x35, 0x02, 0x18, 0x01, b'a']);
            footer.extend(if level < levels { [0x15, 0x02, 0x00] } else { [0x15, 0x00, 0x00] });
        }
        footer.push(0);
        let mut file = b"PAR1".to_vec();
        file.extend(&footer);
        file.extend((footer.len() as u32).to_le_bytes());
        file.extend(b"PAR1");
        file
    }

    #[test]
    fn a_deep_schema_is_refused_before_it_is_followed() {
        assert_eq!(check(&deep(50)), Ok(()));
        assert_eq!(check(&deep(200_000)), Err("columns nested more than 100 deep".to_owned()));
        for cut in [0, 3, 8, 11] {
            assert!(check(&deep(5)[..cut]).is_err());
        }
    }
}
