package dev.perigee.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.testkit.RunningProcess;
import dev.perigee.testkit.RunningProcess.Finished;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.classfile.ClassFile;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.spi.ToolProvider;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The jar from which the client starts holds what the client needs, and verifies fast. */
class ClientJarIT {
  private static final Duration SOON = Duration.ofSeconds(60);

  @TempDir private Path folder;
  private Path jar;

  @BeforeEach
  void pack() throws IOException {
    jar = folder.resolve("client.jar");
    ClientJar.main(new String[] {jar.toString()});
  }

  @Test
  void whatCommandsNeedIsInItOrInJava() {
    StringWriter text = new StringWriter();
    PrintWriter out = new PrintWriter(text);
    int code =
        ToolProvider.findFirst("jdeps")
            .orElseThrow()
            .run(out, out, "-verbose:class", "-filter:none", jar.toString());
    assertEquals(0, code, text::toString);
    Map<String, Set<String>> needs = new HashMap<>();
    Set<String> missing = new HashSet<>();
    for (String line : text.toString().split("\n", -1)) {
      // "   class -> class   where that is"
      String[] words = line.strip().split(" +", 4);
      if (line.startsWith("   ") && words.length == 4) {
        needs.computeIfAbsent(words[0], _ -> new TreeSet<>()).add(words[2]);
        if (words[3].equals("not found")) {
          missing.add(words[2]);
        }
      }
    }
    Set<String> reached = new HashSet<>();
    Deque<String> left = new ArrayDeque<>();
    needs.keySet().stream().filter(name -> name.startsWith("dev.perigee.cli.")).forEach(left::add);
    assertTrue(left.size() > 100, "jdeps said: " + text.toString().lines().limit(9).toList());
    while (!left.isEmpty()) {
      String name = left.pop();
      if (name.startsWith("dev.perigee.") && reached.add(name)) {
        left.addAll(needs.getOrDefault(name, Set.of()));
      } else {
        reached.add(name);
      }
    }
    reached.retainAll(missing);
    // Annotations are not loaded where nobody asks for them.
    reached.removeIf(name -> name.startsWith("org.jspecify.annotations."));
    assertEquals(Set.of(), reached);
  }

  @Test
  void noClassInItHasItsTypesInferred() throws Exception {
    int classes = 0;
    try (JarFile file = new JarFile(jar.toFile())) {
      for (JarEntry entry : (Iterable<JarEntry>) file.stream()::iterator) {
        if (entry.getName().endsWith(".class")) {
          byte[] content = file.getInputStream(entry).readAllBytes();
          int version = ClassFile.of().parse(content).majorVersion();
          assertTrue(version >= ClassFile.JAVA_6_VERSION, entry.getName());
          assertEquals(List.of(), ClassFile.of().verify(content), entry.getName());
          classes++;
        }
      }
    }
    assertTrue(classes > 1_000, classes + " classes");
  }

  @Test
  void theClientThatStartsFromItSaysTheSame() {
    Finished help = client("PerigeeCli", "site", "add", "-h");
    StringWriter text = new StringWriter();
    PerigeeCli.whole().setOut(new PrintWriter(text)).execute("site", "add", "-h");
    assertEquals(0, help.exitCode(), help.output());
    assertEquals(text.toString().strip(), help.output().strip());
  }

  @Test
  void theRehearsalRunsFromIt() {
    Finished rehearsal = client("Rehearsal");
    assertEquals(0, rehearsal.exitCode(), rehearsal.output());
    assertTrue(rehearsal.output().contains("a.example"), rehearsal.output());
    assertTrue(rehearsal.output().contains("TLS"), rehearsal.output());
  }

  private Finished client(String main, String... arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-cp", jar.toString(), "dev.perigee.cli." + main));
    command.addAll(List.of(arguments));
    return RunningProcess.run("client", folder, Map.of(), SOON, command);
  }
}
