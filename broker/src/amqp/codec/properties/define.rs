//! The macros that make `Properties` and `PropertiesBuilder` from one table.

/// Defines both types from properties as they stand on the wire: `flag name: kind`, from the highest flag down.
macro_rules! properties {
    ($($(#[$doc:meta])+ $flag:literal $name:ident: $kind:ident,)+) => {
        /// The properties of a message: a typed view of bytes that are known to be well-formed.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct Properties<'a> {
            flags: u16,
            values: &'a [u8],
        }

        impl<'a> Properties<'a> {
            const KNOWN_FLAGS: u16 = $($flag)|+;

            /// Checks property flags and values, and the headers in them.
            ///
            /// As in RabbitMQ, strings need not be UTF-8: whoever forwards a message has no business with them.
            ///
            /// # Errors
            /// A [`SyntaxError`] if flags are set that mean nothing, or the values are cut off, malformed or too long.
            pub fn parse(bytes: &'a [u8]) -> Result<Properties<'a>, SyntaxError> {
                let mut reader = Reader::new(bytes);
                let flags = reader.short()?;
                if flags & !Self::KNOWN_FLAGS != 0 {
                    return Err(SyntaxError::UnknownProperties(flags & !Self::KNOWN_FLAGS));
                }
                let properties = Properties { flags, values: reader.rest() };
                $(if flags & $flag != 0 { define::check_value!(reader, $kind)?; })+
                reader.finish()?;
                Ok(properties)
            }

            /// Takes bytes that were checked before. Of others some properties are missing.
            pub(crate) fn from_valid(bytes: &'a [u8]) -> Properties<'a> {
                let mut reader = Reader::new(bytes);
                Properties { flags: reader.short().unwrap_or_default(), values: reader.rest() }
            }

            /// Reads from the value with this flag on, or from where it would stand.
            fn reader_at(&self, wanted: u16) -> Reader<'a> {
                let mut reader = Reader::new(self.values);
                $(if $flag > wanted && self.flags & $flag != 0 { let _ = define::skip_value!(reader, $kind); })+
                reader
            }

            $($(#[$doc])+
            pub fn $name(&self) -> Option<define::borrowed_type!('a $kind)> {
                if self.flags & $flag == 0 {
                    return None;
                }
                let mut reader = self.reader_at($flag);
                define::view_value!(reader, $kind)
            })+
        }

        /// The properties of a new message.
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct PropertiesBuilder {
            $($name: Option<define::owned_type!($kind)>,)+
        }

        impl PropertiesBuilder {
            /// No properties.
            pub fn new() -> PropertiesBuilder {
                PropertiesBuilder::default()
            }

            $($(#[$doc])+
            pub fn $name(mut self, value: define::argument_type!($kind)) -> PropertiesBuilder {
                self.$name = Some(value.into());
                self
            })+

            /// The property flags and values, as a [`ContentHeader`] has them.
            ///
            /// # Panics
            /// If a string has more than 255 bytes.
            pub fn build(&self) -> Vec<u8> {
                let mut out = Vec::new();
                let mut writer = Writer::new(&mut out);
                writer.short(0 $(| if self.$name.is_some() { $flag } else { 0 })+);
                $(if let Some(value) = &self.$name { define::write_value!(writer, $kind, value); })+
                out
            }
        }
    };
}

/// Reads a value whose bytes nobody has checked.
macro_rules! check_value {
    ($reader:ident, table) => {
        $reader.table()
    };
    ($reader:ident, $kind:ident) => {
        define::skip_value!($reader, $kind)
    };
}

/// Reads over a value.
macro_rules! skip_value {
    ($reader:ident, text) => {
        $reader.short_bytes()
    };
    ($reader:ident, table) => {
        $reader.long_string()
    };
    ($reader:ident, $kind:ident) => {
        $reader.$kind()
    };
}

/// Reads a value that was checked; a text that is none is missing.
macro_rules! view_value {
    ($reader:ident, table) => {
        $reader.long_string().ok().map(Table::from_valid)
    };
    ($reader:ident, $kind:ident) => {
        $reader.$kind().ok()
    };
}

/// Writes a value that is set.
macro_rules! write_value {
    ($writer:ident, text, $value:ident) => {
        $writer.short_string($value)
    };
    ($writer:ident, table, $value:ident) => {
        $writer.table($value.as_table())
    };
    ($writer:ident, $kind:ident, $value:ident) => {
        $writer.$kind(*$value)
    };
}

/// The type of a value that is read in place.
macro_rules! borrowed_type {
    ($a:lifetime text) => { &$a str };
    ($a:lifetime table) => { Table<$a> };
    ($a:lifetime octet) => { u8 };
    ($a:lifetime long_long) => { u64 };
}

/// The type of a value that is set.
macro_rules! owned_type {
    (text) => {
        String
    };
    (table) => {
        TableBuilder
    };
    (octet) => {
        u8
    };
    (long_long) => {
        u64
    };
}

/// The type of what a value is set from.
macro_rules! argument_type {
    (text) => { impl Into<String> };
    ($kind:ident) => { define::owned_type!($kind) };
}

pub(super) use {
    argument_type, borrowed_type, check_value, owned_type, properties, skip_value, view_value, write_value,
};
