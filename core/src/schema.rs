//! Machine-readable descriptions of operations and models.
//!
//! Every façade in another language, the command line and the reference pages are made from these
//! values, so a name, a default or a sentence of documentation is written once.
//!
//! ```
//! for operation in hubstream::datahub::OPERATIONS {
//!     let arguments: Vec<&str> = operation.fields.iter().map(|field| field.name).collect();
//!     println!("{}({})", operation.method, arguments.join(", "));
//! }
//! ```

use crate::dynamic::Dynamic;

/// The type of an argument, a member or a result.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum TypeSchema {
    /// No value.
    Unit,
    /// True or false.
    Boolean,
    /// A whole number of at most 32 bits, or one that always fits 53 bits.
    Integer,
    /// A whole number of 64 bits.
    Long,
    /// A double-precision number.
    Double,
    /// Text.
    Text,
    /// Bytes.
    Bytes,
    /// A list of values of one type.
    List(&'static TypeSchema),
    /// A map from text to values of one type, in insertion order.
    Map(&'static TypeSchema),
    /// A value that may be absent.
    Optional(&'static TypeSchema),
    /// One of a list of names.
    Enum(&'static EnumSchema),
    /// A group of named members.
    Model(&'static ModelSchema),
    /// One of several models, told apart by its first member `kind`.
    Union(&'static UnionSchema),
    /// A batch of records, handed over as one object.
    Records,
    /// The columns of tuple records, handed over as one object.
    RecordSchema,
}

/// What a field holds when the caller leaves it out.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum DefaultValue {
    /// Absent.
    Absent,
    /// True or false.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A number.
    Double(f64),
    /// Text.
    Text(&'static str),
    /// The name of an enumeration's value.
    Variant(&'static str),
    /// An empty list or map.
    Empty,
}

/// One named member of an operation or a model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FieldSchema {
    /// Name in snake case.
    pub name: &'static str,
    /// Name in the service's messages, as in `SessionId`; `*` for a map whose entries stand among the members there.
    pub wire: &'static str,
    /// What it means.
    pub docs: &'static str,
    /// What it holds.
    pub ty: TypeSchema,
    /// What it holds when left out; `None` when it must be given.
    pub default: Option<DefaultValue>,
    /// Whether the value is a secret that must not be shown.
    pub secret: bool,
    /// An enumeration whose values it may be given as well, where it is a text.
    pub accepts: Option<TypeSchema>,
}

/// A group of named members.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ModelSchema {
    /// Name in Pascal case.
    pub name: &'static str,
    /// What it means.
    pub docs: &'static str,
    /// The members, in order.
    pub fields: &'static [FieldSchema],
    /// A model whose members are all among these, with the same names and types: in languages with classes, this one is
    /// derived from it.
    pub extends: Option<&'static ModelSchema>,
    /// Names of the members that models derived from this one have besides: where this one is asked, they may be given
    /// with it, and do not count.
    pub further: &'static [&'static str],
}

impl ModelSchema {
    /// The description of a type that is a model.
    ///
    /// # Panics
    ///
    /// When the type is none; at build time where the value is a constant.
    pub const fn of<T: Dynamic>() -> &'static Self {
        match T::TYPE {
            TypeSchema::Model(model) => model,
            _ => panic!("not a model"),
        }
    }
}

/// A list of names.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EnumSchema {
    /// Name in Pascal case.
    pub name: &'static str,
    /// What it means.
    pub docs: &'static str,
    /// The values, in order.
    pub variants: &'static [VariantSchema],
}

/// One value of an enumeration.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VariantSchema {
    /// Name in upper case with underscores, as users write it.
    pub name: &'static str,
    /// The form on the wire and across the language border.
    pub value: EnumValue,
    /// What it means.
    pub docs: &'static str,
}

/// The form of an enumeration's value on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EnumValue {
    /// A text.
    Text(&'static str),
    /// A number.
    Number(i64),
}

/// One of several models.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UnionSchema {
    /// Name in Pascal case.
    pub name: &'static str,
    /// What it means.
    pub docs: &'static str,
    /// The models, in order.
    pub models: &'static [&'static ModelSchema],
}

/// One call of a service.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct OperationSchema {
    /// Name in Pascal case, as in `CreateProject`.
    pub name: &'static str,
    /// Name of the method in snake case, as in `create_project`.
    pub method: &'static str,
    /// Name of the service, as in `datahub`.
    pub service: &'static str,
    /// What it does: one sentence, then details.
    pub docs: &'static str,
    /// The arguments, in order; those without a default come first.
    pub fields: &'static [FieldSchema],
    /// What it returns.
    pub returns: TypeSchema,
    /// The HTTP method and path template, as in `POST /projects/{project_name}`; empty for a call
    /// that is made of other calls.
    pub http: &'static str,
    /// Whether sending it twice has the effect of sending it once.
    pub idempotent: bool,
}

impl OperationSchema {
    /// The first sentence of the documentation.
    pub fn summary(&self) -> &'static str {
        summary(self.docs)
    }

    /// All models and enumerations that arguments and result refer to.
    pub fn visit_types(&self, visit: &mut dyn FnMut(TypeSchema)) {
        for field in self.fields {
            field.ty.visit(visit);
        }
        self.returns.visit(visit);
    }
}

impl TypeSchema {
    /// Calls `visit` for this type and everything inside it, inner types first.
    pub fn visit(self, visit: &mut dyn FnMut(TypeSchema)) {
        match self {
            Self::List(inner) | Self::Map(inner) | Self::Optional(inner) => inner.visit(visit),
            Self::Model(model) => {
                for field in model.fields {
                    field.ty.visit(visit);
                }
            }
            Self::Union(union) => {
                for model in union.models {
                    Self::Model(model).visit(visit);
                }
            }
            _ => {}
        }
        visit(self);
    }
}

/// A sentence of documentation as descriptions hold it.
///
/// It is empty where `HUBSTREAM_WITHOUT_DOCS` was set at build time, as it is for packages of other languages: their
/// sources hold the sentences, and what only calls operations has no use for them.
pub const fn docs(text: &'static str) -> &'static str {
    if option_env!("HUBSTREAM_WITHOUT_DOCS").is_some() {
        ""
    } else {
        text
    }
}

/// The first paragraph of a documentation text, on one line.
pub fn summary(docs: &'static str) -> &'static str {
    docs.split("\n\n").next().unwrap_or(docs).trim()
}
