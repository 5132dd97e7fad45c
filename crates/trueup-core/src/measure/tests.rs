#![allow(clippy::unwrap_used, clippy::float_cmp)]
use super::*;
