//! The files embedded by the build script.

include!(concat!(env!("OUT_DIR"), "/files.rs"));
