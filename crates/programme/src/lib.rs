//! Gates, hours and schedule over plain bid facts.
