//! The services as the templates see them: operations, and the types that they need.

use hubstream::connect::{SERVICES, ServiceEntry};
use hubstream::dynamic::Dynamic;
use hubstream::schema::{
    EnumSchema, FieldSchema, ModelSchema, OperationSchema, TypeSchema, UnionSchema,
};
use hubstream::stats::ClientStats;

/// One service with the types of its operations, each once, inner ones first.
pub(crate) struct Service {
    /// The service.
    pub(crate) entry: &'static ServiceEntry,
    /// Groups of members that are arguments or results.
    pub(crate) models: Vec<&'static ModelSchema>,
    /// Lists of names.
    pub(crate) enums: Vec<&'static EnumSchema>,
    /// Choices between models.
    pub(crate) unions: Vec<&'static UnionSchema>,
}

impl Service {
    /// Adds a model after the one that it extends.
    fn add_model(&mut self, model: &'static ModelSchema) {
        if self.models.iter().any(|known| known.name == model.name) {
            return;
        }
        if let Some(base) = model.extends {
            self.add_model(base);
        }
        self.models.push(model);
    }

    /// Whether values of the model are given by callers, alone or inside an argument.
    pub(crate) fn is_argument(&self, model: &ModelSchema) -> bool {
        let fields = self.entry.operations.iter().flat_map(|call| call.fields);
        let mut found = false;
        for field in fields {
            field.ty.visit(&mut |ty| {
                found |= matches!(ty, TypeSchema::Model(known) if known.name == model.name);
            });
        }
        found
    }

    /// The models that are derived from a model, directly or not: where it is asked, they are taken as well.
    pub(crate) fn derived(
        &self,
        base: &ModelSchema,
    ) -> impl Iterator<Item = &'static ModelSchema> + use<'_> {
        let name = base.name;
        let bases = move |model: &&'static ModelSchema| {
            std::iter::successors(model.extends, |base| base.extends)
                .any(|known| known.name == name)
        };
        self.models.iter().copied().filter(bases)
    }

    /// The operation that tells the columns of the records that a put takes, and the member of its
    /// result that has them; none where records have no columns.
    ///
    /// It is one whose arguments are all arguments of the put.
    pub(crate) fn columns_of(
        &self,
        put: &OperationSchema,
    ) -> Option<(&'static OperationSchema, &'static str)> {
        let takes_records = put
            .fields
            .iter()
            .any(|field| field.ty == TypeSchema::Records);
        let is_given = |argument: &FieldSchema| {
            put.fields
                .iter()
                .any(|field| field.name == argument.name && field.ty == argument.ty)
        };
        let operations = self.entry.operations.iter().filter(|_| takes_records);
        let mut found = operations.filter_map(|operation| {
            let TypeSchema::Model(result) = operation.returns else {
                return None;
            };
            let columns = TypeSchema::Optional(&TypeSchema::RecordSchema);
            let member = result.fields.iter().find(|member| member.ty == columns)?;
            operation
                .fields
                .iter()
                .all(is_given)
                .then_some((*operation, member.name))
        });
        found.next()
    }
}

/// The numbers of a client, of whatever service.
pub(crate) fn client_stats() -> &'static ModelSchema {
    match ClientStats::TYPE {
        TypeSchema::Model(model) => model,
        _ => unreachable!("the numbers of a client are a model"),
    }
}

/// All services, in the order of the core.
pub(crate) fn services() -> Vec<Service> {
    SERVICES.iter().map(describe).collect()
}

fn describe(entry: &'static ServiceEntry) -> Service {
    let mut service = Service {
        entry,
        models: Vec::new(),
        enums: Vec::new(),
        unions: Vec::new(),
    };
    for operation in entry.operations {
        operation.visit_types(&mut |ty| match ty {
            TypeSchema::Model(model) => service.add_model(model),
            TypeSchema::Enum(names)
                if !service.enums.iter().any(|known| known.name == names.name) =>
            {
                service.enums.push(names);
            }
            TypeSchema::Union(union)
                if !service.unions.iter().any(|known| known.name == union.name) =>
            {
                service.unions.push(union);
            }
            _ => {}
        });
    }
    service
}
