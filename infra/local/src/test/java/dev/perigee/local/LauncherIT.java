package dev.perigee.local;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.testkit.RunningProcess;
import dev.perigee.testkit.RunningProcess.Finished;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The launcher script in a tree of its own, with a Java and a Maven that only say what they got.
 */
class LauncherIT {
  private static final Duration SOON = Duration.ofSeconds(20);
  private static final List<String> MODULES = List.of("edge-node", "control-plane", "infra/local");
  private static final List<String> NAMES = List.of("edge-node", "control-plane", "local");

  /** The other tests make none: it would be written while their folders are removed. */
  private static final Map<String, String> MAKE = Map.of("PERIGEE_NO_ARCHIVE", "");

  /** As Java does it at the end of a rehearsal; where it is told so. */
  private static final String MAKES_ARCHIVES =
      """
      #!/bin/sh
      for a; do
        echo "arg $a"
        case $a in
          -XX:AOTCacheOutput=*) echo classes >"${a#*=}" ;;
          *.making.jar) echo jar >"$a" ;;
        esac
      done
      """;

  private final Path tree;
  private final Path tools;

  LauncherIT(@TempDir Path folder) throws IOException {
    tree = Files.createDirectories(folder.resolve("a tree"));
    tools = Files.createDirectories(folder.resolve("tools"));
    Files.copy(Path.of("../../perigee"), tree.resolve("perigee"));
    executable(tree.resolve("perigee"), Files.readString(tree.resolve("perigee")));
    Files.writeString(tree.resolve("pom.xml"), "<project/>");
    for (String module : List.of("proto", "edge-node", "control-plane", "infra/local")) {
      Files.createDirectories(tree.resolve(module).resolve("src/main"));
      Files.writeString(tree.resolve(module).resolve("pom.xml"), "<project/>");
    }
    executable(tools.resolve("bin/java"), "#!/bin/sh\nfor a; do echo \"arg $a\"; done\n");
    Files.writeString(tools.resolve("release"), "JAVA_VERSION=\"25.0.1\"\n");
  }

  @Test
  void anEdgeGetsChroniclesOptionsAndThoseOfThePerson() throws Exception {
    build();
    Finished edge = perigee(Map.of("PERIGEE_JAVA_OPTS", "-Xmx1g -Da=b"), "edge", "--name", "a b");
    List<String> args = edge.output().lines().toList();

    assertEquals("arg @" + tree + "/infra/local/chronicle.jvm", args.getFirst());
    assertTrue(args.containsAll(List.of("arg -Xmx1g", "arg -Da=b")), edge.output());
    assertEquals(List.of("arg --name", "arg a b"), args.subList(args.size() - 2, args.size()));
  }

  @Test
  void theSecondStartOfAnEdgeFindsItsClassesReady() throws Exception {
    executable(tools.resolve("bin/java"), MAKES_ARCHIVES);
    build();
    Path archive = tree.resolve("edge-node/target/edge.aot");
    String taken = "arg -XX:AOTCache=" + archive;

    assertFalse(perigee(MAKE, "edge").output().contains("AOTCache"));
    awaitMade(archive, jar("edge-node", "edge-node"));
    assertTrue(perigee(MAKE, "edge").output().contains(taken + "\n"));
    assertTrue(perigee(MAKE, "up").output().contains("edge.archive=" + archive + "\n"));
    Map<String, String> own = Map.of("PERIGEE_NO_ARCHIVE", "", "PERIGEE_JAVA_OPTS", "-Xshare:off");
    assertFalse(perigee(own, "edge").output().contains("AOTCache"));
    assertFalse(perigee(Map.of(), "edge").output().contains("AOTCache"));
    Files.setLastModifiedTime(archive, FileTime.from(Instant.now().minusSeconds(3_600)));
    assertFalse(perigee(MAKE, "edge").output().contains(taken), "it is of another build");
    awaitMade(archive, jar("edge-node", "edge-node"));
  }

  @Test
  void theSecondCommandOfTheClientStartsFromAJarOfWhatItNeeds() throws Exception {
    executable(tools.resolve("bin/java"), MAKES_ARCHIVES);
    build();
    Path archive = tree.resolve("control-plane/target/client.aot");
    String whole = "arg " + jar("control-plane", "control-plane") + "\n";
    String packed = "arg " + tree.resolve("control-plane/target/client.jar") + "\n";

    assertTrue(perigee(MAKE, "status").output().contains("arg -cp\n" + whole));
    awaitMade(archive, jar("control-plane", "control-plane"));
    String second = perigee(MAKE, "status").output();
    assertTrue(second.contains("arg -XX:AOTCache=" + archive + "\n"), second);
    assertTrue(second.contains("arg -cp\n" + packed), second);
    Files.delete(tree.resolve("control-plane/target/client.jar"));
    String third = perigee(MAKE, "status").output();
    assertFalse(third.contains("AOTCache"), third);
    assertTrue(third.contains("arg -cp\n" + whole), third);
    Awaitility.await().atMost(SOON).until(() -> perigee(MAKE, "status").output().contains(packed));
    awaitMade(archive, jar("control-plane", "control-plane"));
  }

  private void awaitMade(Path archive, Path jar) {
    Awaitility.await()
        .atMost(SOON)
        .until(
            () ->
                Files.exists(archive)
                    && Files.getLastModifiedTime(archive).compareTo(Files.getLastModifiedTime(jar))
                        > 0
                    && Files.notExists(Path.of(archive + ".making")));
  }

  @Test
  void whatIsNoCommandOfTheLauncherGoesToTheClient() throws Exception {
    build();
    String output = perigee(Map.of(), "site", "list").output();

    assertTrue(output.endsWith("arg dev.perigee.cli.PerigeeCli\narg site\narg list"), output);
  }

  @Test
  void theTreeIsFoundThroughSymbolicLinks() throws Exception {
    build();
    Path link = Files.createSymbolicLink(tools.resolve("first"), tree.resolve("perigee"));
    Path second = Files.createSymbolicLink(tools.resolve("second"), link.getFileName());
    String output = run(second, Map.of(), "status").output();

    assertTrue(output.contains("arg " + tree + "/control-plane/target/"), output);
  }

  @Test
  void anOldJavaInJavaHomeIsPassedOver() throws Exception {
    build();
    Files.writeString(tools.resolve("release"), "JAVA_VERSION=\"17.0.15\"\n");
    Finished finished = perigee(Map.of(), "edge", "--version");

    assertFalse(finished.output().contains("arg "), finished.output());
  }

  @Test
  void missingJarsAreBuiltAndABuiltTreeIsLeftAlone() throws Exception {
    maven();
    Finished first = perigee(Map.of(), "up");
    Finished second = perigee(Map.of(), "up");

    assertTrue(first.output().contains("perigee: building"), first.output());
    assertTrue(first.output().contains("  Perigee: edge node [4/6]"), first.output());
    assertTrue(first.output().endsWith("arg up"), first.output());
    assertFalse(second.output().contains("building"), second.output());
  }

  @Test
  void aSourceNewerThanTheJarsIsBuiltOnce() throws Exception {
    build();
    Path source = Files.writeString(tree.resolve("proto/src/main/A.java"), "class A {}");
    Files.setLastModifiedTime(source, FileTime.from(Instant.now()));
    executable(tools.resolve("bin/mvn"), "#!/bin/sh\necho left all jars alone\n");

    assertTrue(perigee(Map.of(), "up").output().contains("perigee: building"));
    assertFalse(perigee(Map.of(), "up").output().contains("perigee: building"));
  }

  @Test
  void aClientCommandNeverBuildsUnderARunningNetwork() throws Exception {
    build();
    Files.writeString(tree.resolve("proto/src/main/A.java"), "class A {}");

    assertFalse(perigee(Map.of(), "status").output().contains("building"));
  }

  @Test
  void aFailedBuildEndsWithMavensWordsAndItsLog() throws Exception {
    executable(tools.resolve("bin/mvn"), "#!/bin/sh\necho '[ERROR] no such class'\nexit 1\n");
    Finished up = perigee(Map.of(), "up");

    assertEquals(1, up.exitCode());
    assertTrue(up.output().contains("[ERROR] no such class"), up.output());
    assertTrue(up.output().contains("target/perigee-build.log"), up.output());
  }

  @Test
  void withoutMavenAndWithoutJarsOneLineSaysWhatToInstall() throws Exception {
    Map<String, String> bare = Map.of("PATH", bareTools().toString());
    Finished up = perigee(bare, "up");

    assertEquals(1, up.exitCode());
    assertTrue(up.output().endsWith("install Maven 3.8 or newer (Debian: apt install maven)"));
    assertEquals(1, up.output().lines().count(), up.output());
  }

  private Finished perigee(Map<String, String> environment, String... arguments) {
    return run(tree.resolve("perigee"), environment, arguments);
  }

  private Finished run(Path script, Map<String, String> environment, String... arguments) {
    List<String> command = new ArrayList<>();
    command.add(script.toString());
    command.addAll(Arrays.asList(arguments));
    Map<String, String> all = new HashMap<>();
    all.put("PERIGEE_NO_ARCHIVE", "1");
    all.put("PATH", tools.resolve("bin") + ":/usr/bin:/bin");
    all.put("JAVA_HOME", tools.toString());
    all.put("PERIGEE_JAVA_OPTS", "");
    all.put("PERIGEE_NO_BUILD", "");
    all.putAll(environment);
    return RunningProcess.run("perigee", tools, all, SOON, command);
  }

  /** What a build leaves, older than anything that is written later. */
  private void build() throws IOException {
    Instant sources = Instant.now().minusSeconds(60);
    try (var files = Files.walk(tree)) {
      for (Path file : files.toList()) {
        Files.setLastModifiedTime(file, FileTime.from(sources));
      }
    }
    for (int i = 0; i < MODULES.size(); i++) {
      Path jar = jar(MODULES.get(i), NAMES.get(i));
      Files.createDirectories(jar.getParent());
      Files.writeString(jar, "");
      Files.setLastModifiedTime(jar, FileTime.from(sources.plusSeconds(30)));
    }
  }

  /** A Maven that says what the real one does of its modules, and makes empty jars. */
  private void maven() throws IOException {
    StringBuilder script = new StringBuilder("#!/bin/sh\n");
    script.append("echo '[INFO] Building Perigee: edge node 0.1.0-SNAPSHOT          [4/6]'\n");
    for (int i = 0; i < MODULES.size(); i++) {
      Path jar = jar(MODULES.get(i), NAMES.get(i));
      script.append("mkdir -p '").append(jar.getParent()).append("'\n");
      script.append(": > '").append(jar).append("'\n");
    }
    executable(tools.resolve("bin/mvn"), script.toString());
  }

  /** A folder of programs with all that the script needs, but no Maven. */
  private Path bareTools() throws IOException {
    Path bare = Files.createDirectories(tools.resolve("bare"));
    List<String> needed =
        List.of("bash", "env", "dirname", "sed", "head", "find", "mkdir", "flock", "readlink");
    for (String name : needed) {
      for (String folder : List.of("/usr/bin", "/bin")) {
        Path program = Path.of(folder, name);
        if (Files.exists(program)) {
          executable(bare.resolve(name), "#!/bin/sh\nexec " + program + " \"$@\"\n");
        }
      }
    }
    return bare;
  }

  private Path jar(String module, String name) {
    return tree.resolve(module + "/target/perigee-" + name + "-0.1.0-SNAPSHOT.jar");
  }

  private static void executable(Path file, String text) throws IOException {
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }
}
