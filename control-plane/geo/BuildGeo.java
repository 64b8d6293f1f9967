import com.maxmind.db.DatabaseRecord;
import com.maxmind.db.Networks;
import com.maxmind.db.Reader;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;

/**
 * Makes the coarse city database: {@code BuildGeo V4.mmdb V6.mmdb OUT.mmdb SAMPLE.csv}.
 *
 * <p>Positions are rounded to a degree. From the bottom of the address tree upwards, a network
 * becomes one entry where that costs less than keeping its halves apart, a node of the tree being
 * weighed against source networks further than {@link #NEAR_KM} from the entry or in another
 * country; so the file is the most accurate one of its size. The same input gives the same bytes.
 */
public final class BuildGeo {
  static final double NEAR_KM = 150;

  /** What an entry costs that is too far from a source network, in nodes of the tree. */
  static final double MISS_COST = 1.9;

  /** What an entry costs that names another country. */
  static final double COUNTRY_COST = 1.0;

  /** Networks of more source networks than this are never one entry: no need to look. */
  static final int MOST = 100_000;

  static final int SAMPLES = 5_000;
  static final long BUILD_EPOCH = 1_780_617_600L;

  private final List<long[]> records = new ArrayList<>();
  private final Map<Long, Integer> recordOf = new HashMap<>();
  private final List<String> countries = new ArrayList<>();
  private final int[] left = new int[1 << 25];
  private final int[] right = new int[1 << 25];
  private int nodes;
  private double cost;

  /** One family's source networks, in order of address. */
  static final class Source {
    final int bits;
    final long[] start;
    final byte[] length;
    final float[] latitude;
    final float[] longitude;
    final short[] country;
    final float[] weight;
    double[] addressesUpTo = {};
    int count;

    Source(int bits, int most) {
      this.bits = bits;
      start = new long[most];
      length = new byte[most];
      latitude = new float[most];
      longitude = new float[most];
      country = new short[most];
      weight = new float[most];
    }

    /** A network counts half by itself and half by its addresses; 1 on average. */
    void weigh() {
      addressesUpTo = new double[count];
      double all = 0;
      for (int i = 0; i < count; i++) {
        all += Math.pow(2, -length[i]);
        addressesUpTo[i] = all;
      }
      for (int i = 0; i < count; i++) {
        weight[i] = (float) (0.5 + 0.5 * Math.pow(2, -length[i]) * count / all);
      }
    }

    /** A network drawn by its addresses. */
    int drawn(Random random) {
      double at = random.nextDouble() * addressesUpTo[count - 1];
      int found = Arrays.binarySearch(addressesUpTo, at);
      return Math.min(count - 1, found < 0 ? -1 - found : found);
    }
  }

  public static void main(String[] args) throws IOException {
    BuildGeo build = new BuildGeo();
    Source v4 = build.read(Path.of(args[0]), 32);
    Source v6 = build.read(Path.of(args[1]), 64);
    int root = build.nodes++;
    int at = root;
    // IPv4 lies under ::/96.
    for (int depth = 0; depth < 95; depth++) {
      int next = build.nodes++;
      build.left[at] = next;
      at = next;
    }
    build.left[at] = build.subtree(v4, 0, v4.count, 0, 0);
    build.rightOf(root, v6);
    Path out = Path.of(args[2]);
    build.write(out);
    System.out.printf(
        "%d bytes, %d nodes, %d positions%n", Files.size(out), build.nodes, build.records.size());
    try (Reader reader = new Reader(out.toFile())) {
      for (boolean byAddress : new boolean[] {true, false}) {
        build.check(reader, v4, "IPv4", byAddress);
        build.check(reader, v6, "IPv6", byAddress);
      }
    }
    build.sample(Path.of(args[3]), v4, v6);
  }

  /** IPv6 global unicast is 2000::/3; everything is put in below the chain of zeros. */
  private void rightOf(int root, Source v6) {
    int half = lowerBound(v6, 0, v6.count, 1L << 63);
    right[root] = subtree(v6, half, v6.count, 1, 1L << 63);
    int at = root;
    for (int depth = 1; depth < 64; depth++) {
      at = left[at];
      long bit = 1L << (63 - depth);
      int from = lowerBound(v6, 0, v6.count, bit);
      int to = lowerBound(v6, 0, v6.count, bit << 1);
      right[at] = subtree(v6, from, to, depth + 1, bit);
    }
  }

  private Source read(Path file, int bits) throws IOException {
    Source source = new Source(bits, 24_000_000);
    try (Reader reader = new Reader(file.toFile())) {
      Networks<Map> networks = reader.networks(Map.class);
      while (networks.hasNext()) {
        DatabaseRecord<Map> record = networks.next();
        Map<?, ?> data = record.data();
        if (data != null && data.get("latitude") instanceof Number latitude) {
          byte[] address = record.network().networkAddress().getAddress();
          long start =
              address.length == 4
                  ? (long) ByteBuffer.wrap(address).getInt() << 32
                  : ByteBuffer.wrap(address).getLong();
          int i = source.count;
          source.start[i] = start;
          source.length[i] = (byte) Math.min(bits, record.network().prefixLength());
          source.latitude[i] = latitude.floatValue();
          source.longitude[i] = ((Number) data.get("longitude")).floatValue();
          source.country[i] = (short) country(String.valueOf(data.get("country_code")));
          boolean again = i > 0 && source.start[i - 1] == start;
          source.count = again ? i : i + 1;
        }
      }
    } catch (Exception e) {
      throw new IOException("cannot read " + file, e);
    }
    source.weigh();
    return source;
  }

  private int country(String code) {
    int index = countries.indexOf(code);
    if (index < 0) {
      countries.add(code);
      index = countries.size() - 1;
    }
    return index;
  }

  /** The first network that starts at or behind an address, unsigned. */
  private static int lowerBound(Source source, int from, int to, long start) {
    int low = from;
    int high = to;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (Long.compareUnsigned(source.start[middle], start) < 0) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  /**
   * The tree below a prefix: a node's number, 0 for nothing, or a record as −1 − its number. Leaves
   * what it costs in {@link #cost}: nodes, and {@link #MISS_COST} for each source network that its
   * entry is wrong for. One entry or two halves, whichever costs less.
   *
   * @param base the prefix's address, in the upper bits
   */
  private int subtree(Source source, int from, int to, int depth, long base) {
    cost = 0;
    if (from >= to) {
      return 0;
    }
    boolean single = to - from == 1 && source.length[from] <= depth;
    if (single || depth >= source.bits) {
      return -1 - record(source, from);
    }
    int node = nodes++;
    long middle = base | (1L << (63 - depth));
    int split = lowerBound(source, from, to, middle);
    int zero = subtree(source, from, split, depth + 1, base);
    double costs = cost + 1;
    int one = subtree(source, split, to, depth + 1, middle);
    costs += cost;
    cost = costs;
    boolean mayMerge = to - from <= MOST && mayFill(source, from, to, depth);
    int merged = mayMerge ? oneRecord(source, from, to, costs) : -1;
    if (merged >= 0) {
      nodes = node;
      return -1 - merged;
    }
    left[node] = zero;
    right[node] = one;
    return node;
  }

  /** Whether addresses without a source network may share an entry: only inside an allocation. */
  private static boolean mayFill(Source source, int from, int to, int depth) {
    if (depth >= (source.bits == 32 ? 16 : 24)) {
      return true;
    }
    double covered = 0;
    for (int i = from; i < to; i++) {
      covered += Math.pow(2, -source.length[i]);
    }
    return covered >= Math.pow(2, -depth) * 0.9999;
  }

  /** One record for all, where that costs less than what there is; else −1. */
  private int oneRecord(Source source, int from, int to, double costs) {
    Map<Integer, Float> cells = new HashMap<>();
    Map<Short, Float> lands = new HashMap<>();
    double all = 0;
    for (int i = from; i < to; i++) {
      cells.merge(cell(source, i), source.weight[i], Float::sum);
      lands.merge(source.country[i], source.weight[i], Float::sum);
      all += source.weight[i];
    }
    Map.Entry<Short, Float> land = most(lands);
    double least = Math.max(0, all - land.getValue()) * COUNTRY_COST;
    if (least > costs) {
      return -1;
    }
    int cell = most(cells).getKey();
    double far = 0;
    for (int i = from; i < to; i++) {
      far += isNear(source, i, cell) ? 0 : source.weight[i];
    }
    double one = far * MISS_COST + least;
    if (one > costs) {
      return -1;
    }
    cost = one;
    return record(cell, land.getKey());
  }

  private static boolean isNear(Source source, int i, int cell) {
    double km =
        kilometres(source.latitude[i], source.longitude[i], latitude(cell), longitude(cell));
    return km <= NEAR_KM;
  }

  private static <K extends Comparable<K>> Map.Entry<K, Float> most(Map<K, Float> counts) {
    Map.Entry<K, Float> best = null;
    for (Map.Entry<K, Float> entry : counts.entrySet()) {
      int order = best == null ? 1 : entry.getValue().compareTo(best.getValue());
      if (order > 0 || (order == 0 && entry.getKey().compareTo(best.getKey()) < 0)) {
        best = entry;
      }
    }
    return best;
  }

  private static int cell(Source source, int i) {
    return (Math.round(source.latitude[i]) + 90) * 361 + Math.round(source.longitude[i]) + 180;
  }

  private static int latitude(int cell) {
    return cell / 361 - 90;
  }

  private static int longitude(int cell) {
    return cell % 361 - 180;
  }

  private int record(Source source, int i) {
    return record(cell(source, i), source.country[i]);
  }

  private int record(int cell, short land) {
    return recordOf.computeIfAbsent(
        (long) cell << 16 | land,
        key -> {
          records.add(new long[] {cell, land});
          return records.size() - 1;
        });
  }

  static double kilometres(double latA, double lonA, double latB, double lonB) {
    double phi = Math.toRadians(latB - latA) / 2;
    double lambda = Math.toRadians(lonB - lonA) / 2;
    double h =
        Math.pow(Math.sin(phi), 2)
            + Math.cos(Math.toRadians(latA))
                * Math.cos(Math.toRadians(latB))
                * Math.pow(Math.sin(lambda), 2);
    return 2 * 6371.0088 * Math.asin(Math.min(1, Math.sqrt(h)));
  }

  /** The file as the MaxMind DB format 2.0 lays it out: tree, gap, data, metadata. */
  private void write(Path out) throws IOException {
    Data data = new Data();
    int[] offsets = new int[records.size()];
    for (int i = 0; i < offsets.length; i++) {
      long[] record = records.get(i);
      int cell = (int) record[0];
      offsets[i] = data.place(countries.get((int) record[1]), latitude(cell), longitude(cell));
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(nodes * 6 + (1 << 20));
    for (int node = 0; node < nodes; node++) {
      for (int value : new int[] {left[node], right[node]}) {
        int record = value == 0 ? nodes : value > 0 ? value : nodes + 16 + offsets[-1 - value];
        bytes.write(record >>> 16);
        bytes.write(record >>> 8);
        bytes.write(record);
      }
    }
    bytes.write(new byte[16]);
    bytes.write(data.bytes());
    bytes.write(new byte[] {(byte) 0xab, (byte) 0xcd, (byte) 0xef});
    bytes.write("MaxMind.com".getBytes(StandardCharsets.US_ASCII));
    bytes.write(metadata());
    Files.write(out, bytes.toByteArray());
  }

  private byte[] metadata() throws IOException {
    Data data = new Data();
    data.map(9);
    data.text("binary_format_major_version").number(5, 2, 2);
    data.text("binary_format_minor_version").number(5, 2, 0);
    data.text("build_epoch").number(9, 8, BUILD_EPOCH);
    data.text("database_type").text("Perigee-City");
    data.text("description").map(1);
    data.text("en")
        .text("Coarse positions from IP Geolocation by DB-IP (https://db-ip.com), CC BY 4.0");
    data.text("ip_version").number(5, 2, 6);
    data.text("languages").array("en");
    data.text("node_count").number(6, 4, nodes);
    data.text("record_size").number(5, 2, 24);
    return data.bytes();
  }

  /** A data section being written. */
  private static final class Data {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final DataOutputStream out = new DataOutputStream(bytes);
    private final Map<String, Integer> texts = new HashMap<>();

    byte[] bytes() {
      return bytes.toByteArray();
    }

    Data map(int size) throws IOException {
      out.writeByte(7 << 5 | size);
      return this;
    }

    Data text(String text) throws IOException {
      byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
      if (utf8.length < 29) {
        out.writeByte(2 << 5 | utf8.length);
      } else {
        out.writeByte(2 << 5 | 29);
        out.writeByte(utf8.length - 29);
      }
      out.write(utf8);
      return this;
    }

    /** Unsigned: type 5 and 6 have a control byte, type 9 an extended one. */
    Data number(int type, int width, long value) throws IOException {
      out.writeByte(type > 7 ? width : type << 5 | width);
      if (type > 7) {
        out.writeByte(type - 7);
      }
      for (int shift = (width - 1) * 8; shift >= 0; shift -= 8) {
        out.writeByte((int) (value >>> shift));
      }
      return this;
    }

    void array(String only) throws IOException {
      out.writeByte(1);
      out.writeByte(11 - 7);
      text(only);
    }

    /** A text once, and a pointer to it from then on. */
    private void shared(String text) throws IOException {
      Integer offset = texts.get(text);
      if (offset == null) {
        texts.put(text, out.size());
        text(text);
      } else if (offset < 2048) {
        out.writeByte(1 << 5 | offset >>> 8);
        out.writeByte(offset);
      } else {
        int rest = offset - 2048;
        out.writeByte(1 << 5 | 1 << 3 | rest >>> 16);
        out.writeShort(rest);
      }
    }

    int place(String country, double latitude, double longitude) throws IOException {
      int offset = out.size();
      map(2);
      shared("country");
      map(1);
      shared("iso_code");
      shared(country);
      shared("location");
      map(2);
      shared("latitude");
      out.writeByte(3 << 5 | 8);
      out.writeDouble(latitude);
      shared("longitude");
      out.writeByte(3 << 5 | 8);
      out.writeDouble(longitude);
      return offset;
    }
  }

  private static java.net.InetAddress address(Source source, int i) throws IOException {
    byte[] bytes =
        source.bits == 32
            ? ByteBuffer.allocate(4).putInt((int) (source.start[i] >>> 32)).array()
            : ByteBuffer.allocate(16).putLong(source.start[i]).array();
    return java.net.InetAddress.getByAddress(bytes);
  }

  private void check(Reader reader, Source source, String family, boolean byAddress)
      throws IOException {
    Random random = new Random(1);
    int near = 0;
    int rightCountry = 0;
    int all = 50_000;
    for (int n = 0; n < all; n++) {
      int i = byAddress ? source.drawn(random) : random.nextInt(source.count);
      Map<?, ?> found = reader.get(address(source, i), Map.class);
      if (found != null) {
        Map<?, ?> location = (Map<?, ?>) found.get("location");
        double far =
            kilometres(
                source.latitude[i],
                source.longitude[i],
                (Double) location.get("latitude"),
                (Double) location.get("longitude"));
        near += far <= NEAR_KM ? 1 : 0;
        String land = (String) ((Map<?, ?>) found.get("country")).get("iso_code");
        rightCountry += land.equals(countries.get(source.country[i])) ? 1 : 0;
      }
    }
    System.out.printf(
        Locale.ROOT,
        "%s, drawn by %s: %d source networks, %.2f %% within %.0f km, %.2f %% of countries right%n",
        family,
        byAddress ? "address" : "network",
        source.count,
        100.0 * near / all,
        NEAR_KM,
        100.0 * rightCountry / all);
  }

  private void sample(Path file, Source... sources) throws IOException {
    StringBuilder text = new StringBuilder("address,latitude,longitude,country\n");
    for (Source source : sources) {
      Random random = new Random(2);
      for (int n = 0; n < SAMPLES; n++) {
        int i = source.drawn(random);
        text.append(
            String.format(
                Locale.ROOT,
                "%s,%.2f,%.2f,%s%n",
                address(source, i).getHostAddress(),
                source.latitude[i],
                source.longitude[i],
                countries.get(source.country[i])));
      }
    }
    Files.writeString(file, text);
  }
}
