//! Reports on data made by hand.
