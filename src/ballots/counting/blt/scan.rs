//! Cuts a ballot file into numbers, signs and quoted texts, and knows the line.

use std::io::Read;

use super::super::election::LONGEST_TEXT;
use super::fault::{Fault, ReadError};

const BUFFER: usize = 64 * 1024;

/// A piece of a ballot file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    Number(u64),
    /// A minus with a number directly after it.
    Negative(u64),
    /// A minus alone: a number that the voter left out.
    Dash,
    Equals,
    Text(String),
    LineEnd,
    End,
}

/// Reads tokens, never more than one buffer ahead.
pub(super) struct Scanner<R> {
    input: R,
    buffer: Box<[u8]>,
    at: usize,
    filled: usize,
    next_line: u64,
    /// The line of the token read last.
    pub line: u64,
}

impl<R: Read> Scanner<R> {
    pub fn new(input: R) -> Result<Self, ReadError> {
        let mut scanner = Self {
            input,
            buffer: vec![0; BUFFER].into_boxed_slice(),
            at: 0,
            filled: 0,
            next_line: 1,
            line: 1,
        };
        scanner.skip_byte_order_mark()?;
        Ok(scanner)
    }

    fn skip_byte_order_mark(&mut self) -> Result<(), ReadError> {
        // Input may arrive a byte at a time, so a mark is collected before it is compared.
        while self.filled < 3 {
            let got = self.read_into(self.filled)?;
            if got == 0 {
                break;
            }
            self.filled += got;
        }
        match self.buffer[..self.filled] {
            [0xef, 0xbb, 0xbf, ..] => self.at = 3,
            [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => return Err(self.bad(Fault::NotText)),
            _ => {}
        }
        Ok(())
    }

    fn read_into(&mut self, from: usize) -> Result<usize, ReadError> {
        loop {
            match self.input.read(&mut self.buffer[from..]) {
                Ok(got) => return Ok(got),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(ReadError::Io(error)),
            }
        }
    }

    /// A fault in the line of the token read last.
    pub const fn bad(&self, fault: Fault) -> ReadError {
        ReadError::Bad { line: self.line, fault }
    }

    #[inline]
    fn peek(&mut self) -> Result<Option<u8>, ReadError> {
        if self.at == self.filled {
            self.filled = self.read_into(0)?;
            self.at = 0;
            if self.filled == 0 {
                return Ok(None);
            }
        }
        Ok(Some(self.buffer[self.at]))
    }

    /// The next token.
    pub fn next(&mut self) -> Result<Token, ReadError> {
        self.line = self.next_line;
        loop {
            let Some(byte) = self.peek()? else {
                return Ok(Token::End);
            };
            match byte {
                b' ' | b'\t' | b'\r' => self.at += 1,
                b'\n' => {
                    self.at += 1;
                    self.next_line += 1;
                    return Ok(Token::LineEnd);
                }
                b'#' => self.skip_comment()?,
                b'0'..=b'9' => return Ok(Token::Number(self.number()?)),
                b'-' => {
                    self.at += 1;
                    return match self.peek()? {
                        Some(b'0'..=b'9') => Ok(Token::Negative(self.number()?)),
                        _ => Ok(Token::Dash),
                    };
                }
                b'=' => {
                    self.at += 1;
                    return Ok(Token::Equals);
                }
                b'"' => {
                    self.at += 1;
                    return self.text();
                }
                other => return Err(self.unexpected(other)),
            }
        }
    }

    fn skip_comment(&mut self) -> Result<(), ReadError> {
        while let Some(byte) = self.peek()? {
            if byte == b'\n' {
                break;
            }
            self.at += 1;
        }
        Ok(())
    }

    fn unexpected(&self, byte: u8) -> ReadError {
        self.bad(match byte {
            // Other programs write these; each has its remedy.
            b'[' | b']' => Fault::Options,
            b'(' | b')' => Fault::Brackets,
            b'/' => Fault::Slash,
            b'!'..=b'~' => Fault::Unexpected(char::from(byte)),
            0x80.. => Fault::Foreign,
            _ => Fault::NotText,
        })
    }

    fn number(&mut self) -> Result<u64, ReadError> {
        let mut number: u64 = 0;
        while let Some(byte) = self.peek()? {
            match byte {
                b'0'..=b'9' => {
                    let digit = u64::from(byte - b'0');
                    number = number
                        .checked_mul(10)
                        .and_then(|tens| tens.checked_add(digit))
                        .ok_or_else(|| self.bad(Fault::NumberTooBig))?;
                    self.at += 1;
                }
                b'.' | b',' => return Err(self.bad(Fault::NotWhole)),
                b' ' | b'\t' | b'\r' | b'\n' | b'=' | b'#' => break,
                other => return Err(self.unexpected(other)),
            }
        }
        Ok(number)
    }

    fn text(&mut self) -> Result<Token, ReadError> {
        let mut text = Vec::new();
        loop {
            let byte = match self.peek()? {
                None | Some(b'\n') => return Err(self.bad(Fault::NameNotClosed)),
                Some(byte) => byte,
            };
            self.at += 1;
            match byte {
                b'"' => break,
                b'\\' => match self.peek()? {
                    Some(escaped @ (b'"' | b'\\')) => {
                        self.at += 1;
                        text.push(escaped);
                    }
                    _ => text.push(byte),
                },
                _ => text.push(byte),
            }
            if text.len() > LONGEST_TEXT {
                return Err(self.bad(Fault::NameTooLong));
            }
        }
        // Other programs double a quote inside a name; read as two names, it would elect somebody else.
        if !matches!(self.peek()?, None | Some(b' ' | b'\t' | b'\r' | b'\n' | b'#')) {
            return Err(self.bad(Fault::QuoteInName));
        }
        let text = String::from_utf8(text).map_err(|_| self.bad(Fault::NotUtf8))?;
        if text.chars().any(char::is_control) {
            return Err(self.bad(Fault::ControlCharacter));
        }
        Ok(Token::Text(text))
    }
}
