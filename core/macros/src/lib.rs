//! Attribute macros of hubstream: `#[operation]` and `#[model]` write the conversions and the
//! machine-readable description of a struct or enum from its fields and documentation.

mod attributes;
mod enumeration;
mod field;
mod model;
mod operation;

use proc_macro::TokenStream;
use syn::{Item, parse_macro_input};

/// Turns a struct into an operation of a service.
///
/// `#[operation(service = S, POST "/path/{field}", action = "x", returns = T)]`, with the options
/// `idempotent`, `custom` (the exchange is written by hand), `composite` (made of other calls),
/// `decode = function` and `snake_case` (wire names in snake case instead of Pascal case).
#[proc_macro_attribute]
pub fn operation(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let arguments = parse_macro_input!(arguments as operation::Arguments);
    let item = parse_macro_input!(item as syn::ItemStruct);
    operation::expand(&arguments, item)
        .unwrap_or_else(|error| error.to_compile_error())
        .into()
}

/// Turns a struct into a described group of members, or an enum into an open list of names.
///
/// Options: `snake_case` (wire names in snake case instead of Pascal case), `local` (the type does
/// not travel as JSON) and `extends = Model` (all members of that model are among these).
#[proc_macro_attribute]
pub fn model(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let arguments = parse_macro_input!(arguments as model::Arguments);
    let result = match parse_macro_input!(item as Item) {
        Item::Struct(item) => model::expand(&arguments, item),
        Item::Enum(item) => enumeration::expand(item),
        other => Err(syn::Error::new_spanned(
            other,
            "a model is a struct or an enum",
        )),
    };
    result
        .unwrap_or_else(|error| error.to_compile_error())
        .into()
}
