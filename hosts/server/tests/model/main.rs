//! The constraint checks that follow from the API model.

mod canaries;
mod cases;
mod limits;
mod readme;
mod requests;
