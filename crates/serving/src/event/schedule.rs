//! What a replica does next: continuous batching with chunked prefill, as vLLM schedules (Kwon et al., SOSP 2023; Agrawal et al.,
//! OSDI 2024): running requests first, then prompts in the order of arrival within a budget of tokens; where blocks run out the
//! last admitted request gives way and is computed again later.

use super::replica::{Done, Pending, Replica, Role, Work};

/// Share of the blocks kept free when a request is admitted beside others: one in so many (vLLM's watermark).
const WATERMARK: u64 = 100;

impl Replica<'_> {
    /// Plans the next step or run of steps; `None` where there is nothing to do.
    pub fn plan(&mut self, now: u64, work: &mut Work<'_>) -> Option<u64> {
        self.parts.clear();
        let gave_way = self.make_room(work);
        let mut budget = self.limits.chunk.saturating_sub(self.batch);
        let mut prompts = 0;
        for i in 0..self.prefilling.len() {
            if budget == 0 {
                break;
            }
            let id = self.prefilling[i];
            prompts += self.part(work, id, &mut budget);
        }
        if !gave_way {
            while let Some(&id) = self.waiting.front() {
                let ready = work.live[id as usize].ready;
                if (budget == 0 && !ready) || !self.admit(work, id) {
                    break;
                }
                self.waiting.pop_front();
                if ready {
                    self.join(work, id);
                } else {
                    self.prefilling.push_back(id);
                    self.reserved += u64::from(work.live[id as usize].target);
                    prompts += self.part(work, id, &mut budget);
                }
            }
        }
        if self.parts.is_empty() && self.batch == 0 {
            return None;
        }
        // After a preemption the queue is looked at again at the very next step.
        let steps = if self.parts.is_empty() && !gave_way { self.longest(work) } else { 1 };
        let pending = Pending { start: now, steps, jump: self.jump(), prompts };
        self.pending = Some(pending);
        Some(pending.end())
    }

    /// Puts a part of a prompt into the step; gives its work.
    fn part(&mut self, work: &Work<'_>, id: u32, budget: &mut u64) -> u64 {
        let live = &work.live[id as usize];
        let tokens = (*budget).min(u64::from(live.target - live.done));
        *budget -= tokens;
        self.parts.push((id, tokens as u32));
        let done = u64::from(live.done);
        self.costs.work(done + tokens) - self.costs.work(done)
    }

    /// Preempts until the next decode step has its blocks; whether anything had to give way.
    fn make_room(&mut self, work: &mut Work<'_>) -> bool {
        let mut gave_way = false;
        while self.growth(1) > self.free() {
            let Some((seq, id)) = self.order.pop() else { break };
            if work.live[id as usize].seq != seq {
                continue;
            }
            gave_way = true;
            self.leave(work, id);
            self.prefilling.retain(|other| *other != id);
            let prompt = work.trace.requests[id as usize].prompt;
            let live = &mut work.live[id as usize];
            (live.target, live.done, live.ready) = (prompt + live.generated, 0, false);
            live.preempted += 1;
            self.tally.preemptions += 1;
            self.waiting.push_front(id);
        }
        gave_way
    }

    /// Gives a request its blocks, if there are enough.
    fn admit(&mut self, work: &mut Work<'_>, id: u32) -> bool {
        let running = self.batch + self.prefilling.len() as u64;
        if running >= self.limits.max_batch {
            return false;
        }
        let (ratio, size) = (self.limits.per_prefix, self.limits.block_tokens);
        let request = &work.trace.requests[id as usize];
        let identities =
            if ratio > 0 && self.role != Role::Decode { work.trace.hashes(request) } else { &[] };
        let live = &mut work.live[id as usize];
        let target = u64::from(live.target);
        let own = target.div_ceil(size) - identities.len() as u64 * ratio;
        let blocks = own + self.cache.not_in_use(identities) * ratio;
        let next = u64::from(live.ready && target.is_multiple_of(size));
        let spare = if running == 0 { 0 } else { self.growth(1) + self.limits.blocks / WATERMARK };
        if blocks + next + spare > self.free() {
            return false;
        }
        let known = u64::from(self.cache.matched(identities)) * u64::from(work.trace.hash_tokens);
        let stated = if identities.is_empty() { u64::from(self.costs.known(request.prompt)) } else { 0 };
        let known = known.max(stated).min(target - 1) as u32;
        if !live.ready {
            live.done = known;
            live.cached = live.cached.max(known);
            self.tally.cached_tokens += u64::from(known);
        }
        live.shared = identities.len() as u32;
        self.seq += 1;
        live.seq = self.seq;
        let taken = self.cache.take(identities) * ratio;
        self.prefix_once += taken * size;
        self.prefix_all += identities.len() as u64 * ratio * size;
        self.take_blocks(own + taken);
        self.order.push((self.seq, id));
        if self.order.len() as u64 > 64 + 4 * (running + 1) {
            self.order.retain(|(seq, id)| work.live[*id as usize].seq == *seq);
        }
        true
    }

    /// Ends a run of decode steps at the first boundary at or after `now`; the new end, where that is earlier.
    pub fn cut(&mut self, now: u64) -> Option<u64> {
        let pending = self.pending.as_mut()?;
        if pending.steps <= 1 {
            return None;
        }
        let steps = pending.jump.steps_until(now.saturating_sub(pending.start), pending.steps);
        if steps == pending.steps {
            return None;
        }
        pending.steps = steps;
        Some(pending.end())
    }

    /// Takes those steps of a run that are over before `now`, so that blocks stand as they would step by step.
    pub fn settle(&mut self, now: u64, work: &Work<'_>) {
        let Some(mut pending) = self.pending else { return };
        if pending.steps <= 1 || now <= pending.start {
            return;
        }
        let over = pending.jump.steps_until(now - pending.start, pending.steps) - 1;
        if over == 0 {
            return;
        }
        self.account(&pending, over);
        self.decode(work, over);
        pending.start += pending.jump.duration(over);
        pending.steps -= over;
        pending.jump.first += over * pending.jump.growth;
        pending.jump.held += over * pending.jump.batch;
        self.pending = Some(pending);
    }

    fn account(&mut self, pending: &Pending, steps: u64) {
        let t = &mut self.tally;
        let decode = pending.jump.duration(steps);
        if self.parts.is_empty() {
            t.decode_ps += decode;
        } else {
            t.prompt_ps += decode + pending.prompts;
        }
        t.steps += steps;
        t.token_time +=
            pending.jump.token_time(steps) + u128::from(pending.jump.held) * u128::from(pending.prompts);
        t.batch_time += u128::from(pending.jump.batch) * u128::from(decode + pending.prompts);
    }

    /// Completes the pending steps; what came of them is added to `done`.
    pub fn commit(&mut self, work: &mut Work<'_>, done: &mut Vec<Done>) {
        let Some(pending) = self.pending.take() else { return };
        let now = pending.end();
        self.account(&pending, pending.steps);
        self.decode(work, pending.steps);
        while let Some(id) = self.ended(work) {
            self.finish(work, id, now, done);
        }
        for i in 0..self.parts.len() {
            let (id, tokens) = self.parts[i];
            self.tally.prompt_tokens += u64::from(tokens);
            let live = &mut work.live[id as usize];
            live.done += tokens;
            if live.done < live.target {
                continue;
            }
            // Prompts are taken in order, so a complete one stands first.
            self.prefilling.pop_front();
            live.generated += 1;
            if live.generated == 1 {
                live.first_ps = now;
            }
            if live.generated >= work.trace.requests[id as usize].answer {
                self.finish(work, id, now, done);
            } else if self.role == Role::Prefill {
                self.reserved -= u64::from(live.target);
                let shared = u64::from(live.shared);
                live.seq = 0;
                self.prefix_all -= shared * self.prefix_tokens();
                done.push(Done::Prefilled(id));
            } else {
                self.reserved -= u64::from(live.target);
                self.join(work, id);
            }
        }
    }

    fn finish(&mut self, work: &mut Work<'_>, id: u32, now: u64, done: &mut Vec<Done>) {
        self.leave(work, id);
        let live = &mut work.live[id as usize];
        (live.finish_ps, live.finished) = (now, true);
        done.push(Done::Finished(id));
    }
}
