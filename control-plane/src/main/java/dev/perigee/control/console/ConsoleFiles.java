package dev.perigee.control.console;

import dev.perigee.control.api.ApiServer.StaticFile;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** The console's files, from the class path. */
public final class ConsoleFiles {
  private ConsoleFiles() {}

  /** By the path under which they are served. */
  public static Map<String, StaticFile> all() {
    return Map.of(
        "/", file("index.html", "text/html; charset=utf-8"),
        "/icon.svg", file("icon.svg", "image/svg+xml"),
        "/console.css", file("console.css", "text/css; charset=utf-8"),
        "/console.js", file("console.js", "text/javascript; charset=utf-8"),
        "/signed-in.js", file("signed-in.js", "text/javascript; charset=utf-8"));
  }

  private static StaticFile file(String name, String type) {
    try (InputStream in = ConsoleFiles.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException("the console lacks " + name);
      }
      return new StaticFile(type, new String(in.readAllBytes(), StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
