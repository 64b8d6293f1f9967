package dev.perigee.local;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/**
 * Where the built jars, the JVM options and the GeoIP file lie, and the Java that runs them.
 *
 * @param home the folder of the launcher script
 * @param java the program to start
 * @param extraOptions JVM options of the person, for every process
 * @param edgeArchive an edge's classes ready for its start; empty where there is no such file yet
 */
record Installation(Path home, Path java, List<String> extraOptions, String edgeArchive) {
  private static final String VERSION = "0.1.0-SNAPSHOT";

  Installation {
    extraOptions = List.copyOf(extraOptions);
  }

  /** The one this process belongs to. */
  static Installation current() throws LocalException {
    String home = System.getProperty("perigee.home", "");
    if (home.isEmpty()) {
      throw new LocalException("is started by the script perigee, which says where it lies");
    }
    String extra = System.getenv().getOrDefault("PERIGEE_JAVA_OPTS", "");
    return new Installation(
        Path.of(home),
        Path.of(System.getProperty("java.home"), "bin", "java"),
        Arrays.stream(extra.split("\\s+")).filter(option -> !option.isEmpty()).toList(),
        System.getProperty("perigee.edge.archive", ""));
  }

  /** How to start a control plane; its own options follow. */
  List<String> controlCommand() throws LocalException {
    return command(List.of("control", "small"), jar("control-plane", "control-plane"));
  }

  /** How to start an edge; its own options follow. */
  List<String> edgeCommand() throws LocalException {
    List<String> command =
        command(List.of("chronicle", "edge", "small"), jar("edge-node", "edge-node"));
    if (!edgeArchive.isEmpty()) {
      command.addAll(1, List.of("-XX:AOTCache=" + edgeArchive, "-Xlog:aot=off,cds=off"));
    }
    return command;
  }

  /** How to start a command of this very jar. */
  List<String> localCommand() throws LocalException {
    List<String> command = new ArrayList<>();
    command.add(java.toString());
    command.addAll(List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx128m"));
    command.add("-Dperigee.home=" + home);
    command.add("-Dperigee.edge.archive=" + edgeArchive);
    command.addAll(List.of("-jar", jar("infra/local", "local").toString()));
    return command;
  }

  /** The shipped GeoIP file. */
  Path geoIp() throws LocalException {
    return present(home.resolve("control-plane/geo/perigee-city.mmdb"));
  }

  private List<String> command(List<String> optionFiles, Path jar) {
    Path folder = home.resolve("infra/local");
    Stream<String> files = optionFiles.stream().map(name -> "@" + folder.resolve(name + ".jvm"));
    List<String> command = new ArrayList<>();
    command.add(java.toString());
    command.addAll(files.toList());
    command.addAll(extraOptions);
    command.addAll(List.of("-jar", jar.toString()));
    return command;
  }

  private Path jar(String module, String name) throws LocalException {
    return present(home.resolve(module + "/target/perigee-" + name + "-" + VERSION + ".jar"));
  }

  private static Path present(Path file) throws LocalException {
    if (!Files.isRegularFile(file)) {
      throw new LocalException("is not built: " + file + " is missing");
    }
    return file;
  }
}
