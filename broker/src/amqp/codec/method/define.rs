//! The macro that makes `Method` from one table: the enum, its ids and names, reading and writing.

/// Defines `Method` from classes and methods as they stand on the wire.
///
/// Each argument is `name: kind` or, if reserved, `_: kind`; reserved ones come first (then with a comma behind each)
/// or last. A kind is the name of a function of `Reader` and `Writer`.
macro_rules! methods {
    ($(
        $class:ident $class_id:literal {$(
            $method_id:literal $name:literal $variant:ident(
                $(_: $before:ident,)* $($($field:ident: $kind:ident),+)? $(, _: $after:ident)*
            );
        )+}
    )+) => {
        /// A method of AMQP 0-9-1 with its arguments, borrowed from the payload of its frame.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(missing_docs, reason = "variants and fields have the specification's names")]
        pub enum Method<'a> {
            $($($variant $({ $($field: define::rust_type!('a $kind)),+ })?,)+)+
        }

        impl<'a> Method<'a> {
            /// Reads the payload of a method frame. Allocates nothing.
            ///
            /// # Errors
            /// A [`MethodError`] if there is no such method, or its arguments are cut off, malformed or too long.
            pub fn parse(payload: &'a [u8]) -> Result<Method<'a>, MethodError> {
                let mut reader = Reader::new(payload);
                let (Ok(class_id), Ok(method_id)) = (reader.short(), reader.short()) else {
                    return Err(MethodError::NoMethod);
                };
                match Method::parse_arguments(class_id, method_id, reader) {
                    Ok(Some(method)) => Ok(method),
                    Ok(None) => Err(MethodError::Unknown { class_id, method_id }),
                    Err(error) => Err(MethodError::Malformed { class_id, method_id, error }),
                }
            }

            /// Reads the arguments; `None` if there is no such method.
            fn parse_arguments(
                class_id: u16,
                method_id: u16,
                mut reader: Reader<'a>,
            ) -> Result<Option<Method<'a>>, SyntaxError> {
                let method = match (class_id, method_id) {
                    $($(($class_id, $method_id) => {
                        $(reader.$before()?;)*
                        let method = Method::$variant $({ $($field: reader.$kind()?),+ })?;
                        $(reader.$after()?;)*
                        method
                    })+)+
                    _ => return Ok(None),
                };
                reader.finish()?;
                Ok(Some(method))
            }

            fn write_arguments(&self, writer: &mut Writer<'_>) {
                match *self {
                    $($(Method::$variant $({ $($field),+ })? => {
                        $(writer.$before(Default::default());)*
                        $($(writer.$kind($field);)+)?
                        $(writer.$after(Default::default());)*
                    })+)+
                }
            }

            /// The numbers of the class and of the method in it.
            pub const fn class_and_method_id(&self) -> (u16, u16) {
                match self {
                    $($(Method::$variant $({ $($field: _),+ })? => ($class_id, $method_id),)+)+
                }
            }

            /// The name in the specification, as `queue.declare-ok`.
            pub const fn name(&self) -> &'static str {
                match self {
                    $($(Method::$variant $({ $($field: _),+ })? => concat!(stringify!($class), ".", $name),)+)+
                }
            }
        }
    };
}

/// The Rust type of a kind of argument.
macro_rules! rust_type {
    ($a:lifetime bit) => { bool };
    ($a:lifetime octet) => { u8 };
    ($a:lifetime short) => { u16 };
    ($a:lifetime long) => { u32 };
    ($a:lifetime long_long) => { u64 };
    ($a:lifetime short_string) => { &$a str };
    ($a:lifetime text) => { &$a str };
    ($a:lifetime short_bytes) => { &$a [u8] };
    ($a:lifetime long_string) => { &$a [u8] };
    ($a:lifetime table) => { Table<$a> };
}

pub(super) use {methods, rust_type};
