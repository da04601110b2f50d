package interop

import (
	"slices"
	"testing"
	"time"

	"github.com/aliyun/aliyun-datahub-sdk-go/datahub"
	"github.com/aliyun/credentials-go/credentials"
)

func TestProject(t *testing.T) {
	withEach(t, func(t *testing.T, hub datahub.DataHubApi) {
		name := fresh()
		created := call(hub.CreateProject(name, "first")).ok(t)
		equal(t, "status", created.StatusCode, 201)
		if created.RequestId == "" {
			t.Error("the reply has no request id")
		}
		project := call(hub.GetProject(name)).ok(t)
		equal(t, "name", project.ProjectName, name)
		equal(t, "comment", project.Comment, "first")
		if age := time.Now().Unix() - project.CreateTime; age < -5 || age > 600 {
			t.Errorf("the project was created %d seconds ago", age)
		}
		call(hub.UpdateProject(name, "second")).ok(t)
		call(hub.UpdateProjectVpcWhitelist(name, "vpc-1,vpc-2")).ok(t)
		equal(t, "comment", call(hub.GetProject(name)).ok(t).Comment, "second")

		if !slices.Contains(call(hub.ListProject()).ok(t).ProjectNames, name) {
			t.Error("the project is not in the list")
		}
		equalTexts(t, "projects", call(hub.ListProjectWithFilter(name)).ok(t).ProjectNames, []string{name})

		call(hub.DeleteProject(name)).ok(t)
		missing := refused[*datahub.ResourceNotFoundError](t, call(hub.GetProject(name)))
		equal(t, "code", missing.Code, datahub.NoSuchProject)
		equal(t, "status", missing.StatusCode, 404)
		if missing.RequestId == "" || missing.Message == "" {
			t.Errorf("the error lacks its request id or message: %v", missing)
		}
	})
}

func TestProjectErrors(t *testing.T) {
	hub := datahub.New(accessID, accessKey, endpoint)
	project, _ := blobTopic(t, hub, 1)
	exists := refused[*datahub.ResourceExistError](t, call(hub.CreateProject(project, "again")))
	equal(t, "code", exists.Code, datahub.ProjectAlreadyExist)
	full := refused[*datahub.InvalidOperationError](t, call(hub.DeleteProject(project)))
	equal(t, "code", full.Code, datahub.OperatorDenied)
	for _, outcome := range []error{
		call(hub.UpdateProject("none_"+project, "a comment")).err,
		call(hub.UpdateProjectVpcWhitelist("none_"+project, "vpc-1")).err,
		call(hub.DeleteProject("none_" + project)).err,
		call(hub.ListTopic("none_" + project)).err,
	} {
		missing := refused[*datahub.ResourceNotFoundError](t, call(0, outcome))
		equal(t, "code", missing.Code, datahub.NoSuchProject)
	}
	// The SDK lets a name begin with a digit; the service does not.
	invalid := refused[*datahub.InvalidParameterError](t, call(hub.CreateProject("1abc", "a digit")))
	equal(t, "status", invalid.StatusCode, 400)
}

func TestAccess(t *testing.T) {
	sts := datahub.NewClientWithConfig(endpoint, datahub.NewDefaultConfig(),
		datahub.NewStsCredential(accessID, accessKey, "a token"))
	call(sts.ListProject()).ok(t)
	dwarf := datahub.NewClientWithConfig(endpoint, datahub.NewDefaultConfig(),
		datahub.NewDwarfCredential(accessID, accessKey, "a token", "a dwarf token", "a dwarf sign"))
	call(dwarf.ListProject()).ok(t)
	configuration := new(credentials.Config).SetType("sts").SetAccessKeyId(accessID).SetAccessKeySecret(accessKey)
	provider := call(credentials.NewCredential(configuration.SetSecurityToken("a token"))).ok(t)
	provided := datahub.NewClientWithConfig(endpoint, datahub.NewDefaultConfig(), datahub.NewCredentialAccount(provider))
	call(provided.ListProject()).ok(t)
	for _, hub := range []datahub.DataHubApi{
		datahub.New("nobody", accessKey, endpoint),
		datahub.New(accessID, "wrong", endpoint),
		datahub.NewBatchClient(accessID, "wrong", endpoint),
	} {
		failed := refused[*datahub.AuthorizationFailedError](t, call(hub.ListProject()))
		equal(t, "code", failed.Code, datahub.UnAuthorized)
		equal(t, "status", failed.StatusCode, 403)
	}
}
