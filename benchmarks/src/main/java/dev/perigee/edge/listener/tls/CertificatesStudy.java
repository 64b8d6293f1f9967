package dev.perigee.edge.listener.tls;

import dev.perigee.contract.Bytes;
import dev.perigee.contract.CertificateConfig;
import dev.perigee.contract.TicketKey;
import dev.perigee.edge.table.HashTrie;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.jspecify.annotations.NullMarked;

/**
 * What many certificates cost a node: the table they are looked up in, a look-up, and what the
 * names that are asked for need for a handshake. The certificates are one, with another name in
 * each.
 *
 * <pre>{@code
 * openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -outform DER \
 *     -subj /CN=host-000000.example -addext subjectAltName=DNS:host-000000.example \
 *     -keyout key.pem -out cert.der
 * openssl pkcs8 -topk8 -nocrypt -in key.pem -outform DER -out key.der
 * java … dev.perigee.edge.listener.tls.CertificatesStudy FOLDER CERTIFICATES
 * }</pre>
 */
@NullMarked
final class CertificatesStudy {
  private static final byte[] DIGITS = "host-000000".getBytes(StandardCharsets.US_ASCII);
  private static final int LOOK_UPS = 2_000_000;
  private static final int NAMES = 4096;

  private CertificatesStudy() {}

  public static void main(String[] args) throws Exception {
    byte[] der = Files.readAllBytes(Path.of(args[0], "cert.der"));
    Bytes key = Bytes.copyOf(Files.readAllBytes(Path.of(args[0], "key.der")));
    int certificates = Integer.parseInt(args[1]);
    List<CertificateConfig> all = new ArrayList<>(certificates);
    for (int i = 0; i < certificates; i++) {
      all.add(certificate(der, key, i));
    }
    HashTrie<CertificateConfig> byId = HashTrie.of(all, CertificateConfig::id);
    long before = heap();
    long start = System.nanoTime();
    CertificateTable table = CertificateTable.empty().with(byId);
    say("table of %d: %.1f s".formatted(certificates, (System.nanoTime() - start) / 1e9));
    say("heap beside the configuration: %d bytes each".formatted((heap() - before) / certificates));
    start = System.nanoTime();
    CertificateTable next =
        table.with(byId.withAll(Map.of("new", certificate(der, key, certificates))));
    say("one more: %.2f ms".formatted((System.nanoTime() - start) / 1e6));
    lookUps(next, certificates);
    names(table);
  }

  private static CertificateConfig certificate(byte[] der, Bytes key, int number) {
    byte[] named = der.clone();
    byte[] name = "host-%06d".formatted(number).getBytes(StandardCharsets.US_ASCII);
    for (int at = 0; at + DIGITS.length <= named.length; at++) {
      if (Arrays.equals(der, at, at + DIGITS.length, DIGITS, 0, DIGITS.length)) {
        System.arraycopy(name, 0, named, at, name.length);
      }
    }
    return new CertificateConfig(
        "%064x".formatted(number), List.of(name(number)), List.of(Bytes.copyOf(named)), key);
  }

  private static String name(int number) {
    return "host-%06d.example".formatted(number);
  }

  private static void lookUps(CertificateTable table, int certificates) {
    Random random = new Random(7);
    String[] names = new String[1 << 16];
    for (int i = 0; i < names.length; i++) {
      names[i] = name(random.nextInt(certificates));
    }
    for (int round = 0; round < 5; round++) {
      int found = 0;
      long start = System.nanoTime();
      for (int i = 0; i < LOOK_UPS; i++) {
        found += table.find(names[i & names.length - 1], "EC").isPresent() ? 1 : 0;
      }
      say(
          "look-up: %.0f ns (%d found)"
              .formatted((System.nanoTime() - start) / (double) LOOK_UPS, found));
    }
  }

  private static void names(CertificateTable table) throws Exception {
    byte[] zero = new byte[TicketKey.SECRET_BYTES];
    TicketKey key =
        new TicketKey(
            Bytes.copyOf(new byte[TicketKey.NAME_BYTES]),
            Bytes.copyOf(zero),
            Instant.EPOCH,
            Instant.MAX);
    List<NamedTls> kept = new ArrayList<>();
    for (int round = 0; round < 4; round++) {
      long heap = heap();
      long resident = resident();
      long start = System.nanoTime();
      for (int i = 0; i < NAMES; i++) {
        NamedTls.Which which =
            new NamedTls.Which(
                name(round * NAMES + i), TlsProfile.INTERMEDIATE, true, Optional.empty());
        NamedTls made =
            new BoringSslTls(
                which, new SniKeys(() -> List.of(table), which), InstantSource.system());
        made.tickets(List.of(key));
        kept.add(made);
      }
      double micros = (System.nanoTime() - start) / 1e3 / NAMES;
      say(
          "a name's context: %.0f µs, heap %d bytes, resident %d bytes"
              .formatted(micros, (heap() - heap) / NAMES, (resident() - resident) / NAMES));
    }
    say("kept: %d".formatted(kept.size()));
  }

  private static long heap() {
    for (int i = 0; i < 3; i++) {
      System.gc();
    }
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }

  private static long resident() throws Exception {
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      if (line.startsWith("VmRSS:")) {
        return 1024 * Long.parseLong(line.replaceAll("[^0-9]", ""));
      }
    }
    return 0;
  }

  private static void say(String said) {
    System.out.println(said);
  }
}
