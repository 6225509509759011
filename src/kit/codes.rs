//! Types that are short words in the database, in forms and in addresses.

/// `codes!(Rate { Low = "low", High = "high" })` gives an enum without facts `Rate::ALL`, `code()`, `FromStr` and
/// `Display`, and lets it stand in JSON and in text columns (see [`stored_as_text`]).
macro_rules! codes {
    ($type:ident { $($variant:ident = $code:literal),* $(,)? }) => {
        impl $type {
            #[allow(dead_code, reason = "not every enum is listed anywhere")]
            pub const ALL: [Self; [$(Self::$variant),*].len()] = [$(Self::$variant),*];

            pub fn code(self) -> &'static str {
                match self { $(Self::$variant => $code),* }
            }
        }

        impl std::str::FromStr for $type {
            type Err = String;

            fn from_str(code: &str) -> Result<Self, Self::Err> {
                match code {
                    $($code => Ok(Self::$variant),)*
                    _ => {
                        let (kind, known) = (stringify!($type), [$($code),*].join(", "));
                        Err(format!("`{code}` is no {kind}; choose one of {known}"))
                    }
                }
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.code())
            }
        }

        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.code())
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let code = <std::borrow::Cow<'_, str> as serde::Deserialize>::deserialize(deserializer)?;
                code.parse().map_err(serde::de::Error::custom)
            }
        }

        $crate::kit::codes::stored_as_text!($type, |it| it.code());
    };
}

/// Lets a type that `FromStr` reads stand in columns of type text and citext, alone and in arrays:
/// `select region as "region: Region"`. The error names the type and never the value, which may be personal; sqlx
/// adds the column.
///
/// A parameter goes out as text. Compared with citext it would count upper and lower case, so that an address is
/// written `$1::text::citext`.
macro_rules! stored_as_text {
    ($type:ty, $write:expr) => {
        impl sqlx::Type<sqlx::Postgres> for $type {
            fn type_info() -> sqlx::postgres::PgTypeInfo {
                <&str as sqlx::Type<sqlx::Postgres>>::type_info()
            }

            fn compatible(column: &sqlx::postgres::PgTypeInfo) -> bool {
                <&str as sqlx::Type<sqlx::Postgres>>::compatible(column)
            }
        }

        impl sqlx::postgres::PgHasArrayType for $type {
            fn array_type_info() -> sqlx::postgres::PgTypeInfo {
                <&str as sqlx::postgres::PgHasArrayType>::array_type_info()
            }

            fn array_compatible(column: &sqlx::postgres::PgTypeInfo) -> bool {
                <&str as sqlx::postgres::PgHasArrayType>::array_compatible(column)
            }
        }

        impl<'r> sqlx::Decode<'r, sqlx::Postgres> for $type {
            fn decode(value: sqlx::postgres::PgValueRef<'r>) -> Result<Self, sqlx::error::BoxDynError> {
                let text = <&str as sqlx::Decode<sqlx::Postgres>>::decode(value)?;
                text.parse().map_err(|_| concat!("the text in it is no ", stringify!($type)).into())
            }
        }

        impl sqlx::Encode<'_, sqlx::Postgres> for $type {
            fn encode_by_ref(
                &self,
                buffer: &mut sqlx::postgres::PgArgumentBuffer,
            ) -> Result<sqlx::encode::IsNull, sqlx::error::BoxDynError> {
                let write: fn(&Self) -> &str = $write;
                <&str as sqlx::Encode<sqlx::Postgres>>::encode_by_ref(&write(self), buffer)
            }
        }
    };
}

pub(crate) use {codes, stored_as_text};
