//! Projects.

use crate::error::Result;
use crate::operation::decode_json;
use crate::transport::Response;
use crate::{model, operation};

use super::place::ProjectAddress;
use super::{DataHubService, check};

/// Lists the names of all projects of the account.
#[operation(service = DataHubService, GET "/projects", returns = ListProjectResult)]
pub struct ListProject {
    /// Keeps only names that contain this text; absent for all.
    #[query("filter")]
    pub filter: Option<String>,
}

/// The names of projects.
#[model]
pub struct ListProjectResult {
    /// Names of the projects.
    pub project_names: Vec<String>,
    /// Id that the service gave to the request.
    #[skip]
    #[default]
    pub request_id: String,
}

/// Creates a project.
///
/// Fails with kind `already_exists` when there is one of that name, in whatever case.
#[operation(service = DataHubService, POST "/projects/{project_name}")]
pub struct CreateProject {
    /// Name of the new project: 3 to 32 letters, digits and underscores, beginning with a letter.
    #[check(check::new_project)]
    pub project_name: String,
    /// Free text of at most 1024 characters.
    #[check(check::comment)]
    #[default]
    pub comment: String,
}

/// Reads the properties of a project.
#[operation(
    service = DataHubService, at = ProjectAddress, GET "/projects/{project_name}",
    returns = GetProjectResult, decode = decode_project
)]
pub struct GetProject;

/// The properties of a project.
#[model]
pub struct GetProjectResult {
    /// Name of the project, as asked for.
    #[skip]
    #[default]
    pub project_name: String,
    /// Free text.
    #[default]
    pub comment: String,
    /// When it was created, in seconds since 1970.
    pub create_time: i64,
    /// When it was last changed, in seconds since 1970.
    pub last_modify_time: i64,
    /// Who created it.
    #[default]
    pub creator: String,
    /// Id that the service gave to the request.
    #[skip]
    #[default]
    pub request_id: String,
}

fn decode_project(
    operation: &GetProject,
    _: &DataHubService,
    response: &Response,
) -> Result<GetProjectResult> {
    let mut result: GetProjectResult = decode_json(response)?;
    result.project_name.clone_from(&operation.project_name);
    Ok(result)
}

/// Changes the comment of a project.
#[operation(
    service = DataHubService, at = ProjectAddress,
    PUT "/projects/{project_name}", idempotent
)]
pub struct UpdateProject {
    /// New free text of at most 1024 characters.
    #[check(check::comment)]
    pub comment: String,
}

/// Limits a project to clients in some virtual private clouds.
#[operation(
    service = DataHubService, at = ProjectAddress,
    PUT "/projects/{project_name}", idempotent
)]
pub struct UpdateProjectVpcWhitelist {
    /// Ids of the clouds, separated by commas; empty to lift the limit.
    #[wire("VpcIds")]
    pub vpc_ids: String,
}

/// Deletes a project.
///
/// Fails with kind `conflict` while it has topics.
#[operation(service = DataHubService, at = ProjectAddress, DELETE "/projects/{project_name}")]
pub struct DeleteProject;
