//! EASY's one reservation without a profile. Where nothing but jobs that end changes what is free ahead, what is free only grows, so two
//! moments say all: now, and the shadow (Mu'alem and Feitelson 2001) at which the first job in the queue is due. A later one may start
//! if it fits now and either ends by the shadow or fits into what the first job leaves free there. Planned work on the whole machine is
//! an end of the world for this: nothing that starts now may reach into it, and a first job that would is due behind it, where it is in
//! nobody's way.

use super::Engine;
use crate::job::Seconds;
use crate::policy::Reservation;

impl Engine<'_> {
    /// Until when nothing but ending jobs changes what is free: the next moment at which the whole machine is closed, or for ever. None
    /// where something else does, as far ahead as a reservation of any waiting job can reach.
    pub(super) fn only_grows_until(&self, single: bool) -> Option<Seconds> {
        if !self.site.caps.is_empty() {
            return None;
        }
        let mut until = Seconds::MAX / 4;
        let ahead = self.ahead.iter().filter(|r| r.end > self.now);
        for r in ahead {
            // Several reservations, or cells that round spans up, would have to be looked at beyond.
            if !single {
                return None;
            }
            if r.first_node > 0 || r.nodes < self.site.layout.nodes {
                // The first job is due before all that could start now have ended, and then takes its own time.
                let longest =
                    self.queue.active().iter().map(|&l| self.queue.lane(l).limit).max().unwrap_or(0);
                if self.now.saturating_add(longest.saturating_mul(2)) > r.start {
                    return None;
                }
                continue;
            }
            until = until.min(r.start.max(self.now));
        }
        Some(until)
    }

    /// When the whole machine is closed next; nothing that runs then can have started before.
    pub(super) fn closing(&self) -> Seconds {
        let whole =
            |r: &&Reservation| r.end > self.now && r.first_node == 0 && r.nodes >= self.site.layout.nodes;
        self.ahead.iter().filter(whole).map(|r| r.start).min().unwrap_or(Seconds::MAX)
    }

    /// The shadow of a job; none behind planned work, where it is in nobody's way.
    pub(super) fn promised(&self, units: i64, limit: Seconds, gang_missing: bool) -> Option<(Seconds, i64)> {
        self.shadow(units, gang_missing).filter(|(at, _)| at.saturating_add(limit) <= self.clear)
    }

    /// The moment after this one at which `units` are free as far as running jobs' planned ends say, and how much is left beside them;
    /// where the gang is missing, the next change of any kind.
    fn shadow(&self, units: i64, gang_missing: bool) -> Option<(Seconds, i64)> {
        // Any change is enough where only the gang is missing.
        let least = if gang_missing { i64::MIN } else { units };
        let due = self.releases.reach(self.free, least, self.now + 1);
        due.filter(|d| d.1 >= units).map(|(at, free)| (at, free - units))
    }

    /// The profile that says as much: what is free now, what is left at the shadow, and nothing once the machine is closed.
    pub(super) fn two_moments(&mut self, shadow: Option<(Seconds, i64)>) {
        let end = Seconds::MAX / 4;
        self.profile.reset(self.now, self.free, end);
        if let Some((at, left)) = shadow {
            self.profile.release(at, left - self.free);
        }
        if self.clear < end {
            self.profile.release(self.clear, i64::MIN / 4);
        }
        // From then on the plan does not stand.
        self.shadow_at = Some(shadow.map_or(self.clear, |s| s.0));
    }

    /// How far the accelerators of a running job that is due then would be free beyond the profile, were it stopped now: the profile of two
    /// moments counts its end at the shadow, if it lies before that, and else not at all.
    pub(super) fn given_back_until(&self, due: Seconds) -> Seconds {
        match self.shadow_at {
            _ if !self.by_shadow => due,
            Some(at) if due <= at => at,
            _ => self.clear,
        }
    }
}
