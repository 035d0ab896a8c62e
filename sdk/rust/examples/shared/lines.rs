//! The state of the example plugins: lines of a key and a value under a first line that names the form.
//! sdk/tck/examples/README.md says it in full.

#![allow(dead_code)] // each example uses a part

use std::fmt::Display;

/// The greatest number that a line may hold.
const MOST: u64 = 999_999_999_999_999_999;

/// Writes the lines of a state.
pub struct Writer(String);

impl Writer {
    pub fn new(name: &str) -> Self {
        Writer(format!("{} 1\n", name))
    }

    pub fn line(&mut self, key: &str, value: impl Display) {
        self.0 += &format!("{} {}\n", key, value);
    }

    pub fn number(&mut self, key: &str, n: u64) {
        self.line(key, n.min(MOST));
    }

    pub fn int(&mut self, key: &str, n: i64) {
        self.number(key, n.max(0) as u64);
    }

    pub fn flag(&mut self, key: &str, on: bool) {
        self.line(key, u8::from(on));
    }

    pub fn bytes(self) -> Vec<u8> {
        self.0.into_bytes()
    }
}

/// Gives each line of a state to `take`, which says whether it is one.
pub fn read(name: &str, state: &[u8], mut take: impl FnMut(&str, &str) -> Option<()>) -> Result<(), String> {
    let mut rest = state;
    let mut k = 1;
    while k == 1 || !rest.is_empty() {
        let mut line = || {
            let end = rest.iter().position(|&b| b == b'\n')?;
            let line = std::str::from_utf8(&rest[..end]).ok()?;
            rest = &rest[end + 1..];
            if k == 1 {
                return (line.strip_prefix(name)? == " 1").then(|| ());
            }
            let (key, value) = line.split_once(' ')?;
            take(key, value)
        };
        line().ok_or_else(|| format!("line {} is not of a state of {} 1", k, name))?;
        k += 1;
    }
    Ok(())
}

/// Reads 1 to 18 digits.
pub fn number(s: &str) -> Option<u64> {
    let digits = s.len() <= 18 && s.bytes().all(|b| b.is_ascii_digit());
    s.parse().ok().filter(|_| digits)
}

/// Reads 1 to 18 digits as a signed number, which they always fit.
pub fn int(s: &str) -> Option<i64> {
    number(s).map(|n| n as i64)
}

pub fn flag(s: &str) -> Option<bool> {
    match s {
        "0" => Some(false),
        "1" => Some(true),
        _ => None,
    }
}

/// Makes one line of a text.
pub fn clean(s: &str) -> String {
    s.replace('\n', " ")
}
