//! Frames, methods, field tables and properties, as bytes.
