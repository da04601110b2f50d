//! One field of an operation or model.

use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt as _;
use syn::{Expr, ExprLit, ExprPath, Fields, Ident, Lit, LitStr, Meta, Path, Result, Type};

use crate::attributes::{docs, pascal, take};

pub(crate) struct Field {
    pub(crate) name: Ident,
    pub(crate) ty: Type,
    pub(crate) docs: String,
    pub(crate) wire: String,
    pub(crate) query: Option<String>,
    pub(crate) skip: bool,
    pub(crate) secret: bool,
    pub(crate) accepts: Option<Path>,
    pub(crate) checks: Vec<Path>,
    pub(crate) default: Option<FieldDefault>,
}

pub(crate) struct FieldDefault {
    /// The expression of the value.
    pub(crate) value: TokenStream,
    /// The expression of its description.
    pub(crate) schema: TokenStream,
}

impl Field {
    /// Reads the fields of a struct and removes the attributes that are ours.
    pub(crate) fn read_all(
        fields: &mut Fields,
        snake_case: bool,
        ordered: bool,
    ) -> Result<Vec<Self>> {
        let mut all: Vec<Self> = Vec::new();
        let named = match fields {
            Fields::Named(named) => named,
            Fields::Unit => return Ok(all),
            Fields::Unnamed(_) => {
                return Err(syn::Error::new_spanned(fields, "give the fields names"));
            }
        };
        for field in &mut named.named {
            let read = Self::read(field, snake_case)?;
            if ordered
                && read.default.is_none()
                && all.last().is_some_and(|last| last.default.is_some())
            {
                return Err(syn::Error::new_spanned(
                    field,
                    "fields without a default come first",
                ));
            }
            all.push(read);
        }
        Ok(all)
    }

    fn read(field: &mut syn::Field, snake_case: bool) -> Result<Self> {
        let docs = docs(&field.attrs, field)?;
        let Some(name) = field.ident.clone() else {
            return Err(syn::Error::new_spanned(field, "give the field a name"));
        };
        let text = |attribute: Option<syn::Attribute>| {
            attribute
                .map(|attribute| attribute.parse_args::<LitStr>().map(|text| text.value()))
                .transpose()
        };
        let wire = text(take(&mut field.attrs, "wire"))?.unwrap_or_else(|| {
            let name = name.unraw().to_string();
            if snake_case { name } else { pascal(&name) }
        });
        let query = text(take(&mut field.attrs, "query"))?;
        let mut checks = Vec::new();
        while let Some(check) = take(&mut field.attrs, "check") {
            checks.push(check.parse_args::<Path>()?);
        }
        let accepts = take(&mut field.attrs, "accepts")
            .map(|attribute| attribute.parse_args::<Path>())
            .transpose()?;
        let default = match take(&mut field.attrs, "default") {
            Some(attribute) => Some(default(&attribute.meta, &field.ty)?),
            None if type_name(&field.ty) == "Option" => Some(FieldDefault {
                value: quote!(::core::option::Option::None),
                schema: quote!(::hubstream::schema::DefaultValue::Absent),
            }),
            None => None,
        };
        Ok(Self {
            name,
            ty: field.ty.clone(),
            docs,
            wire,
            query,
            skip: take(&mut field.attrs, "skip").is_some(),
            secret: take(&mut field.attrs, "secret").is_some(),
            accepts,
            checks,
            default,
        })
    }

    /// The name as users see it.
    pub(crate) fn text(&self) -> String {
        self.name.unraw().to_string()
    }

    /// Whether the field may be absent.
    pub(crate) fn is_optional(&self) -> bool {
        type_name(&self.ty) == "Option"
    }

    /// The expression of the field's description.
    pub(crate) fn schema(&self) -> TokenStream {
        let (name, docs, ty, secret) = (self.text(), &self.docs, &self.ty, self.secret);
        let wire = &self.wire;
        let default = match &self.default {
            Some(default) => {
                let schema = &default.schema;
                quote!(::core::option::Option::Some(#schema))
            }
            None => quote!(::core::option::Option::None),
        };
        let accepts = match &self.accepts {
            Some(names) => quote!(::core::option::Option::Some(
                <#names as ::hubstream::dynamic::Dynamic>::TYPE
            )),
            None => quote!(::core::option::Option::None),
        };
        quote!(::hubstream::schema::FieldSchema {
            name: #name,
            wire: #wire,
            docs: ::hubstream::schema::docs(#docs),
            ty: <#ty as ::hubstream::dynamic::Dynamic>::TYPE,
            default: #default,
            secret: #secret,
            accepts: #accepts,
        })
    }

    /// The expression that takes the field out of the variable `members`.
    pub(crate) fn take_expression(&self) -> TokenStream {
        let (name, text) = (&self.name, self.text());
        match &self.default {
            Some(default) => {
                let value = &default.value;
                quote!(#name: match members.optional(#text)? {
                    ::core::option::Option::Some(value) => value,
                    ::core::option::Option::None => #value,
                })
            }
            None => quote!(#name: members.required(#text)?),
        }
    }
}

/// Writes `new` and one setter per field with a default.
pub(crate) fn constructors(fields: &[Field]) -> TokenStream {
    let required: Vec<&Field> = fields
        .iter()
        .filter(|field| field.default.is_none())
        .collect();
    let parameters = required.iter().map(|field| {
        let (name, ty) = (&field.name, &field.ty);
        quote!(#name: impl ::core::convert::Into<#ty>)
    });
    let values = fields.iter().map(|field| {
        let name = &field.name;
        match &field.default {
            Some(default) => {
                let value = &default.value;
                quote!(#name: #value)
            }
            None => quote!(#name: #name.into()),
        }
    });
    let setters = fields
        .iter()
        .filter(|field| field.default.is_some())
        .map(|field| {
            let (name, docs) = (
                &field.name,
                format!("Sets `{}`: {}", field.name, field.docs),
            );
            let (ty, value) = match inner_type(&field.ty) {
                Some(inner) if field.is_optional() => (
                    inner.clone(),
                    quote!(::core::option::Option::Some(value.into())),
                ),
                _ => (field.ty.clone(), quote!(value.into())),
            };
            quote! {
                #[doc = #docs]
                pub fn #name(mut self, value: impl ::core::convert::Into<#ty>) -> Self {
                    self.#name = #value;
                    self
                }
            }
        });
    quote! {
        /// Makes one from what must be given; the rest has its default.
        #[allow(clippy::new_without_default, clippy::too_many_arguments)]
        pub fn new(#(#parameters),*) -> Self {
            Self { #(#values),* }
        }

        #(#setters)*
    }
}

/// Writes the method that counts the records of all fields, if there is one with records.
pub(crate) fn record_count(fields: &[Field]) -> Option<TokenStream> {
    let has_records = |field: &&Field| type_name(&field.ty) == "RecordBatch";
    let mut batches = fields.iter().filter(has_records).map(|field| &field.name);
    let first = batches.next()?;
    Some(quote! {
        fn record_count(&self) -> usize {
            self.#first.len() #(+ self.#batches.len())*
        }
    })
}

/// Writes `Debug` so that secrets are not shown.
pub(crate) fn debug(name: &Ident, fields: &[Field]) -> TokenStream {
    let text = name.to_string();
    let shown = fields.iter().map(|field| {
        let (ident, text) = (&field.name, field.text());
        if field.secret {
            quote!(.field(#text, &"***"))
        } else {
            quote!(.field(#text, &self.#ident))
        }
    });
    quote! {
        impl ::core::fmt::Debug for #name {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.debug_struct(#text)#(#shown)*.finish()
            }
        }
    }
}

/// Writes the conversions to and from values. Members named `further` are passed over.
pub(crate) fn conversions(
    name: &Ident,
    schema: &TokenStream,
    fields: &[Field],
    further: &[String],
) -> TokenStream {
    let takes = fields.iter().map(Field::take_expression);
    let gives = fields.iter().map(|field| {
        let (name, text) = (&field.name, field.text());
        quote!(members.give(#text, self.#name);)
    });
    let count = fields.len();
    let pass_over = (!further.is_empty()).then(|| quote!(members.pass_over(&[#(#further),*]);));
    quote! {
        impl ::hubstream::dynamic::Dynamic for #name {
            const TYPE: ::hubstream::schema::TypeSchema = ::hubstream::schema::TypeSchema::Model(#schema);

            fn from_value(
                value: ::hubstream::dynamic::Value,
            ) -> ::core::result::Result<Self, ::hubstream::dynamic::Mismatch> {
                #[allow(unused_mut)]
                let mut members = ::hubstream::dynamic::Members::open(value)?;
                #pass_over
                let read = Self { #(#takes),* };
                members.finish()?;
                ::core::result::Result::Ok(read)
            }

            fn into_value(self) -> ::hubstream::dynamic::Value {
                #[allow(unused_mut)]
                let mut members = ::hubstream::dynamic::Members::with_capacity(#count);
                #(#gives)*
                members.into_value()
            }
        }
    }
}

/// The last name of a type's path, as in `Option`.
pub(crate) fn type_name(ty: &Type) -> String {
    match ty {
        Type::Path(path) => path
            .path
            .segments
            .last()
            .map_or_else(String::new, |segment| segment.ident.to_string()),
        _ => String::new(),
    }
}

fn inner_type(ty: &Type) -> Option<&Type> {
    let Type::Path(path) = ty else { return None };
    let segment = path.path.segments.last()?;
    let syn::PathArguments::AngleBracketed(arguments) = &segment.arguments else {
        return None;
    };
    arguments.args.iter().find_map(|argument| match argument {
        syn::GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}

fn default(meta: &Meta, ty: &Type) -> Result<FieldDefault> {
    let value = quote!(::hubstream::schema::DefaultValue);
    let Meta::List(list) = meta else {
        return Ok(FieldDefault {
            value: quote!(::core::default::Default::default()),
            schema: empty(ty),
        });
    };
    let expression: Expr = list.parse_args()?;
    match &expression {
        Expr::Lit(ExprLit {
            lit: Lit::Str(text),
            ..
        }) => Ok(FieldDefault {
            value: quote!(::std::string::String::from(#text)),
            schema: quote!(#value::Text(#text)),
        }),
        Expr::Lit(ExprLit {
            lit: Lit::Bool(flag),
            ..
        }) => Ok(FieldDefault {
            value: quote!(#flag),
            schema: quote!(#value::Boolean(#flag)),
        }),
        Expr::Lit(ExprLit { lit, .. }) => number(&expression, lit, ty),
        Expr::Unary(unary) => match &*unary.expr {
            Expr::Lit(ExprLit { lit, .. }) => number(&expression, lit, ty),
            other => Err(syn::Error::new_spanned(other, "a default is a literal")),
        },
        Expr::Path(ExprPath { path, .. }) => {
            let variant = path.require_ident()?;
            let name = crate::attributes::snake(&variant.to_string()).to_uppercase();
            Ok(FieldDefault {
                value: quote!(<#ty>::#variant),
                schema: quote!(#value::Variant(#name)),
            })
        }
        other => Err(syn::Error::new_spanned(
            other,
            "a default is a literal or the name of a variant",
        )),
    }
}

/// The description of a type's own default.
fn empty(ty: &Type) -> TokenStream {
    let value = quote!(::hubstream::schema::DefaultValue);
    match type_name(ty).as_str() {
        "Option" => quote!(#value::Absent),
        "String" => quote!(#value::Text("")),
        "Vec" | "IndexMap" | "BTreeMap" => quote!(#value::Empty),
        "bool" => quote!(#value::Boolean(false)),
        "f64" => quote!(#value::Double(0.0)),
        _ => quote!(#value::Integer(0)),
    }
}

/// A default that is a number, with or without a sign.
fn number(expression: &Expr, literal: &Lit, ty: &Type) -> Result<FieldDefault> {
    let value = quote!(::hubstream::schema::DefaultValue);
    match literal {
        Lit::Int(_) if type_name(ty) == "f64" => Ok(FieldDefault {
            value: quote!(#expression as f64),
            schema: quote!(#value::Double(#expression as f64)),
        }),
        Lit::Int(_) => Ok(FieldDefault {
            value: quote!(#expression),
            schema: quote!(#value::Integer(#expression)),
        }),
        Lit::Float(_) => Ok(FieldDefault {
            value: quote!(#expression),
            schema: quote!(#value::Double(#expression)),
        }),
        _ => Err(syn::Error::new_spanned(expression, "not a number")),
    }
}
