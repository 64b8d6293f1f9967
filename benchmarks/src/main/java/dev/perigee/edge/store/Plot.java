package dev.perigee.edge.store;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.NullMarked;

/** Bars of hit ratios as SVG: a field for each trace and size, a bar for each cache. */
@NullMarked
final class Plot {
  private static final int COLUMNS = 3;
  private static final int WIDTH = 300;
  private static final int HEIGHT = 150;
  private static final int BASE = 120;
  private static final List<String> COLOURS =
      List.of("#9aa5b1", "#4c78a8", "#72b7b2", "#f2a65a", "#c2185b");

  private Plot() {}

  static String of(List<EvictionStudy.Row> rows) {
    StringBuilder svg = new StringBuilder();
    int height = (rows.size() + COLUMNS - 1) / COLUMNS * HEIGHT + 40;
    svg.append(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\">"
            .formatted(COLUMNS * WIDTH, height));
    svg.append("<rect width=\"100%\" height=\"100%\" fill=\"white\"/>");
    for (int i = 0; i < rows.size(); i++) {
      field(svg, rows.get(i), i % COLUMNS * WIDTH, i / COLUMNS * HEIGHT);
    }
    legend(svg, rows.getFirst(), height - 20);
    return svg.append("</svg>\n").toString();
  }

  private static void field(StringBuilder svg, EvictionStudy.Row row, int x, int y) {
    text(svg, x + 10, y + 16, 11, row.trace() + ", " + row.percent() + " %");
    int bar = 0;
    for (Map.Entry<String, EvictionStudy.Ratio> cache : row.ratios().entrySet()) {
      String colour = COLOURS.get(bar % COLOURS.size());
      bar(svg, x + 10 + bar * 26, y, cache.getValue().objects(), colour, 1);
      bar(svg, x + 150 + bar * 26, y, cache.getValue().bytes(), colour, 0.6);
      bar++;
    }
    text(svg, x + 10, y + BASE + 14, 9, "objects");
    text(svg, x + 150, y + BASE + 14, 9, "bytes");
  }

  private static void bar(
      StringBuilder svg, int x, int y, double percent, String colour, double opacity) {
    int height = (int) Math.round(percent * 0.9);
    svg.append(
        String.format(
            Locale.ROOT,
            "<rect x=\"%d\" y=\"%d\" width=\"22\" height=\"%d\" fill=\"%s\" opacity=\"%.1f\"/>",
            x,
            y + BASE - height,
            height,
            colour,
            opacity));
    text(svg, x, y + BASE - height - 2, 8, String.format(Locale.ROOT, "%.1f", percent));
  }

  private static void legend(StringBuilder svg, EvictionStudy.Row row, int y) {
    int at = 0;
    for (String name : row.ratios().keySet()) {
      svg.append(
          "<rect x=\"%d\" y=\"%d\" width=\"12\" height=\"12\" fill=\"%s\"/>"
              .formatted(10 + at * 110, y - 10, COLOURS.get(at % COLOURS.size())));
      text(svg, 28 + at * 110, y, 12, name);
      at++;
    }
  }

  private static void text(StringBuilder svg, int x, int y, int size, String text) {
    svg.append(
        "<text x=\"%d\" y=\"%d\" font-size=\"%d\" fill=\"#222\">%s</text>"
            .formatted(x, y, size, text));
  }
}
