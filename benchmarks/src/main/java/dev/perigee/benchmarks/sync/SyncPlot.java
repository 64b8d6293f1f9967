package dev.perigee.benchmarks.sync;

import java.util.List;
import java.util.Locale;

/** Two fields of curves as SVG: how one purge and one change spread, and how far purges lag. */
final class SyncPlot {
  private static final int WIDTH = 440;
  private static final int HEIGHT = 260;
  private static final int LEFT = 50;
  private static final int TOP = 30;
  private static final List<String> COLOURS =
      List.of("#c2185b", "#4c78a8", "#72b7b2", "#f2a65a", "#9aa5b1");

  private SyncPlot() {}

  /**
   * At one rate, of each purge in its order how long it took to be everywhere; in milliseconds.
   *
   * @param rate a second
   */
  record Lags(int rate, List<Double> millis) {}

  static String of(int edges, List<double[]> purges, List<double[]> changes, List<Lags> lags) {
    StringBuilder svg = new StringBuilder();
    svg.append(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\">"
            .formatted(2 * WIDTH, HEIGHT + 40));
    svg.append("<rect width=\"100%\" height=\"100%\" fill=\"white\"/>");
    spreading(svg, edges, purges, changes);
    lagging(svg, lags);
    return svg.append("</svg>\n").toString();
  }

  /** Share of nodes that have it, over time: every purge thin, every change thin. */
  private static void spreading(
      StringBuilder svg, int edges, List<double[]> purges, List<double[]> changes) {
    double most = 1;
    for (double[] each : purges) {
      most = Math.max(most, each[each.length - 1]);
    }
    for (double[] each : changes) {
      most = Math.max(most, each[each.length - 1]);
    }
    frame(svg, 0, "share of " + edges + " nodes, by ms after the answer", most, "1");
    double end = most;
    changes.forEach(each -> share(svg, each, COLOURS.get(1), end));
    purges.forEach(each -> share(svg, each, COLOURS.get(0), end));
    text(svg, LEFT, HEIGHT + 30, 11, COLOURS.get(0), purges.size() + " purges");
    text(svg, LEFT + 120, HEIGHT + 30, 11, COLOURS.get(1), changes.size() + " changes of a site");
  }

  private static void share(StringBuilder svg, double[] millis, String colour, double most) {
    StringBuilder points = new StringBuilder();
    for (int step = 0; step <= 50; step++) {
      double share = step / 50.0;
      double at = step == 0 ? millis[0] : SyncStudy.at(millis, share);
      point(points, 0, at / most, share);
    }
    line(svg, points, colour, 0.5);
  }

  private static void lagging(StringBuilder svg, List<Lags> lags) {
    double most = 1;
    for (Lags each : lags) {
      for (double millis : each.millis()) {
        most = Math.max(most, millis);
      }
    }
    String label = String.format(Locale.ROOT, "%.0f ms", most);
    frame(svg, WIDTH, "ms until it was everywhere, of purges in their order", 0, label);
    for (int i = 0; i < lags.size(); i++) {
      List<Double> millis = lags.get(i).millis();
      String colour = COLOURS.get(i % COLOURS.size());
      StringBuilder points = new StringBuilder();
      int step = Math.max(1, millis.size() / 400);
      for (int at = 0; at < millis.size(); at += step) {
        point(points, WIDTH, at / (double) millis.size(), Math.max(0, millis.get(at)) / most);
      }
      line(svg, points, colour, 1);
      text(svg, WIDTH + LEFT + i * 90, HEIGHT + 30, 11, colour, lags.get(i).rate() + "/s");
    }
  }

  private static void frame(StringBuilder svg, int x, String title, double end, String top) {
    svg.append(
        "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"none\" stroke=\"#999\"/>"
            .formatted(x + LEFT, TOP, WIDTH - LEFT - 20, HEIGHT - TOP - 10));
    text(svg, x + LEFT, TOP - 8, 12, "#222", title);
    text(svg, x + 4, TOP + 8, 10, "#222", top);
    text(svg, x + 30, HEIGHT - 10, 10, "#222", "0");
    if (end > 0) {
      text(svg, x + WIDTH - 70, HEIGHT + 4, 10, "#222", String.format(Locale.ROOT, "%.0f ms", end));
    }
  }

  private static void point(StringBuilder points, int x, double right, double up) {
    points.append(
        String.format(
            Locale.ROOT,
            "%.1f,%.1f ",
            x + LEFT + right * (WIDTH - LEFT - 20),
            HEIGHT - 10 - up * (HEIGHT - TOP - 10)));
  }

  private static void line(StringBuilder svg, StringBuilder points, String colour, double width) {
    svg.append(
        String.format(
            Locale.ROOT,
            "<polyline points=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"%.1f\"/>",
            points.toString().strip(),
            colour,
            width));
  }

  private static void text(StringBuilder svg, int x, int y, int size, String colour, String text) {
    svg.append(
        "<text x=\"%d\" y=\"%d\" font-size=\"%d\" fill=\"%s\">%s</text>"
            .formatted(x, y, size, colour, text));
  }
}
