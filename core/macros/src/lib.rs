//! Attribute macros of hubstream: `#[operation]` and `#[model]` write the conversions and the
//! machine-readable description of a struct or enum from its fields and documentation;
//! `#[members]` names fields that several operations begin with.

mod attributes;
mod enumeration;
mod field;
mod members;
mod model;
mod operation;

use proc_macro::TokenStream;
use syn::{Item, ItemStruct, parse_macro_input};

/// Turns a struct into an operation of a service.
///
/// `#[operation(service = S, POST "/path/{field}", action = "x", returns = T)]`, with the options
/// `idempotent`, `custom` (the exchange is written by hand), `composite` (made of other calls),
/// `decode = function`, `snake_case` (wire names in snake case instead of Pascal case) and
/// `at = Group` (the fields of that `#[members]` come first).
#[proc_macro_attribute]
pub fn operation(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let tokens = arguments.clone().into();
    let arguments = parse_macro_input!(arguments as operation::Arguments);
    let item = parse_macro_input!(item as ItemStruct);
    match arguments.group() {
        Some(group) => members::prepend(group, "operation", &tokens, &item).into(),
        None => finish(operation::expand(&arguments, item)),
    }
}

/// Names the fields that several operations begin with, for their option `at`.
///
/// Fields of another group come before these with `#[members(at = Group)]`. The struct itself does
/// not exist afterwards. Paths in attributes of the fields are looked up where the group is used.
#[proc_macro_attribute]
pub fn members(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let arguments = parse_macro_input!(arguments as members::Arguments);
    let item = parse_macro_input!(item as ItemStruct);
    finish(members::expand(&arguments, &item))
}

/// What `#[members]` and `#[operation]` with `at` expand to; not called by hand.
#[proc_macro]
pub fn with_members(input: TokenStream) -> TokenStream {
    finish(parse_macro_input!(input as members::WithMembers).expand())
}

/// Turns a struct into a described group of members, or an enum into an open list of names.
///
/// Options: `snake_case` (wire names in snake case instead of Pascal case), `local` (the type does
/// not travel as JSON), `extends = Model` (all members of that model are among these) and
/// `further(name, …)` (members of models that extend this one, which are passed over where this one is asked).
#[proc_macro_attribute]
pub fn model(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let arguments = parse_macro_input!(arguments as model::Arguments);
    finish(match parse_macro_input!(item as Item) {
        Item::Struct(item) => model::expand(&arguments, item),
        Item::Enum(item) => enumeration::expand(item),
        other => Err(syn::Error::new_spanned(
            other,
            "a model is a struct or an enum",
        )),
    })
}

fn finish(expanded: syn::Result<proc_macro2::TokenStream>) -> TokenStream {
    expanded
        .unwrap_or_else(|error| error.to_compile_error())
        .into()
}
