//! Results to HTML, Markdown and JSON.
//!
//! One way only: [`model`] is what a run found out, and [`render`] makes a report from it. Nothing here runs or
//! measures anything, and no other room of the project is known here: whoever has results fills in the model.
//!
//! The page is one offline file: no request leaves it, and its scripts are a few lines that it can do without.

pub mod advice;
mod check;
pub mod compare;
mod error;
mod json;
mod markdown;
pub mod model;
mod render;

pub use error::{ReadError, ReportError};
pub use json::{from_json, read, to_json};
pub use render::{Rendered, render, render_advice, render_comparison};
mod chart;
mod format;
mod html;
mod layout;
mod table;
mod view;
