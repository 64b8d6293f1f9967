package dev.perigee.local;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class JvmOptionsTest {
  @Test
  void theLauncherAndTheBuildGiveChronicleTheSameOptions() throws Exception {
    String pom = Files.readString(Path.of("../../pom.xml"));
    Matcher property = Pattern.compile("<chronicle.jvm>(.*?)</chronicle.jvm>").matcher(pom);
    assertTrue(property.find());

    List<String> launched =
        Files.readAllLines(Path.of("chronicle.jvm")).stream()
            .filter(line -> !line.startsWith("#"))
            .toList();

    assertEquals(List.of(property.group(1).trim().split("\\s+")), launched);
  }
}
