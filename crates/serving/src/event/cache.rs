//! Prefix cache of one replica: prompt blocks by identity, counted while in use, kept while there is room.

use rustc_hash::{FxHashMap, FxHashSet};

use super::request::Trace;

const NONE: u32 = u32::MAX;

#[derive(Debug, Clone, Copy)]
struct Block {
    identity: u64,
    users: u32,
    // Neighbours in the list of blocks without users, least recently used first.
    before: u32,
    after: u32,
}

/// Blocks by identity. A block without users stays until its room is needed; the least recently used goes first.
#[derive(Debug, Clone)]
pub(crate) struct PrefixCache {
    slots: FxHashMap<u64, u32>,
    blocks: Vec<Block>,
    vacant: Vec<u32>,
    oldest: u32,
    newest: u32,
    /// Blocks without users.
    pub idle: u64,
}

impl Default for PrefixCache {
    fn default() -> Self {
        PrefixCache {
            slots: FxHashMap::default(),
            blocks: Vec::new(),
            vacant: Vec::new(),
            oldest: NONE,
            newest: NONE,
            idle: 0,
        }
    }
}

impl PrefixCache {
    /// How many of the first blocks are there, in or out of use.
    pub fn matched(&self, identities: &[u64]) -> u32 {
        identities.iter().take_while(|id| self.slots.contains_key(id)).count() as u32
    }

    /// How many of these blocks nobody uses or holds: what taking them would add to the memory in use.
    pub fn not_in_use(&self, identities: &[u64]) -> u64 {
        let used = |id: &u64| self.slots.get(id).is_some_and(|slot| self.blocks[*slot as usize].users > 0);
        identities.iter().filter(|id| !used(id)).count() as u64
    }

    /// Takes all these blocks into use, adding those that are missing; gives how many came into use by it.
    pub fn take(&mut self, identities: &[u64]) -> u64 {
        let mut more = 0;
        for identity in identities {
            let slot = match self.slots.get(identity) {
                Some(slot) => *slot,
                None => self.add(*identity),
            };
            if self.blocks[slot as usize].users == 0 {
                self.unlink(slot);
                more += 1;
            }
            self.blocks[slot as usize].users += 1;
        }
        more
    }

    /// Gives these blocks back; gives how many went out of use by it. The last of a prompt is forgotten first.
    pub fn release(&mut self, identities: &[u64]) -> u64 {
        let mut fewer = 0;
        for identity in identities.iter().rev() {
            let Some(&slot) = self.slots.get(identity) else { continue };
            let block = &mut self.blocks[slot as usize];
            block.users = block.users.saturating_sub(1);
            if block.users == 0 {
                self.link(slot);
                fewer += 1;
            }
        }
        fewer
    }

    /// Forgets blocks without users until at most `room` are left.
    pub fn shrink(&mut self, room: u64) {
        while self.idle > room && self.oldest != NONE {
            let slot = self.oldest;
            self.unlink(slot);
            self.slots.remove(&self.blocks[slot as usize].identity);
            self.vacant.push(slot);
        }
    }

    fn add(&mut self, identity: u64) -> u32 {
        let block = Block { identity, users: 0, before: NONE, after: NONE };
        let slot = match self.vacant.pop() {
            Some(slot) => {
                self.blocks[slot as usize] = block;
                slot
            }
            None => {
                self.blocks.push(block);
                (self.blocks.len() - 1) as u32
            }
        };
        self.slots.insert(identity, slot);
        self.link(slot);
        slot
    }

    fn link(&mut self, slot: u32) {
        let newest = self.newest;
        let block = &mut self.blocks[slot as usize];
        (block.before, block.after) = (newest, NONE);
        match newest {
            NONE => self.oldest = slot,
            last => self.blocks[last as usize].after = slot,
        }
        self.newest = slot;
        self.idle += 1;
    }

    fn unlink(&mut self, slot: u32) {
        let Block { before, after, .. } = self.blocks[slot as usize];
        match before {
            NONE => self.oldest = after,
            b => self.blocks[b as usize].after = after,
        }
        match after {
            NONE => self.newest = before,
            a => self.blocks[a as usize].before = before,
        }
        self.idle -= 1;
    }
}

/// Prompt blocks of a trace that an endless cache would know when they come, and all of them: the upper bound of prefix caching.
/// Only full blocks can be known, each prompt from its start up to the first unknown block; all blocks include the partly filled.
pub fn unbounded_hits(trace: &Trace) -> (u64, u64) {
    let mut seen: FxHashSet<u64> = FxHashSet::default();
    let (mut hits, mut all) = (0, 0);
    for request in &trace.requests {
        let identities = trace.hashes(request);
        hits += identities.iter().take_while(|id| seen.contains(id)).count() as u64;
        all += u64::from(request.prompt).div_ceil(u64::from(trace.hash_tokens.max(1)));
        seen.extend(identities);
    }
    (hits, all)
}
