//! Keys pressed while something plays in the terminal.

use std::io::IsTerminal as _;
use std::os::fd::AsFd as _;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcgetwinsize, tcsetattr,
};

/// What a person wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    Quit,
    Pause,
    Faster,
    Slower,
}

fn key(byte: u8) -> Option<Key> {
    match byte {
        // Control-C and control-D as well: the terminal does not send signals while keys are read.
        b'q' | b'Q' | 3 | 4 => Some(Key::Quit),
        b' ' | b'p' | b'P' => Some(Key::Pause),
        b'+' | b'=' => Some(Key::Faster),
        b'-' | b'_' => Some(Key::Slower),
        _ => None,
    }
}

/// The terminal while keys are read one by one; it is as before once this is dropped.
pub(super) struct Keys {
    before: Option<Termios>,
}

impl Keys {
    /// Reads keys where standard input is a terminal; elsewhere there are none.
    pub fn listen() -> Self {
        let stdin = std::io::stdin();
        let before = stdin.is_terminal().then(|| tcgetattr(stdin.as_fd()).ok()).flatten();
        if let Some(before) = &before {
            let mut now = before.clone();
            now.local_modes -= LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG;
            now.special_codes[SpecialCodeIndex::VMIN] = 0;
            now.special_codes[SpecialCodeIndex::VTIME] = 0;
            if tcsetattr(stdin.as_fd(), OptionalActions::Now, &now).is_err() {
                return Self { before: None };
            }
        }
        Self { before }
    }

    /// Are there any?
    pub fn are_read(&self) -> bool {
        self.before.is_some()
    }

    /// Waits for a key, at most so long.
    pub fn wait(&self, longest: Duration) -> Option<Key> {
        if !self.are_read() {
            std::thread::sleep(longest);
            return None;
        }
        let until = Instant::now() + longest;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let stdin = std::io::stdin();
            let spec = Timespec {
                tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
                tv_nsec: i64::from(left.subsec_nanos()),
            };
            let mut watched = [PollFd::new(&stdin, PollFlags::IN)];
            let ready = poll(&mut watched, Some(&spec)).unwrap_or(0) > 0;
            let mut byte = [0];
            if ready && rustix::io::read(stdin.as_fd(), &mut byte).is_ok_and(|n| n == 1) {
                if let Some(key) = key(byte[0]) {
                    return Some(key);
                }
            } else if Instant::now() >= until {
                return None;
            }
        }
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        if let Some(before) = &self.before {
            // Nothing can be done about a terminal that is gone.
            let _ = tcsetattr(std::io::stdin().as_fd(), OptionalActions::Now, before);
        }
    }
}

/// Columns of the terminal at this moment.
pub(super) fn columns() -> Option<usize> {
    let size = tcgetwinsize(std::io::stdout().as_fd()).ok()?;
    (size.ws_col > 0).then_some(usize::from(size.ws_col))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_their_meaning() {
        let all = [b'q', 3, b' ', b'p', b'+', b'=', b'-', b'x', 27].map(key);
        use Key::{Faster, Pause, Quit, Slower};
        let some = Some;
        assert_eq!(
            all,
            [
                some(Quit),
                some(Quit),
                some(Pause),
                some(Pause),
                some(Faster),
                some(Faster),
                some(Slower),
                None,
                None
            ]
        );
    }
}
