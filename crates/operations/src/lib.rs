//! What share of the hours does useful work.
