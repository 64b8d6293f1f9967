package dev.perigee.benchmarks;

import dev.perigee.contract.ContentCoding;
import dev.perigee.edge.respond.coding.Codecs;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.SplittableRandom;

/**
 * What each coding makes of generated pages, scripts and JSON at each of its levels, and how fast
 * one thread does it: the figures by which {@link Codecs} has its levels. Prints a table.
 */
public final class CodingStudy {
  private static final long SEED = 20_261_126;
  private static final int LEAST_BYTES = 8 << 20;
  private static final List<Integer> SIZES = List.of(2 << 10, 16 << 10, 128 << 10, 1 << 20);

  private static final List<String> WORDS =
      List.of(
          "order",
          "price",
          "basket",
          "delivery",
          "customer",
          "red",
          "shirt",
          "large",
          "discount",
          "search",
          "result",
          "today",
          "express",
          "country",
          "payment",
          "account",
          "return",
          "winter",
          "season",
          "collection",
          "quality",
          "cotton",
          "service",
          "contact",
          "language");

  private CodingStudy() {}

  /**
   * Runs it.
   *
   * @param args none
   */
  public static void main(String[] args) throws IOException {
    Codecs codecs = Codecs.load();
    System.out.println("| coding | level | size, KiB | ratio | MB/s |");
    System.out.println("|---|---|---|---|---|");
    for (ContentCoding coding : ContentCoding.values()) {
      for (int level : levels(coding)) {
        for (int size : SIZES) {
          row(codecs, coding, level, size);
        }
      }
    }
  }

  private static List<Integer> levels(ContentCoding coding) {
    return switch (coding) {
      case BR -> List.of(1, 3, 4, 5, 6, 7, 9, 11);
      case ZSTD -> List.of(1, 3, 6, 9, 12, 15, 19);
      case GZIP -> List.of(1, 4, 6, 9);
    };
  }

  /** Of a page, a script and JSON of this size together; the second of two rounds. */
  private static void row(Codecs codecs, ContentCoding coding, int level, int size)
      throws IOException {
    List<byte[]> bodies = List.of(page(size), script(size), json(size));
    long before = 0;
    long after = 0;
    double seconds = 0;
    for (int round = 0; round < 2; round++) {
      before = 0;
      after = 0;
      // The slowest levels would take minutes for as much.
      long enough = level >= 11 ? LEAST_BYTES / 8 : LEAST_BYTES;
      long begun = System.nanoTime();
      while (before < enough / (round == 0 ? 4 : 1)) {
        for (byte[] body : bodies) {
          before += body.length;
          after += codecs.encode(coding, level, body).length;
        }
      }
      seconds = (System.nanoTime() - begun) / 1e9;
    }
    System.out.printf(
        "| %s | %d | %d | %.2f | %.1f |%n",
        coding.token(), level, size >> 10, (double) before / after, before / seconds / 1e6);
  }

  private static byte[] cut(StringBuilder text, int size) {
    return text.substring(0, size).getBytes(StandardCharsets.ISO_8859_1);
  }

  private static String words(SplittableRandom random, int count) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < count; i++) {
      // Some words are far more frequent than others, as in any language.
      int one = random.nextInt(WORDS.size());
      int at = Math.min(one, random.nextInt(WORDS.size()));
      text.append(i == 0 ? "" : " ").append(WORDS.get(at));
    }
    return text.toString();
  }

  private static byte[] page(int size) {
    SplittableRandom random = new SplittableRandom(SEED);
    StringBuilder text = new StringBuilder("<!doctype html><html><head><title>Shop</title>");
    while (text.length() < size) {
      String id = Integer.toString(random.nextInt(1_000_000));
      text.append("<article class=\"card card--wide\" data-id=\"").append(id).append("\"><h2>");
      text.append(words(random, 3)).append("</h2><p>").append(words(random, 18));
      text.append("</p><a class=\"button\" href=\"/products/").append(id).append("?ref=list\">");
      text.append(words(random, 2)).append("</a></article>\n");
    }
    return cut(text, size);
  }

  private static byte[] script(int size) {
    SplittableRandom random = new SplittableRandom(SEED + 1);
    StringBuilder text = new StringBuilder("\"use strict\";");
    while (text.length() < size) {
      String name = WORDS.get(random.nextInt(WORDS.size())) + random.nextInt(50);
      text.append("function ").append(name).append("(a,b){if(a.").append(name).append("===");
      text.append(random.nextInt(100)).append("){return b.map(c=>c.value*");
      text.append(random.nextInt(1000)).append(").filter(Boolean)}const d=document.querySelector");
      text.append("(\".").append(words(random, 1)).append("\");d.addEventListener(\"click\",()=>{");
      text.append(name).append("(d,[").append(random.nextInt()).append("])});return null}\n");
    }
    return cut(text, size);
  }

  private static byte[] json(int size) {
    SplittableRandom random = new SplittableRandom(SEED + 2);
    StringBuilder text = new StringBuilder("[");
    while (text.length() < size) {
      text.append("{\"id\":").append(random.nextInt(10_000_000)).append(",\"name\":\"");
      text.append(words(random, 3)).append("\",\"price\":").append(random.nextInt(10_000));
      text.append(".").append(random.nextInt(100)).append(",\"tags\":[\"").append(words(random, 1));
      text.append("\",\"").append(words(random, 1)).append("\"],\"stock\":");
      text.append(random.nextBoolean()).append(",\"updated\":\"2026-11-");
      text.append(10 + random.nextInt(20)).append("T10:00:00Z\"},\n");
    }
    return cut(text, size);
  }
}
