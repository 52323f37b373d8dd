//! Where a job goes.

use crate::job::{Job, JobClass, Seconds};

/// The rule by which jobs are spread over sites.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Routing {
    /// Each job stays at its home, even while that stands still.
    #[default]
    Home,
    /// Where the least wait is expected.
    Wait,
    /// Where wait and transfer of the data together are least.
    Data,
    /// Where the work costs least, among sites whose wait and transfer are within the patience of the least.
    Price,
    /// Where the work emits least, likewise.
    Carbon,
}

impl Routing {
    /// All, with the names of the command line.
    pub const ALL: [(&'static str, Self); 5] = [
        ("home", Self::Home),
        ("wait", Self::Wait),
        ("data", Self::Data),
        ("price", Self::Price),
        ("carbon", Self::Carbon),
    ];
}

/// How jobs may move.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Rules {
    /// Who decides.
    pub routing: Routing,
    /// A job leaves its home only for a wait shorter by more than this; and how much longer than the shortest wait a cheaper or
    /// greener site may make it wait.
    pub patience: Seconds,
    /// By quality of service: may its jobs leave their home? Those beyond the list may.
    pub leaves: Vec<bool>,
    /// Seconds of transfer for each accelerator of a job that leaves.
    pub transfer: f64,
    /// Is the use of all sites charged to one share tree, and do limits on what one may hold speak of all of them? So it is with the
    /// partitions of one cluster; else each site keeps its own books.
    pub one_account: bool,
}

impl Rules {
    /// May the job leave its home? Services and campaigns stay where they were built.
    pub(super) fn may_leave(&self, job: &Job) -> bool {
        self.routing != Routing::Home
            && !matches!(job.class, JobClass::Serving | JobClass::Campaign)
            && self.leaves.get(job.qos as usize).copied().unwrap_or(true)
    }
}

/// A site that could take a job.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Offer {
    pub site: usize,
    pub wait: Seconds,
    pub transfer: Seconds,
    /// Cost and emissions of the work there, in any unit common to all sites.
    pub price: f64,
    pub carbon: f64,
}

/// The site that the rule chooses; the home goes first where it is as good, then the order of the sites.
pub(super) fn choose(rules: &Rules, home: usize, offers: &[Offer]) -> Option<usize> {
    let whole = |o: &Offer| o.wait + o.transfer;
    let far = |o: &Offer| usize::from(o.site != home);
    let at_home = offers.iter().find(|o| o.site == home);
    match rules.routing {
        Routing::Home => at_home.or(offers.first()).map(|o| o.site),
        Routing::Wait | Routing::Data => {
            let time = |o: &Offer| if rules.routing == Routing::Wait { o.wait } else { whole(o) };
            let best = offers.iter().min_by_key(|o| (time(o), far(o), o.site))?;
            let stays = at_home.filter(|h| time(h) - time(best) <= rules.patience);
            Some(stays.unwrap_or(best).site)
        }
        Routing::Price | Routing::Carbon => {
            let cost = |o: &Offer| if rules.routing == Routing::Price { o.price } else { o.carbon };
            let least = offers.iter().map(whole).min()?;
            offers
                .iter()
                .filter(|o| whole(o) - least <= rules.patience)
                .min_by(|a, b| {
                    cost(a).total_cmp(&cost(b)).then(far(a).cmp(&far(b))).then(a.site.cmp(&b.site))
                })
                .map(|o| o.site)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_by_hand() {
        let offer = |site, wait, transfer, price, carbon| Offer { site, wait, transfer, price, carbon };
        let offers = [
            offer(0, 100, 0, 3.0, 1.0),
            offer(1, 10, 95, 2.0, 2.0),
            offer(2, 40, 20, 4.0, 0.5),
            offer(3, 900, 0, 0.1, 0.1),
        ];
        let to = |routing, patience| choose(&Rules { routing, patience, ..Rules::default() }, 0, &offers);
        assert_eq!(to(Routing::Home, 0), Some(0));
        assert_eq!((to(Routing::Wait, 0), to(Routing::Wait, 90)), (Some(1), Some(0)));
        assert_eq!((to(Routing::Data, 0), to(Routing::Data, 40)), (Some(2), Some(0)));
        // Within 50 s of the least, 60 s, all but the last; within the hour all.
        assert_eq!((to(Routing::Price, 50), to(Routing::Price, 3_600)), (Some(1), Some(3)));
        assert_eq!((to(Routing::Carbon, 0), to(Routing::Carbon, 3_600)), (Some(2), Some(3)));
        assert_eq!(choose(&Rules::default(), 7, &[]), None);
    }

    #[test]
    fn services_and_classes_that_may_not_leave_stay() {
        let rules = Rules { routing: Routing::Wait, leaves: vec![true, false], ..Rules::default() };
        let job = Job::nodes(1, 0, 1, 1, 1);
        assert!(rules.may_leave(&job) && rules.may_leave(&Job { qos: 5, ..job }));
        assert!(!rules.may_leave(&Job { qos: 1, ..job }));
        assert!(!rules.may_leave(&Job { class: JobClass::Serving, ..job }));
    }
}
