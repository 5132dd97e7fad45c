//! Placeholder head.

pub mod demo;
