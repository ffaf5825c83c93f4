//! Results to HTML, Markdown and JSON.
