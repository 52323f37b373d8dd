//! What happens next.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Kinds of events, in the order in which those of one instant happen: whatever arrives is there before a step ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Event {
    /// A client sends this request.
    Sent(u32),
    /// Keys and values of this request have reached a decode replica; the prefill replica is free of them.
    Moved(u32),
    /// A run of steps of this replica ends, or an idle replica looks at its queue. Void where the replica's plan has changed since.
    Boundary { replica: u32, version: u32 },
}

/// Events by time, then kind, then number.
#[derive(Debug, Default)]
pub(crate) struct Events(BinaryHeap<Reverse<(u64, Event)>>);

impl Events {
    pub fn push(&mut self, at: u64, event: Event) {
        self.0.push(Reverse((at, event)));
    }

    pub fn next_time(&self) -> Option<u64> {
        self.0.peek().map(|e| e.0.0)
    }

    pub fn pop(&mut self) -> Option<(u64, Event)> {
        self.0.pop().map(|e| e.0)
    }
}
