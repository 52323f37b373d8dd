//! The engine against a naive scheduler, against closed forms, and against the laws that no policy may break.

mod agreement;
mod by_hand;
mod naive;
mod published;
