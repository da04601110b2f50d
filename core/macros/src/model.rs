//! `#[model]` on structs.

use proc_macro2::TokenStream;
use quote::quote;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Fields, Ident, ItemStruct, Meta, Path, Result, Token};

use crate::attributes::docs;
use crate::field::{Field, constructors, conversions, debug, record_count};

#[derive(Default)]
pub(crate) struct Arguments {
    snake_case: bool,
    local: bool,
    extends: Option<Path>,
    further: Vec<Ident>,
}

impl Parse for Arguments {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut arguments = Self::default();
        while !input.is_empty() {
            let name: Ident = input.parse()?;
            match name.to_string().as_str() {
                "snake_case" => arguments.snake_case = true,
                "local" => arguments.local = true,
                "extends" => {
                    input.parse::<Token![=]>()?;
                    arguments.extends = Some(input.parse()?);
                }
                "further" => {
                    let names;
                    syn::parenthesized!(names in input);
                    let names = Punctuated::<Ident, Token![,]>::parse_terminated(&names)?;
                    arguments.further = names.into_iter().collect();
                }
                _ => return Err(syn::Error::new(name.span(), "unknown option")),
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(arguments)
    }
}

pub(crate) fn expand(arguments: &Arguments, mut item: ItemStruct) -> Result<TokenStream> {
    let docs = docs(&item.attrs, &item.ident)?;
    let name = item.ident.clone();
    let text = name.to_string();
    let fields = Field::read_all(&mut item.fields, arguments.snake_case, false)?;
    let schemas = fields.iter().map(Field::schema);
    let extends = match &arguments.extends {
        Some(base) => {
            quote!(::core::option::Option::Some(::hubstream::schema::ModelSchema::of::<#base>()))
        }
        None => quote!(::core::option::Option::None),
    };
    let further: Vec<String> = arguments.further.iter().map(Ident::to_string).collect();
    let conversions = conversions(
        &name,
        &quote!(&::hubstream::schema::ModelSchema {
            name: #text,
            docs: ::hubstream::schema::docs(#docs),
            fields: &[#(#schemas),*],
            extends: #extends,
            further: &[#(#further),*],
        }),
        &fields,
        &further,
    );
    let constructors = constructors(&fields);
    let derives = if arguments.local {
        quote!(#[derive(Clone)])
    } else {
        add_serde(&name, &mut item.fields, &fields)?;
        quote!(#[derive(Clone, PartialEq, ::serde::Serialize, ::serde::Deserialize)])
    };
    let debug = debug(&name, &fields);
    let reply = reply(&name, &fields);
    let helpers = default_functions(&name, &fields, arguments.local);
    Ok(quote! {
        #derives
        #[non_exhaustive]
        #item

        impl #name {
            #constructors
        }

        #helpers
        #conversions
        #debug
        #reply
    })
}

fn default_functions(name: &Ident, fields: &[Field], local: bool) -> TokenStream {
    if local {
        return TokenStream::new();
    }
    let functions = fields.iter().filter_map(|field| {
        let default = field.default.as_ref()?;
        let function = quote::format_ident!("default_{}", field.text());
        let (ty, value) = (&field.ty, &default.value);
        Some(quote! {
            #[allow(clippy::unnecessary_wraps, clippy::missing_const_for_fn)]
            fn #function() -> #ty { #value }
        })
    });
    let methods = quote!(#(#functions)*);
    quote! {
        impl #name { #methods }
    }
}

fn add_serde(model: &Ident, item_fields: &mut Fields, fields: &[Field]) -> Result<()> {
    for (item, field) in item_fields.iter_mut().zip(fields) {
        if field.skip {
            item.attrs.push(syn::parse_quote!(#[serde(skip)]));
            continue;
        }
        let wire = &field.wire;
        item.attrs.push(syn::parse_quote!(#[serde(rename = #wire)]));
        if field.default.is_some() && !has_serde_default(item)? {
            let path = format!("{model}::default_{}", field.text());
            item.attrs
                .push(syn::parse_quote!(#[serde(default = #path)]));
        }
        if field.is_optional() {
            item.attrs
                .push(syn::parse_quote!(#[serde(skip_serializing_if = "Option::is_none")]));
        }
    }
    Ok(())
}

/// Whether a field tells serde itself what it is when it is missing.
fn has_serde_default(field: &syn::Field) -> Result<bool> {
    for attribute in &field.attrs {
        if attribute.path().is_ident("serde") {
            let options =
                attribute.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)?;
            if options
                .iter()
                .any(|option| option.path().is_ident("default"))
            {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// Results have a member for the id of the request; some have records, or count those that failed.
fn reply(name: &Ident, fields: &[Field]) -> TokenStream {
    let has = |name: &str| fields.iter().any(|field| field.name == name);
    let request_id = has("request_id").then(|| {
        quote! {
            fn set_request_id(&mut self, id: &str) {
                self.request_id = id.to_owned();
            }
        }
    });
    let failed = has("failed_record_count").then(|| {
        quote! {
            fn failed_record_count(&self) -> usize {
                ::core::convert::TryFrom::try_from(self.failed_record_count).unwrap_or(0)
            }
        }
    });
    let record_count = record_count(fields);
    quote! {
        impl ::hubstream::operation::Reply for #name { #request_id #failed #record_count }
    }
}
