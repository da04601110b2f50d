package io.hubstream.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.aliyun.datahub.client.exception.OperationDeniedException;
import com.aliyun.datahub.client.exception.ResourceAlreadyExistException;
import com.aliyun.datahub.client.exception.ResourceNotFoundException;
import com.aliyun.datahub.client.model.GetProjectResult;
import com.aliyun.datahub.client.model.ListProjectResult;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;

class ProjectTest extends InteropTest {
    @Test
    void aProjectTellsWhatItIs() {
        GetProjectResult got = client.getProject(project);
        assertEquals(project, got.getProjectName());
        assertEquals("a test", got.getComment());
        assertEquals(got.getCreateTime(), got.getLastModifyTime());
        assertTrue(Math.abs(System.currentTimeMillis() / 1000 - got.getCreateTime()) < 60);
        assertFalse(got.getCreator().isEmpty());
        assertFalse(got.getRequestId().isEmpty());
    }

    @Test
    void projectsAreListed() {
        ListProjectResult all = client.listProject();
        assertTrue(all.getProjectNames().contains(project));
        assertEquals(List.of(project), client.listProject(project).getProjectNames());
        assertEquals(List.of(), client.listProject("no_such_project").getProjectNames());
    }

    @Test
    void commentsChange() {
        client.updateProject(project, "größer \"€\" \\ 😀");
        assertEquals("größer \"€\" \\ 😀", client.getProject(project).getComment());
        client.updateProject(project, "");
        assertEquals("", client.getProject(project).getComment());
    }

    @Test
    void networksAreKept() {
        client.updateProjectVpcWhitelist(project, "vpc-1,vpc-2");
        GetProjectResult got = client.getProject(project);
        assertEquals(List.of("vpc-1", "vpc-2"), got.getVpcWhitelist());
        assertEquals("a test", got.getComment());
    }

    @Test
    void namesIgnoreCase() {
        String upper = project.toUpperCase(Locale.ROOT);
        assertEquals("a test", client.getProject(upper).getComment());
        assertFails(
                ResourceAlreadyExistException.class, "ProjectAlreadyExist", () -> client.createProject(upper, "again"));
    }

    @Test
    void unknownProjectsAreNotFound() {
        String unknown = project + "_unknown";
        assertFails(ResourceNotFoundException.class, "NoSuchProject", () -> client.getProject(unknown));
        assertFails(ResourceNotFoundException.class, "NoSuchProject", () -> client.updateProject(unknown, "c"));
        assertFails(
                ResourceNotFoundException.class,
                "NoSuchProject",
                () -> client.updateProjectVpcWhitelist(unknown, "vpc-1"));
        assertFails(ResourceNotFoundException.class, "NoSuchProject", () -> client.deleteProject(unknown));
        assertFails(ResourceNotFoundException.class, "NoSuchProject", () -> client.listTopic(unknown));
    }

    @Test
    void onlyAnEmptyProjectIsDeleted() {
        createBlobTopic("t", 1);
        assertFails(OperationDeniedException.class, "OperationDenied", () -> client.deleteProject(project));
        client.deleteTopic(project, "t");
        client.deleteProject(project);
        client.createProject(project, "a test");
    }

    @Test
    void badNamesNeverLeave() {
        for (String bad : new String[] {"", "1abc", "_abc", "!", "ab", "a".repeat(33), "a-b"}) {
            assertRefusedLocally(() -> client.createProject(bad, "c"));
        }
        assertRefusedLocally(() -> client.updateProject(project, "c".repeat(1025)));
    }
}
