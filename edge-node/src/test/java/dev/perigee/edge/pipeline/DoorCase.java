package dev.perigee.edge.pipeline;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One line of the files of cases under {@code door}.
 *
 * @param sentence of a standard that it holds to
 * @param statuses that the reader gets, in their order
 * @param reached requests that reach the origin whole: method, target and length of the body
 * @param text the octets as they stand in the file
 */
record DoorCase(String sentence, List<Integer> statuses, List<String> reached, String text) {
  private static final Pattern TIMES = Pattern.compile("\\{(\\d+)\\*((?:[^{}]|\\{[^{}]*})*)}");
  private static final String HOST = "Host: " + EdgeUnderTest.HOST + "\r\n";

  DoorCase {
    statuses = List.copyOf(statuses);
    reached = List.copyOf(reached);
  }

  static List<DoorCase> of(String file) {
    List<DoorCase> cases = new ArrayList<>();
    String sentence = "";
    for (String line : lines(file)) {
      if (line.startsWith("= ")) {
        sentence = line.substring(2);
      } else if (!line.isEmpty() && !line.startsWith("#")) {
        String[] parts = line.split(" \\| ", 3);
        List<Integer> statuses =
            Arrays.stream(parts[0].split(",", -1)).map(Integer::valueOf).toList();
        List<String> reached = parts[1].equals("-") ? List.of() : List.of(parts[1].split("; ", -1));
        cases.add(new DoorCase(sentence, statuses, reached, parts[2]));
      }
    }
    return cases;
  }

  static List<String> lines(String file) {
    try (InputStream in = DoorCase.class.getResourceAsStream("/door/" + file)) {
      if (in == null) {
        throw new IllegalArgumentException("there is no " + file);
      }
      return new String(in.readAllBytes(), StandardCharsets.US_ASCII).lines().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Whether the node itself ends the connection. */
  boolean isClosed() {
    return List.of(400, 408, 414, 431).contains(statuses.getLast());
  }

  byte[] octets() {
    String expanded = repeated(text);
    String whole =
        expanded
            .replace("{C}", "{P}Transfer-Encoding: chunked\\r\\n\\r\\n")
            .replace("{G}", "GET /a HTTP/1.1\\r\\n{H}")
            .replace("{P}", "POST /a HTTP/1.1\\r\\n{H}")
            .replace("{S}", "GET /smuggled HTTP/1.1\\r\\n{H}\\r\\n")
            .replace("{H}", HOST);
    return unescaped(whole);
  }

  private static String repeated(String text) {
    String now = text;
    for (Matcher times = TIMES.matcher(now); times.find(); times = TIMES.matcher(now)) {
      String inner = repeated(times.group(2)).repeat(Integer.parseInt(times.group(1)));
      now = now.substring(0, times.start()) + inner + now.substring(times.end());
    }
    return now;
  }

  static byte[] unescaped(String text) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c != '\\') {
        out.write(c);
        continue;
      }
      switch (text.charAt(++i)) {
        case 'r' -> out.write('\r');
        case 'n' -> out.write('\n');
        case 't' -> out.write('\t');
        case '0' -> out.write(0);
        case '\\' -> out.write('\\');
        case 'x' -> {
          out.write(Integer.parseInt(text.substring(i + 1, i + 3), 16));
          i += 2;
        }
        default -> throw new IllegalArgumentException("no escape in " + text);
      }
    }
    return out.toByteArray();
  }

  @Override
  public String toString() {
    String shown = text.length() > 90 ? text.substring(0, 90) + "…" : text;
    return sentence.split(":", 2)[0] + ": " + shown;
  }
}
