package dev.perigee.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The bill of materials that is built with a program names what the program is shipped with. */
class SbomE2E {
  private static final Pattern PACKAGE =
      Pattern.compile("\"purl\"\\s*:\\s*\"pkg:maven/[^/]+/([^@]+)@([^?\"]+)");

  @ParameterizedTest
  @ValueSource(strings = {"edge-node", "control-plane"})
  void theBillOfMaterialsNamesEachLibraryThatIsShippedAndNoOther(String module) throws IOException {
    Path target = Path.of("../..", module, "target");
    String bill = Files.readString(bill(target));
    assertTrue(bill.contains("\"CycloneDX\""), bill);
    Set<String> named = new TreeSet<>();
    PACKAGE.matcher(bill).results().forEach(one -> named.add(one.group(1) + "-" + one.group(2)));
    named.removeIf(name -> name.startsWith("perigee-" + module)); // what it is the bill of
    Set<String> shipped = new TreeSet<>();
    try (Stream<Path> jars = Files.list(target.resolve("lib"))) {
      jars.map(jar -> jar.getFileName().toString().replaceFirst("\\.jar$", ""))
          .forEach(jar -> shipped.add(nameOf(jar, named)));
    }
    assertEquals(shipped, named);
  }

  /** Without the classifier, such as the platform of a native library. */
  private static String nameOf(String jar, Set<String> named) {
    return named.stream()
        .filter(name -> jar.equals(name) || jar.startsWith(name + "-"))
        .findFirst()
        .orElse(jar);
  }

  private static Path bill(Path target) throws IOException {
    try (Stream<Path> files = Files.list(target)) {
      List<Path> bills = files.filter(file -> file.toString().endsWith(".cdx.json")).toList();
      assertEquals(1, bills.size(), "in " + target + ": " + bills);
      return bills.getFirst();
    }
  }
}
