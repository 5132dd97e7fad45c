//! CRF.
