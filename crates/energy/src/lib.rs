//! Contracts, price and carbon of a site's year.
