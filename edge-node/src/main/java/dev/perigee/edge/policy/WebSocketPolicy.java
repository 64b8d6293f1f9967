package dev.perigee.edge.policy;

import dev.perigee.edge.request.Fields;
import dev.perigee.edge.request.RequestHead;
import dev.perigee.edge.request.ResponseHead;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;

/**
 * The opening handshake of WebSocket over HTTP/1.1 (RFC 6455, section 4), seen from between: what a
 * request must be to be passed on as one, and what an answer must be to be believed.
 */
public final class WebSocketPolicy {
  /** The protocol's name in Upgrade. */
  public static final String PROTOCOL = "websocket";

  private static final String VERSION = "13";
  private static final String GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  private static final int NONCE_BYTES = 16;
  private static final int NONCE_CHARACTERS = 24;

  private static final Handshake NONE = new Handshake.None();

  private WebSocketPolicy() {}

  /** What a request asks for. */
  public sealed interface Handshake {
    /** Nothing of the kind: Upgrade, if there is one, is not heeded (RFC 9110, section 7.8). */
    record None() implements Handshake {}

    /**
     * A connection that becomes a WebSocket.
     *
     * @param key of Sec-WebSocket-Key
     */
    record Wanted(String key) implements Handshake {}

    /** A malformed handshake. */
    record Refused(RefusedReason reason) implements Handshake {}
  }

  /** Why a handshake is refused. */
  public enum RefusedReason {
    VERSION(426, "This node speaks version 13 of WebSocket."),
    KEY(400, "Sec-WebSocket-Key is no 16 bytes in base64."),
    BODY(400, "A WebSocket handshake has no body.");

    private final int status;
    private final String sentence;

    RefusedReason(int status, String sentence) {
      this.status = status;
      this.sentence = sentence;
    }

    public int status() {
      return status;
    }

    public String sentence() {
      return sentence;
    }
  }

  /** What the request asks for. */
  public static Handshake of(RequestHead request) {
    Fields fields = request.fields();
    boolean asked =
        request.isGet()
            && request.protocol().equals("HTTP/1.1")
            && fields.contains("Upgrade")
            && lists(fields, "Upgrade", PROTOCOL)
            && lists(fields, "Connection", "upgrade");
    if (!asked) {
      return NONE;
    }
    if (request.hasBody()) {
      return new Handshake.Refused(RefusedReason.BODY);
    }
    if (!fields.all("Sec-WebSocket-Version").equals(List.of(VERSION))) {
      return new Handshake.Refused(RefusedReason.VERSION);
    }
    List<String> keys = fields.all("Sec-WebSocket-Key");
    return keys.size() == 1 && isNonce(keys.getFirst())
        ? new Handshake.Wanted(keys.getFirst().strip())
        : new Handshake.Refused(RefusedReason.KEY);
  }

  /** Whether the 101 answers this handshake and no other (RFC 6455, section 4.1). */
  public static boolean isAccepted(String key, RequestHead request, ResponseHead response) {
    boolean accepted = response.fields().all("Sec-WebSocket-Accept").equals(List.of(accept(key)));
    List<String> chosen = response.fields().all("Sec-WebSocket-Protocol");
    boolean offered =
        chosen.isEmpty()
            || (chosen.size() == 1 && lists(request.fields(), "Sec-WebSocket-Protocol", chosen));
    return response.status() == 101 && accepted && offered && isExtended(request, response);
  }

  /** Whether every extension in the answer was offered. */
  private static boolean isExtended(RequestHead request, ResponseHead response) {
    List<String> offered = names(request.fields());
    return offered.containsAll(names(response.fields()));
  }

  private static List<String> names(Fields fields) {
    List<String> names = new ArrayList<>();
    for (String line : fields.all("Sec-WebSocket-Extensions")) {
      for (String extension : line.split(",", -1)) {
        names.add(extension.split(";", 2)[0].strip());
      }
    }
    return names;
  }

  private static boolean lists(Fields fields, String name, List<String> value) {
    return listed(fields, name).anyMatch(one -> one.equals(value.getFirst()));
  }

  private static boolean lists(Fields fields, String name, String token) {
    return listed(fields, name).anyMatch(one -> one.equalsIgnoreCase(token));
  }

  private static java.util.stream.Stream<String> listed(Fields fields, String name) {
    return fields.all(name).stream()
        .flatMap(line -> List.of(line.split(",", -1)).stream())
        .map(String::strip);
  }

  private static boolean isNonce(String key) {
    // Padding stands: RFC 4648, section 3.2.
    return key.strip().length() == NONCE_CHARACTERS
        && decoded(key.strip()).filter(bytes -> bytes.length == NONCE_BYTES).isPresent();
  }

  private static Optional<byte[]> decoded(String text) {
    try {
      return Optional.of(Base64.getDecoder().decode(text));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private static String accept(String key) {
    try {
      byte[] bytes = (key + GUID).getBytes(StandardCharsets.ISO_8859_1);
      return Base64.getEncoder().encodeToString(MessageDigest.getInstance("SHA-1").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-1", e);
    }
  }
}
