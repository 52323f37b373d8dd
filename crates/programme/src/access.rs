//! What a user gets: class of access, application, hours and price, over plain facts.

use gigatwin_quantity::{Distribution, Share};

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

/// Limits between classes and time until access, as the catalog has them.
#[derive(Debug, Clone, PartialEq)]
pub struct AccessRules {
    /// Largest project of the playground, in accelerator-hours.
    pub playground: f64,
    /// Largest project of the fast lane.
    pub fast_lane: f64,
    /// Largest benchmark project.
    pub benchmark: f64,
    /// Smallest part of a year's hours of the site that makes a scientific project extreme.
    pub extreme: Share,
    /// Seconds from the decision to apply until access, in the order of [`Class`].
    pub lead: [Distribution; 6],
}

/// Classes of access.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// First steps of newcomers.
    Playground,
    /// Small industrial projects.
    FastLane,
    /// Large industrial projects.
    LargeScale,
    /// Preparatory projects of science.
    Benchmark,
    /// Scientific projects.
    Regular,
    /// Scientific projects on much of the machine.
    Extreme,
}

impl Class {
    /// Name of the class, as the export for Slurm names its quality of service.
    pub fn name(self) -> &'static str {
        match self {
            Class::Playground => "playground",
            Class::FastLane => "fastlane",
            Class::LargeScale => "largescale",
            Class::Benchmark => "benchmark",
            Class::Regular => "regular",
            Class::Extreme => "extreme",
        }
    }

    /// How one applies.
    pub fn route(self) -> &'static str {
        match self {
            Class::Playground => "continuous, first come first served",
            Class::FastLane => "about two cut-offs a month; access 10 working days after one",
            Class::LargeScale => "about two cut-offs a month; for 3, 6 or 12 months; reviewed",
            Class::Benchmark => "a deadline a month; granted within two weeks",
            Class::Regular => "about two deadlines a year; four months to access",
            Class::Extreme => "two to three deadlines a year; six months to access",
        }
    }
}

impl AccessRules {
    /// The class of a project.
    pub fn class(&self, user: User, hours: f64, site_hours: f64) -> Class {
        match user {
            User::Sme | User::Industry if hours <= self.playground => Class::Playground,
            User::Sme | User::Industry if hours <= self.fast_lane => Class::FastLane,
            User::Sme | User::Industry => Class::LargeScale,
            _ if hours <= self.benchmark => Class::Benchmark,
            _ if hours >= self.extreme.fraction() * site_hours => Class::Extreme,
            _ => Class::Regular,
        }
    }

    /// Seconds until access.
    pub fn lead(&self, class: Class) -> &Distribution {
        &self.lead[class as usize]
    }
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

    #[test]
    fn classes_follow_hours() {
        let rules = AccessRules {
            playground: 5e3,
            fast_lane: 5e4,
            benchmark: 1e4,
            extreme: share(2.5),
            lead: std::array::from_fn(|i| Distribution::Point(i as f64)),
        };
        let class = |user, hours| rules.class(user, hours, 1e8);
        assert_eq!(class(User::Sme, 5e3), Class::Playground);
        assert_eq!(class(User::Industry, 5e4), Class::FastLane);
        assert_eq!(class(User::Industry, 5e4 + 1.0), Class::LargeScale);
        assert_eq!(class(User::Research, 1e4), Class::Benchmark);
        assert_eq!(class(User::Public, 1e5), Class::Regular);
        assert_eq!(class(User::Research, 2.5e6), Class::Extreme);
        assert_eq!(rules.lead(Class::Extreme), &Distribution::Point(5.0));
    }
}
