//! `#[operation]`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::parse::{Parse, ParseStream};
use syn::{Ident, ItemStruct, LitStr, Path, Result, Token, Type};

use crate::attributes::{docs, snake};
use crate::field::{Field, constructors, conversions, debug, record_count};

pub(crate) struct Arguments {
    service: Path,
    at: Option<Path>,
    http: Option<(Ident, LitStr)>,
    action: Option<LitStr>,
    returns: Type,
    decode: Option<Path>,
    idempotent: bool,
    custom: bool,
    composite: bool,
    snake_case: bool,
}

impl Parse for Arguments {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut service = None;
        let mut arguments = Self {
            service: syn::parse_quote!(Service),
            at: None,
            http: None,
            action: None,
            returns: syn::parse_quote!(()),
            decode: None,
            idempotent: false,
            custom: false,
            composite: false,
            snake_case: false,
        };
        while !input.is_empty() {
            let name: Ident = input.parse()?;
            match name.to_string().as_str() {
                "GET" | "POST" | "PUT" | "DELETE" => {
                    arguments.idempotent |= name == "GET";
                    arguments.http = Some((name, input.parse()?));
                }
                "idempotent" => arguments.idempotent = true,
                "custom" => arguments.custom = true,
                "composite" => arguments.composite = true,
                "snake_case" => arguments.snake_case = true,
                "service" => {
                    input.parse::<Token![=]>()?;
                    service = Some(input.parse()?);
                }
                "at" => {
                    input.parse::<Token![=]>()?;
                    arguments.at = Some(input.parse()?);
                }
                "action" => {
                    input.parse::<Token![=]>()?;
                    arguments.action = Some(input.parse()?);
                }
                "returns" => {
                    input.parse::<Token![=]>()?;
                    arguments.returns = input.parse()?;
                }
                "decode" => {
                    input.parse::<Token![=]>()?;
                    arguments.decode = Some(input.parse()?);
                }
                _ => return Err(syn::Error::new(name.span(), "unknown option")),
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        arguments.service = service.ok_or_else(|| input.error("name the service"))?;
        if arguments.http.is_none() && !arguments.composite {
            return Err(input.error("give the HTTP method and path, or `composite`"));
        }
        Ok(arguments)
    }
}

impl Arguments {
    /// The group of members in front of the operation's own.
    pub(crate) fn group(&self) -> Option<&Path> {
        self.at.as_ref()
    }

    /// The method and path as shown in descriptions; empty for composites.
    fn http_text(&self) -> String {
        self.http.as_ref().map_or_else(String::new, |(verb, path)| {
            format!("{verb} {}", path.value())
        })
    }
}

pub(crate) fn expand(arguments: &Arguments, mut item: ItemStruct) -> Result<TokenStream> {
    let docs = docs(&item.attrs, &item.ident)?;
    let name = item.ident.clone();
    let text = name.to_string();
    let fields = Field::read_all(&mut item.fields, arguments.snake_case, true)?;
    let schemas: Vec<_> = fields.iter().map(Field::schema).collect();
    let conversions = conversions(
        &name,
        &quote!(&::hubstream::schema::ModelSchema {
            name: #text,
            docs: ::hubstream::schema::docs(#docs),
            fields: &[#(#schemas),*],
            extends: ::core::option::Option::None,
            further: &[],
        }),
        &fields,
        &[],
    );
    let constructors = constructors(&fields);
    let debug = debug(&name, &fields);
    let operation = implementation(arguments, &name, &docs, &fields);
    let exchange = if arguments.custom || arguments.composite {
        let checks = check_function(&fields);
        quote!(impl #name { #checks })
    } else {
        exchange(arguments, &name, &fields)?
    };
    Ok(quote! {
        #[derive(Clone)]
        #[must_use = "an operation does nothing until a client performs it"]
        #[non_exhaustive]
        #item

        impl #name {
            #constructors
        }

        #conversions
        #debug
        #operation
        #exchange
    })
}

/// The implementation of `Operation`: the description, and how a call runs.
fn implementation(
    arguments: &Arguments,
    name: &Ident,
    docs: &str,
    fields: &[Field],
) -> TokenStream {
    let text = name.to_string();
    let (method, http) = (snake(&text), arguments.http_text());
    let Arguments {
        service,
        returns,
        idempotent,
        ..
    } = arguments;
    let schemas = fields.iter().map(Field::schema);
    let record_count = record_count(fields);
    let run = if arguments.composite {
        quote!(::hubstream::operation::Composite::compose(self, client).await)
    } else {
        quote!(client.exchange(&self).await)
    };
    let dispatch = (!arguments.composite).then(|| dispatch(service));
    quote! {
        impl ::hubstream::operation::Operation for #name {
            type Service = #service;
            type Output = #returns;
            const SCHEMA: &'static ::hubstream::schema::OperationSchema =
                &::hubstream::schema::OperationSchema {
                    name: #text,
                    method: #method,
                    service: <#service as ::hubstream::operation::Service>::NAME,
                    docs: ::hubstream::schema::docs(#docs),
                    fields: &[#(#schemas),*],
                    returns: <#returns as ::hubstream::dynamic::Dynamic>::TYPE,
                    http: #http,
                    idempotent: #idempotent,
                };

            #record_count

            async fn run(
                self,
                client: &::hubstream::client::Client<#service>,
            ) -> ::hubstream::error::Result<#returns> {
                #run
            }

            #dispatch
        }
    }
}

/// `dispatch` of an operation that is one request.
fn dispatch(service: &Path) -> TokenStream {
    quote! {
        fn dispatch(
            self,
            client: &::hubstream::client::Client<#service>,
        ) -> ::hubstream::transport::BoxFuture<
            'static,
            ::hubstream::error::Result<::hubstream::dynamic::Value>,
        > {
            client.dispatch(self)
        }
    }
}

/// `check`: runs the checks of all fields.
fn check_function(fields: &[Field]) -> TokenStream {
    let checks = fields.iter().flat_map(|field| {
        let (name, text) = (&field.name, field.text());
        field
            .checks
            .iter()
            .map(move |check| quote!(#check(#text, &self.#name)?;))
    });
    quote! {
        /// Checks the arguments one by one.
        #[allow(clippy::unnecessary_wraps, dead_code, reason = "not every call has something to check")]
        fn check(&self) -> ::hubstream::error::Result<()> {
            #(#checks)*
            ::core::result::Result::Ok(())
        }
    }
}

fn exchange(arguments: &Arguments, name: &Ident, fields: &[Field]) -> Result<TokenStream> {
    let Some((verb, path)) = &arguments.http else {
        return Ok(TokenStream::new());
    };
    let (target, in_path) = target(path, fields)?;
    let queries = queries(fields);
    let members: Vec<&Field> = fields
        .iter()
        .filter(|field| field.query.is_none() && !field.skip && !in_path.contains(&field.text()))
        .collect();
    let body = body(arguments, verb, &members);
    let decode = decode(arguments);
    let (service, returns) = (&arguments.service, &arguments.returns);
    let checks = check_function(fields);
    Ok(quote! {
        impl #name { #checks }

        impl ::hubstream::operation::Exchange for #name {
            fn validate(&self) -> ::hubstream::error::Result<()> {
                self.check()
            }

            fn encode(
                &self,
                _service: &#service,
            ) -> ::hubstream::error::Result<::hubstream::transport::Request> {
                #[allow(unused_mut)]
                let mut target = #target;
                #queries
                let request = ::hubstream::transport::Request::new(::http::Method::#verb, target);
                #body
            }

            fn decode(
                &self,
                service: &#service,
                response: ::hubstream::transport::Response,
            ) -> ::hubstream::error::Result<#returns> {
                #decode
            }
        }
    })
}

/// The statements that append the fields of the query.
fn queries(fields: &[Field]) -> TokenStream {
    let queries = fields.iter().filter_map(|field| {
        let (ident, query) = (&field.name, field.query.as_ref()?);
        Some(quote! {
            if let ::core::option::Option::Some(text) =
                ::hubstream::operation::WireText::wire_text(&self.#ident)
            {
                ::hubstream::operation::push_query(&mut target, #query, &text);
            }
        })
    });
    quote!(#(#queries)*)
}

/// The expression that reads the variable `response`.
fn decode(arguments: &Arguments) -> TokenStream {
    match &arguments.decode {
        Some(function) => quote!(#function(self, service, &response)),
        None if matches!(&arguments.returns, Type::Tuple(tuple) if tuple.elems.is_empty()) => {
            quote!({
                let _ = service;
                ::hubstream::operation::decode_nothing(&response)
            })
        }
        None => quote!({
            let _ = service;
            ::hubstream::operation::decode_json(&response)
        }),
    }
}

/// The expression of the path and the names of the fields in it.
fn target(path: &LitStr, fields: &[Field]) -> Result<(TokenStream, Vec<String>)> {
    let mut parts = Vec::new();
    let mut names = Vec::new();
    let template = path.value();
    let mut rest = template.as_str();
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, tail)) = after.split_once('}') else {
            return Err(syn::Error::new(path.span(), "`{` without `}`"));
        };
        let Some(field) = fields.iter().find(|field| field.name == name) else {
            return Err(syn::Error::new(path.span(), format!("no field `{name}`")));
        };
        let ident = &field.name;
        parts.push(quote!(target.push_str(#before);));
        parts.push(quote! {
            if let ::core::option::Option::Some(text) =
                ::hubstream::operation::WireText::wire_text(&self.#ident)
            {
                target.push_str(&::hubstream::operation::encode_segment(&text));
            }
        });
        names.push(name.to_owned());
        rest = tail;
    }
    parts.push(quote!(target.push_str(#rest);));
    Ok((
        quote!({
            let mut target = ::std::string::String::new();
            #(#parts)*
            target
        }),
        names,
    ))
}

fn body(arguments: &Arguments, verb: &Ident, members: &[&Field]) -> TokenStream {
    if members.is_empty() && arguments.action.is_none() {
        return if verb == "POST" || verb == "PUT" {
            quote!(::core::result::Result::Ok(request.with_body("{}")))
        } else {
            quote!(::core::result::Result::Ok(request))
        };
    }
    let action_member = arguments
        .action
        .as_ref()
        .map(|_| quote!(#[serde(rename = "Action")] action: &'static str,));
    let action_value = arguments
        .action
        .as_ref()
        .map(|action| quote!(action: #action,));
    let declared = members.iter().map(|field| {
        let (name, ty, wire) = (&field.name, &field.ty, &field.wire);
        let skip = field
            .is_optional()
            .then(|| quote!(, skip_serializing_if = "Option::is_none"));
        quote!(#[serde(rename = #wire #skip)] #name: &'a #ty,)
    });
    let values = members.iter().map(|field| {
        let name = &field.name;
        quote!(#name: &self.#name,)
    });
    let lifetime = (!members.is_empty()).then(|| quote!(<'a>));
    quote! {
        #[derive(::serde::Serialize)]
        struct Body #lifetime { #action_member #(#declared)* }
        ::hubstream::operation::with_json(request, &Body { #action_value #(#values)* })
    }
}
