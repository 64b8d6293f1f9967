package dev.perigee.control.claim;

import dev.perigee.contract.OriginAddressPolicy;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a host answers at the path of a token. The address is looked up and judged here, and that
 * one is asked: a name that leads elsewhere a moment later gains nothing. No redirect is followed.
 */
final class HttpToken {
  /** Below it, on the host, lies the text of a proof, under the name of its token. */
  static final String PATH = "/.well-known/perigee-challenge/";

  private static final int CONNECT_MILLIS = 3_000;
  private static final int READ_MILLIS = 3_000;
  private static final Duration WHOLE = Duration.ofSeconds(10);
  private static final int MOST_BYTES = 16_384;
  private static final Pattern HEAD =
      Pattern.compile("HTTP/1\\.[01] ([0-9]{3})[^\\r\\n]*\\r\\n(.*?\\r\\n)?\\r\\n", Pattern.DOTALL);
  private static final Pattern LENGTH =
      Pattern.compile("(?im)^content-length:[ \\t]*([0-9]{1,9})[ \\t]*\\r?$");

  private final HostProver.Addresses addresses;
  private final OriginAddressPolicy policy;
  private final int port;
  private final LongSupplier nanos;

  HttpToken(
      HostProver.Addresses addresses, OriginAddressPolicy policy, int port, LongSupplier nanos) {
    this.addresses = addresses;
    this.policy = policy;
    this.port = port;
    this.nanos = nanos;
  }

  /** Empty where the host answers with the text of the token; else what it does instead. */
  Optional<String> lacks(String host, String token, String wanted) {
    List<InetAddress> all;
    try {
      all = addresses.of(host);
    } catch (UnknownHostException e) {
      return Optional.of("has no address");
    }
    Optional<InetAddress> address = all.stream().filter(policy::allows).findFirst();
    if (address.isEmpty()) {
      return Optional.of("has no address of the public internet");
    }
    try {
      String answer = answer(address.get(), host, token);
      Matcher head = HEAD.matcher(answer);
      if (!head.lookingAt()) {
        return Optional.of("does not answer in HTTP");
      }
      if (!head.group(1).equals("200")) {
        return Optional.of("answers with status " + head.group(1) + ", and must with 200");
      }
      return answer.substring(head.end()).strip().equals(wanted)
          ? Optional.empty()
          : Optional.of("answers with another text");
    } catch (IOException e) {
      return Optional.of("does not answer on port " + port);
    }
  }

  private String answer(InetAddress address, String host, String token) throws IOException {
    long end = nanos.getAsLong() + WHOLE.toNanos();
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(address, port), CONNECT_MILLIS);
      socket.setSoTimeout(READ_MILLIS);
      // Of HTTP/1.0, so that the answer comes in one piece and the connection ends behind it.
      String request =
          "GET %s%s HTTP/1.0\r\nHost: %s\r\nUser-Agent: perigee\r\nAccept: text/plain\r\n\r\n"
              .formatted(PATH, token, host);
      socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
      ByteArrayOutputStream got = new ByteArrayOutputStream();
      InputStream in = socket.getInputStream();
      byte[] piece = new byte[2_048];
      while (got.size() < MOST_BYTES && nanos.getAsLong() - end < 0) {
        int length = in.read(piece);
        if (length > 0) {
          got.write(piece, 0, length);
        }
        String text = got.toString(StandardCharsets.ISO_8859_1);
        if (length < 0 || isWhole(text)) {
          return text;
        }
      }
      throw new IOException("the answer is too long or too slow");
    }
  }

  private static boolean isWhole(String text) {
    Matcher head = HEAD.matcher(text);
    if (!head.lookingAt()) {
      return false;
    }
    Matcher length = LENGTH.matcher(head.group());
    return length.find() && text.length() - head.end() >= Integer.parseInt(length.group(1));
  }
}
