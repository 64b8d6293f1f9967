import com.google.googlejavaformat.java.Formatter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Checks or rewrites every Java source of the tree in the house style: {@code Format check|rewrite
 * ROOT}. Run by the build in a process of the JDK that compiles, since the formatter parses with
 * the javac of the JDK it runs on.
 */
public final class Format {
  public static void main(String[] args) throws Exception {
    boolean rewrite = args[0].equals("rewrite");
    Formatter formatter = new Formatter();
    List<Path> wrong = new ArrayList<>();
    for (Path source : sources(Path.of(args[1]))) {
      String before = Files.readString(source);
      String after = formatter.formatSourceAndFixImports(before);
      if (after.equals(before)) {
        continue;
      }
      wrong.add(source);
      if (rewrite) {
        Files.writeString(source, after);
      }
    }
    if (wrong.isEmpty()) {
      return;
    }
    wrong.forEach(
        source -> System.err.println((rewrite ? "formatted " : "not formatted: ") + source));
    if (!rewrite) {
      System.err.println("Run: mvn -q -N validate -Pformat");
      System.exit(1);
    }
  }

  private static List<Path> sources(Path root) throws IOException {
    try (Stream<Path> paths = Files.walk(root)) {
      return paths
          .filter(path -> path.toString().endsWith(".java"))
          .filter(path -> !root.relativize(path).toString().matches("(.*/)?(target|\\.perigee)/.*"))
          .sorted()
          .toList();
    }
  }
}
