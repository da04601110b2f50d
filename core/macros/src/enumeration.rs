//! `#[model]` on enums: an open list of names, as texts or numbers on the wire.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Ident, ItemEnum, Lit, Result};

use crate::attributes::{docs, snake, take};

struct Variant {
    ident: Ident,
    name: String,
    wire: Lit,
    docs: String,
}

pub(crate) fn expand(mut item: ItemEnum) -> Result<TokenStream> {
    let docs_text = docs(&item.attrs, &item.ident)?;
    let mut variants = Vec::new();
    for variant in &mut item.variants {
        let docs = docs(&variant.attrs, variant)?;
        let name = snake(&variant.ident.to_string()).to_uppercase();
        let wire = match take(&mut variant.attrs, "wire") {
            Some(attribute) => attribute.parse_args::<Lit>()?,
            None => syn::parse_quote!(#name),
        };
        variants.push(Variant {
            ident: variant.ident.clone(),
            name,
            wire,
            docs,
        });
    }
    let numbers = variants
        .iter()
        .any(|variant| matches!(variant.wire, Lit::Int(_)));
    Ok(if numbers {
        number_enum(&item, &docs_text, &variants)
    } else {
        text_enum(&item, &docs_text, &variants)
    })
}

fn schema(item: &ItemEnum, docs: &str, variants: &[Variant], kind: &TokenStream) -> TokenStream {
    let name = item.ident.to_string();
    let variants = variants.iter().map(|variant| {
        let Variant {
            name, wire, docs, ..
        } = variant;
        quote!(::hubstream::schema::VariantSchema {
            name: #name,
            value: ::hubstream::schema::EnumValue::#kind(#wire),
            docs: ::hubstream::schema::docs(#docs),
        })
    });
    quote!(::hubstream::schema::TypeSchema::Enum(&::hubstream::schema::EnumSchema {
        name: #name,
        docs: ::hubstream::schema::docs(#docs),
        variants: &[#(#variants),*],
    }))
}

fn text_enum(item: &ItemEnum, docs: &str, variants: &[Variant]) -> TokenStream {
    let (attributes, name) = (&item.attrs, &item.ident);
    let declared = item.variants.iter();
    let idents: Vec<_> = variants.iter().map(|variant| &variant.ident).collect();
    let wires: Vec<_> = variants.iter().map(|variant| &variant.wire).collect();
    let travels = serde_text(name);
    let dynamic = dynamic_text(name, &schema(item, docs, variants, &quote!(Text)), &wires);
    quote! {
        #(#attributes)*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum #name {
            #(#declared,)*
            /// A value that this version does not know, as it was received.
            Unknown(::std::string::String),
        }

        impl #name {
            /// The form on the wire.
            pub fn as_str(&self) -> &str {
                match self {
                    #(Self::#idents => #wires,)*
                    Self::Unknown(text) => text,
                }
            }
        }

        impl ::core::convert::From<&str> for #name {
            fn from(text: &str) -> Self {
                match text {
                    #(#wires => Self::#idents,)*
                    other => Self::Unknown(other.to_owned()),
                }
            }
        }

        impl ::core::fmt::Display for #name {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        #travels

        impl ::hubstream::operation::WireText for #name {
            fn wire_text(&self) -> ::core::option::Option<::std::string::String> {
                ::core::option::Option::Some(self.as_str().to_owned())
            }
        }

        #dynamic
    }
}

/// How a list of texts travels in messages.
fn serde_text(name: &Ident) -> TokenStream {
    quote! {
        impl ::serde::Serialize for #name {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> ::core::result::Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> ::serde::Deserialize<'de> for #name {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> ::core::result::Result<Self, D::Error> {
                let text = <::std::string::String as ::serde::Deserialize>::deserialize(deserializer)?;
                ::core::result::Result::Ok(Self::from(text.as_str()))
            }
        }
    }
}

/// How a list of texts crosses the border of languages: unknown ones only on the way out.
fn dynamic_text(name: &Ident, schema: &TokenStream, wires: &[&Lit]) -> TokenStream {
    quote! {
        impl ::hubstream::dynamic::Dynamic for #name {
            const TYPE: ::hubstream::schema::TypeSchema = #schema;

            fn from_value(
                value: ::hubstream::dynamic::Value,
            ) -> ::core::result::Result<Self, ::hubstream::dynamic::Mismatch> {
                let text = ::std::string::String::from_value(value)?;
                match Self::from(text.as_str()) {
                    Self::Unknown(_) => ::core::result::Result::Err(::hubstream::dynamic::Mismatch::message(
                        ::std::format!("expected one of {}", [#(#wires),*].join(", ")),
                    )),
                    known => ::core::result::Result::Ok(known),
                }
            }

            fn into_value(self) -> ::hubstream::dynamic::Value {
                ::hubstream::dynamic::Value::Text(self.as_str().to_owned())
            }
        }
    }
}

fn number_enum(item: &ItemEnum, docs: &str, variants: &[Variant]) -> TokenStream {
    let (attributes, name) = (&item.attrs, &item.ident);
    let declared = item.variants.iter();
    let idents: Vec<_> = variants.iter().map(|variant| &variant.ident).collect();
    let wires: Vec<_> = variants.iter().map(|variant| &variant.wire).collect();
    let dynamic = dynamic_number(name, &schema(item, docs, variants, &quote!(Number)));
    quote! {
        #(#attributes)*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum #name {
            #(#declared,)*
            /// A value that this version does not know, as it was received.
            Unknown(i64),
        }

        impl #name {
            /// The form on the wire.
            pub fn number(self) -> i64 {
                match self {
                    #(Self::#idents => #wires,)*
                    Self::Unknown(number) => number,
                }
            }
        }

        impl ::core::convert::From<i64> for #name {
            fn from(number: i64) -> Self {
                match number {
                    #(#wires => Self::#idents,)*
                    other => Self::Unknown(other),
                }
            }
        }

        impl ::serde::Serialize for #name {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> ::core::result::Result<S::Ok, S::Error> {
                serializer.serialize_i64(self.number())
            }
        }

        impl<'de> ::serde::Deserialize<'de> for #name {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> ::core::result::Result<Self, D::Error> {
                <i64 as ::serde::Deserialize>::deserialize(deserializer).map(Self::from)
            }
        }

        #dynamic
    }
}

/// How a list of numbers crosses the border of languages: unknown ones only on the way out.
fn dynamic_number(name: &Ident, schema: &TokenStream) -> TokenStream {
    quote! {
        impl ::hubstream::dynamic::Dynamic for #name {
            const TYPE: ::hubstream::schema::TypeSchema = #schema;

            fn from_value(
                value: ::hubstream::dynamic::Value,
            ) -> ::core::result::Result<Self, ::hubstream::dynamic::Mismatch> {
                match Self::from(i64::from_value(value)?) {
                    Self::Unknown(number) => ::core::result::Result::Err(
                        ::hubstream::dynamic::Mismatch::message(::std::format!("{number} is not a known value")),
                    ),
                    known => ::core::result::Result::Ok(known),
                }
            }

            fn into_value(self) -> ::hubstream::dynamic::Value {
                ::hubstream::dynamic::Value::Integer(self.number())
            }
        }
    }
}
