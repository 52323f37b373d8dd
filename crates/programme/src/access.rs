//! What a user gets: class of access, application, hours and price, over plain facts.

use gigatwin_quantity::{Distribution, Share, Time};

/// Kinds of users.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum User {
    /// Small and medium enterprises, start-ups, scale-ups.
    Sme,
    /// Other industry.
    Industry,
    /// Science.
    Research,
    /// Public bodies.
    Public,
}

impl User {
    /// The word of the language, also the class of a tenant.
    pub fn word(self) -> &'static str {
        match self {
            User::Sme => "sme",
            User::Industry => "industry",
            User::Research => "research",
            User::Public => "public",
        }
    }

    /// Whether hours of the Union and the States are free of charge: public-law bodies, SMEs and scale-ups for private innovation
    /// (Regulation (EU) 2026/150, Art. 12b(15)). Other industry pays, except in Union research projects or with a Seal of Excellence.
    pub fn free(self) -> bool {
        self != User::Industry
    }
}

/// A class of access: what a scheduler calls a quality of service, with its limits, and how one gets in.
#[derive(Debug, Clone, PartialEq)]
pub struct AccessClass {
    /// Name, also of the quality of service.
    pub id: String,
    /// What it is for.
    pub purpose: String,
    /// How one applies.
    pub route: String,
    /// Users it is open to, in the words of the language.
    pub users: Vec<String>,
    /// Is a project given to it by its size? If not, it is asked for by name.
    pub assigned: bool,
    /// May its jobs run at another site?
    pub leaves: bool,
    /// Is it held in reserve and taken only when called?
    pub called: bool,
    /// Classes whose jobs it may push out.
    pub preempts: Vec<String>,
    /// May its own jobs be pushed out, to queue again?
    pub requeues: bool,
    /// Priority among the classes.
    pub priority: Share,
    /// Longest job.
    pub time_limit: Time,
    /// Part of the machine that one user may hold at once, and so its largest job; none where it is not limited.
    pub user_share: Option<Share>,
    /// Accelerator-hours that one project may use in all; none where the project says.
    pub project_hours: Option<f64>,
    /// Smallest project, as part of a year's hours of the site; none where there is no floor.
    pub project_share_min: Option<Share>,
    /// Part of the machine that it takes while it is called.
    pub call_share: Option<Share>,
    /// Seconds from the decision to apply until access.
    pub lead: Option<Distribution>,
    /// What a workload of this class is drawn from; none where none is drawn.
    pub demand: Option<ClassDemand>,
}

/// What the jobs of a class mostly are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// They run without anybody waiting for them.
    Batch,
    /// Somebody sits before them.
    Interactive,
    /// Short turns while code is written.
    Development,
}

/// What jobs of a class look like.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClassDemand {
    /// Weight among the classes open to a user.
    pub weight: f64,
    /// What its jobs are: batch, interactive or development, in the words of the catalog.
    pub work: Work,
    /// Largest job drawn, as part of the machine.
    pub largest: Share,
    /// Mean run time.
    pub run_mean: Time,
    /// Median run time.
    pub run_median: Time,
}

impl AccessClass {
    /// Is it open to this kind of user?
    pub fn is_open_to(&self, user: &str) -> bool {
        self.users.iter().any(|u| u == user)
    }
}

/// The class that a project is given by who asks and how much: of the classes open to the user and given by size, an extreme one where the
/// project reaches its floor, else the one with the smallest ceiling that holds it. `None` where no class is open to such users.
pub fn class_of(classes: &[AccessClass], user: User, hours: f64, site_hours: f64) -> Option<&AccessClass> {
    let open = || classes.iter().filter(|c| c.assigned && c.is_open_to(user.word()));
    let ceiling = |c: &AccessClass| c.project_hours.unwrap_or(f64::INFINITY);
    open().find(|c| c.project_share_min.is_some_and(|s| hours >= s.fraction() * site_hours)).or_else(|| {
        open()
            .filter(|c| c.project_share_min.is_none() && hours <= ceiling(c))
            .min_by(|a, b| ceiling(a).total_cmp(&ceiling(b)))
    })
}

/// Hours of one tenant that a user may ask for.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    /// Name of the tenant.
    pub tenant: String,
    /// Accelerator-hours of a year.
    pub hours: f64,
    /// Whether they are free of charge for this user.
    pub free: bool,
    /// Which part of the tenant's hours it is, in words.
    pub part: String,
}

/// A tenant as far as access goes.
#[derive(Debug, Clone, PartialEq)]
pub struct Owner {
    /// Name.
    pub name: String,
    /// Kind in the word of the language.
    pub kind: String,
    /// Accelerator-hours of a year.
    pub hours: f64,
    /// Classes of users with their part.
    pub classes: Vec<(String, Share)>,
    /// Member States with their part.
    pub states: Vec<(String, Share)>,
}

/// Where a user's hours can come from: the Union's part for users of its class in all Member States, the States' part for users of a State
/// that has one, and tenants of the user's own kind.
pub fn sources(owners: &[Owner], user: User, state: Option<&str>) -> Vec<Source> {
    let mut list = Vec::new();
    for o in owners {
        let class = o.classes.iter().find(|(c, _)| c == user.word());
        let of_class = match (o.classes.is_empty(), class) {
            (true, _) => Some((1.0, "all of its hours".to_owned())),
            (false, Some((_, part))) => Some((part.fraction(), format!("its part for {}", user.word()))),
            (false, None) => None,
        };
        match o.kind.as_str() {
            "union" => {
                if let Some((part, words)) = of_class {
                    list.push(Source {
                        tenant: o.name.clone(),
                        hours: o.hours * part,
                        free: user.free(),
                        part: words,
                    });
                }
            }
            "states" => {
                let own = match state {
                    None => Some((1.0, "through your State".to_owned())),
                    Some(code) => o
                        .states
                        .iter()
                        .find(|(c, _)| c.eq_ignore_ascii_case(code))
                        .map(|(_, p)| (p.fraction(), format!("the part of {}", code.to_uppercase()))),
                };
                if let (Some((part, words)), Some((state_part, through))) = (of_class, own) {
                    list.push(Source {
                        tenant: o.name.clone(),
                        hours: o.hours * part * state_part,
                        free: user.free(),
                        part: format!("{through}, {words}"),
                    });
                }
            }
            kind => {
                // Small enterprises may buy what industry buys.
                let same = kind == user.word() || (kind == "industry" && user == User::Sme);
                if same && let Some((part, words)) = of_class {
                    let free = matches!(kind, "research" | "public");
                    list.push(Source { tenant: o.name.clone(), hours: o.hours * part, free, part: words });
                }
            }
        }
    }
    list.retain(|s| s.hours > 0.0);
    // Free hours first, then the larger part.
    list.sort_by(|a, b| b.free.cmp(&a.free).then(b.hours.total_cmp(&a.hours)));
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(percent: f64) -> Share {
        Share::from_fraction(percent / 100.0)
    }

    fn owners() -> Vec<Owner> {
        let owner = |name: &str, kind: &str, hours| Owner {
            name: name.into(),
            kind: kind.into(),
            hours,
            classes: Vec::new(),
            states: Vec::new(),
        };
        let mut union = owner("union", "union", 1000.0);
        union.classes = vec![("sme".into(), share(40.0)), ("research".into(), share(60.0))];
        let mut states = owner("states", "states", 2000.0);
        states.states = vec![("de".into(), share(75.0)), ("fr".into(), share(25.0))];
        vec![union, states, owner("industry", "industry", 500.0)]
    }

    #[test]
    fn each_user_finds_its_hours() {
        let of = |user, state| sources(&owners(), user, state);
        let sme = of(User::Sme, Some("FR"));
        assert_eq!(sme.iter().map(|s| s.hours).collect::<Vec<_>>(), [500.0, 400.0, 500.0]);
        assert_eq!(sme.iter().map(|s| s.free).collect::<Vec<_>>(), [true, true, false]);
        // A State without a part: the Union's hours are open all the same.
        assert_eq!(of(User::Research, Some("pt")).len(), 1);
        assert_eq!(of(User::Public, Some("pt")), []);
        let industry = of(User::Industry, None);
        assert!(industry.iter().all(|s| !s.free));
    }

    fn class(id: &str, users: &[&str], ceiling: Option<f64>, floor: Option<f64>) -> AccessClass {
        AccessClass {
            id: id.to_owned(),
            purpose: String::new(),
            route: String::new(),
            users: users.iter().map(|u| (*u).to_owned()).collect(),
            assigned: true,
            leaves: true,
            called: false,
            preempts: Vec::new(),
            requeues: false,
            priority: share(50.0),
            time_limit: Time::from_days(1.0),
            user_share: None,
            project_hours: ceiling,
            project_share_min: floor.map(share),
            call_share: None,
            lead: None,
            demand: None,
        }
    }

    #[test]
    fn classes_follow_hours() {
        let (firms, science) = (["sme", "industry"], ["research", "public"]);
        let mut by_name = class("by name", &science, Some(1.0), None);
        by_name.assigned = false;
        let classes = [
            class("large scale", &firms, None, None),
            class("fast lane", &firms, Some(5e4), None),
            class("playground", &firms, Some(5e3), None),
            class("extreme", &science, None, Some(2.5)),
            class("regular", &science, None, None),
            class("benchmark", &science, Some(1e4), None),
            by_name,
        ];
        let class = |user, hours| class_of(&classes, user, hours, 1e8).map(|c| c.id.as_str());
        assert_eq!(class(User::Sme, 5e3), Some("playground"));
        assert_eq!(class(User::Industry, 5e4), Some("fast lane"));
        assert_eq!(class(User::Industry, 5e4 + 1.0), Some("large scale"));
        assert_eq!(class(User::Research, 0.5), Some("benchmark"));
        assert_eq!(class(User::Public, 1e5), Some("regular"));
        assert_eq!(class(User::Research, 2.5e6), Some("extreme"));
        assert_eq!(class_of(&classes[..3], User::Research, 1.0, 1e8), None);
    }
}
