package dev.perigee.edge.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.JoinToken;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Enrolment against a scripted control plane over real TLS. */
class EnrolmentIT {
  @TempDir Path folder = Path.of("");

  private final ScriptedControl control = new ScriptedControl(new TestAuthority());

  EnrolmentIT() throws IOException {}

  @AfterEach
  void stop() {
    control.close();
  }

  @Test
  void aTokenGivesAnIdentityThatLaterStartsFindByThemselves() throws Exception {
    JoinToken token = control.token("fra-1");
    Identity made = enrolment("a").identity("fra-1", Optional.of(token));
    assertEquals("fra-1", made.node());
    assertEquals(
        "rw-------",
        PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.resolve("a"))));
    assertEquals(made, enrolment("a").identity("fra-1", Optional.empty()));
    assertEquals(made, enrolment("a").identity("fra-1", Optional.of(token)));
  }

  @Test
  void aUsedTokenIsOneSentenceThatSaysWhatToDo() throws Exception {
    JoinToken token = control.token("fra-1");
    enrolment("a").identity("fra-1", Optional.of(token));
    EnrolmentException refused =
        assertThrows(
            EnrolmentException.class, () -> enrolment("b").identity("fra-1", Optional.of(token)));
    assertTrue(String.valueOf(refused.getMessage()).contains("perigee node add"));
    assertFalse(Files.exists(folder.resolve("b")));
  }

  @Test
  void withoutTokenAndIdentityTheNodeSaysHowToJoin() {
    EnrolmentException refused =
        assertThrows(
            EnrolmentException.class, () -> enrolment("a").identity("fra-1", Optional.empty()));
    assertTrue(String.valueOf(refused.getMessage()).contains("--join TOKEN"));
  }

  @Test
  void aControlPlaneWithAnotherCaIsNotAsked() throws Exception {
    JoinToken good = control.token("fra-1");
    JoinToken forged = new JoinToken(good.node(), good.secret(), "0".repeat(64));
    assertThrows(
        EnrolmentException.class, () -> enrolment("a").identity("fra-1", Optional.of(forged)));
    // the secret was never sent: it still works
    assertEquals("fra-1", enrolment("a").identity("fra-1", Optional.of(good)).node());
  }

  @Test
  void aStateDirectoryOfAnotherNodeIsRefused() throws Exception {
    enrolment("a").identity("fra-1", Optional.of(control.token("fra-1")));
    assertThrows(
        EnrolmentException.class, () -> enrolment("a").identity("iad-1", Optional.empty()));
  }

  private Enrolment enrolment(String file) {
    return new Enrolment(
        List.of(control.address()), folder.resolve(file), StateKeys.none(), InstantSource.system());
  }
}
