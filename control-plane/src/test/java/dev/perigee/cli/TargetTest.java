package dev.perigee.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An option goes before the environment, that before the profile, and no token goes astray. */
final class TargetTest {
  @TempDir Path folder;
  private final Map<String, String> env = new HashMap<>();
  private Profiles profiles;

  @BeforeEach
  void keepTwo() throws IOException {
    env.put("XDG_CONFIG_HOME", folder.toString());
    env.put("PERIGEE_DIR", folder.resolve("up").toString());
    Files.createDirectories(folder.resolve("up"));
    Files.writeString(folder.resolve("up/token"), "of-up\n");
    profiles = Profiles.of(env);
    profiles.keep(profile("prod", "https://prod.example:7070", "of-prod"));
    profiles.keep(profile("test", "https://test.example", "of-test"));
  }

  private static Profiles.Profile profile(String name, String api, String token) {
    return new Profiles.Profile(
        name, api, Optional.of(token), Optional.empty(), Optional.of(Path.of("/" + name + ".pem")));
  }

  private Target target(Optional<String> api, Optional<String> profile) {
    return Target.of(
        new Target.Asked(api, Optional.empty(), Optional.empty(), profile), env, profiles);
  }

  private void assertTarget(String base, String token, Target target) {
    assertEquals(base, target.base().toString());
    assertEquals(token, target.token());
  }

  @Test
  void withNothingSaidItIsWhatUpStarted() {
    assertTarget("http://127.0.0.1:7070/", "of-up", target(Optional.empty(), Optional.empty()));
  }

  @Test
  void theProfileInUseGoesBeforeThat() {
    profiles.use("prod");
    Target target = target(Optional.empty(), Optional.empty());
    assertTarget("https://prod.example:7070/", "of-prod", target);
    assertEquals(Optional.of(Path.of("/prod.pem")), target.caFile());
    profiles.useNone();
    assertTarget("http://127.0.0.1:7070/", "of-up", target(Optional.empty(), Optional.empty()));
  }

  @Test
  void theEnvironmentsProfileGoesBeforeTheOneInUse() {
    profiles.use("prod");
    env.put("PERIGEE_PROFILE", "test");
    assertTarget("https://test.example/", "of-test", target(Optional.empty(), Optional.empty()));
  }

  @Test
  void theEnvironmentGoesBeforeTheProfileInUseAndKeepsItsToken() {
    profiles.use("prod");
    env.put("PERIGEE_API", "http://other.example");
    env.put("PERIGEE_TOKEN", "of-env");
    Target target = target(Optional.empty(), Optional.empty());
    assertTarget("http://other.example/", "of-env", target);
    assertTrue(target.caFile().isEmpty());
  }

  @Test
  void aProfileByOptionGoesBeforeTheEnvironment() {
    env.put("PERIGEE_API", "http://other.example");
    env.put("PERIGEE_TOKEN", "of-env");
    env.put("PERIGEE_CA_FILE", "/env.pem");
    Target target = target(Optional.empty(), Optional.of("prod"));
    assertTarget("https://prod.example:7070/", "of-prod", target);
    assertEquals(Optional.of(Path.of("/prod.pem")), target.caFile());
  }

  @Test
  void anotherApiByOptionNeverGetsTheTokenOfTheProfileInUse() {
    profiles.use("prod");
    Optional<String> evil = Optional.of("https://evil.example");
    assertThrows(Failure.class, () -> target(evil, Optional.empty()));
    env.put("PERIGEE_TOKEN", "of-env");
    assertTarget("https://evil.example/", "of-env", target(evil, Optional.empty()));
  }

  @Test
  void noTokenOfAProfileThatIsNamedGoesToAnotherApi() {
    Optional<String> evil = Optional.of("https://evil.example");
    assertThrows(Failure.class, () -> target(evil, Optional.of("prod")));
  }

  @Test
  void theTokenOfUpStaysOnThisMachine() {
    for (String elsewhere : List.of("http://127.evil.example", "https://evil.example:7070")) {
      assertThrows(
          Failure.class, () -> target(Optional.of(elsewhere), Optional.empty()), elsewhere);
    }
    Optional<String> here = Optional.of("http://127.3.2.1:7070");
    assertTarget("http://127.3.2.1:7070/", "of-up", target(here, Optional.empty()));
  }

  @Test
  void aProfileWithoutATokenNeverGetsTheOneOfUp() {
    profiles.keep(
        new Profiles.Profile(
            "bare", "https://b.example", Optional.empty(), Optional.empty(), Optional.empty()));
    Failure failure =
        assertThrows(Failure.class, () -> target(Optional.empty(), Optional.of("bare")));
    assertTrue(String.valueOf(failure.getMessage()).contains("has no token"));
    env.put("PERIGEE_TOKEN", "of-env");
    assertTarget("https://b.example/", "of-env", target(Optional.empty(), Optional.of("bare")));
  }

  @Test
  void aTokenIsNeverSaid() {
    assertFalse(target(Optional.empty(), Optional.of("prod")).toString().contains("of-prod"));
  }

  @Test
  void profilesAreTheirOwnersAlone() throws IOException {
    Path file = folder.resolve("perigee/profiles/prod");
    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
    assertEquals(
        "rwx------",
        PosixFilePermissions.toString(Files.getPosixFilePermissions(file.getParent())));
  }

  @Test
  void whatIsRemovedIsNotInUse() {
    profiles.use("prod");
    profiles.remove("prod");
    assertEquals(List.of("test"), profiles.names());
    assertTrue(profiles.used().isEmpty());
    assertThrows(Failure.class, () -> profiles.use("prod"));
    assertThrows(Failure.class, () -> profiles.remove("prod"));
  }

  @Test
  void aNameIsNoPath() {
    for (String name : List.of("../x", "a/b", "", ".hidden", "-x", "a".repeat(64))) {
      assertThrows(Failure.class, () -> profiles.keep(profile(name, "https://a.example", "t")));
    }
  }

  @Test
  void aUrlThatIsNoneIsRefusedWithWhereItCameFrom() {
    for (String url : List.of("ftp://a.example", "a.example", "http://", "http://a b")) {
      Failure failure =
          assertThrows(Failure.class, () -> target(Optional.of(url), Optional.empty()));
      assertEquals(Failure.USAGE, failure.exitCode());
      assertTrue(String.valueOf(failure.getMessage()).contains("--api"), failure.getMessage());
    }
  }
}
