//! `#[members]`: members that several operations have alike.

use proc_macro2::TokenStream;
use quote::quote;
use syn::parse::{Parse, ParseStream};
use syn::{Fields, FieldsNamed, Ident, ItemStruct, Path, Result, Token, Visibility};

use crate::operation;

/// The options of `#[members]`.
pub(crate) struct Arguments {
    at: Option<Path>,
}

impl Parse for Arguments {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        if input.is_empty() {
            return Ok(Self { at: None });
        }
        let name: Ident = input.parse()?;
        if name != "at" {
            return Err(syn::Error::new(name.span(), "unknown option"));
        }
        input.parse::<Token![=]>()?;
        Ok(Self {
            at: Some(input.parse()?),
        })
    }
}

/// Makes a macro of the struct's name that puts the members in front of those of another struct.
pub(crate) fn expand(arguments: &Arguments, item: &ItemStruct) -> Result<TokenStream> {
    if let Some(group) = &arguments.at {
        return Ok(prepend(group, "members", &TokenStream::new(), item));
    }
    let Fields::Named(members) = &item.fields else {
        return Err(syn::Error::new_spanned(item, "give the members names"));
    };
    let (name, vis) = (&item.ident, &item.vis);
    // What follows in the same module finds the macro without an import.
    let import = (!matches!(vis, Visibility::Inherited)).then(|| quote!(#vis use #name;));
    Ok(quote! {
        macro_rules! #name {
            ($($rest:tt)*) => { ::hubstream_macros::with_members! { #members $($rest)* } };
        }
        #import
    })
}

/// Asks the macro of a group to put its members in front of those of a struct.
pub(crate) fn prepend(
    group: &Path,
    attribute: &str,
    arguments: &TokenStream,
    item: &ItemStruct,
) -> TokenStream {
    let attribute = Ident::new(attribute, proc_macro2::Span::call_site());
    quote!(#group! { #attribute(#arguments) #item })
}

/// A struct on its way back from the macro of a group, with the members of the group.
pub(crate) struct WithMembers {
    members: FieldsNamed,
    attribute: Ident,
    arguments: TokenStream,
    item: ItemStruct,
}

impl Parse for WithMembers {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let members = input.parse()?;
        let attribute = input.parse()?;
        let arguments;
        syn::parenthesized!(arguments in input);
        Ok(Self {
            members,
            attribute,
            arguments: arguments.parse()?,
            item: input.parse()?,
        })
    }
}

impl WithMembers {
    /// Expands the attribute on the struct with all its members.
    pub(crate) fn expand(self) -> Result<TokenStream> {
        let mut item = self.item;
        let mut members = self.members;
        match item.fields {
            Fields::Named(own) => members.named.extend(own.named),
            Fields::Unit => item.semi_token = None,
            Fields::Unnamed(_) => {
                return Err(syn::Error::new_spanned(item, "give the members names"));
            }
        }
        item.fields = Fields::Named(members);
        if self.attribute == "members" {
            return expand(&Arguments { at: None }, &item);
        }
        let arguments: operation::Arguments = syn::parse2(self.arguments)?;
        operation::expand(&arguments, item)
    }
}
