package dev.perigee.edge.conformance;

import dev.perigee.edge.cache.HttpDate;
import dev.perigee.edge.cache.StoragePolicy;
import dev.perigee.edge.cache.StoragePolicy.Storage;
import dev.perigee.edge.cache.StoredBody;
import dev.perigee.edge.cache.StoredMeta;
import dev.perigee.edge.cache.StoredResponse;
import dev.perigee.edge.cache.Variants;
import dev.perigee.edge.request.CacheKey;
import dev.perigee.edge.request.FieldList;
import dev.perigee.edge.request.RequestHead;
import dev.perigee.edge.request.ResponseHead;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/** Requests and responses written as lines, such as {@code Cache-Control: max-age=60}. */
final class Cases {
  /** When every response came; seconds count from here. */
  static final long NOW = 1_800_000_000_000L;

  static final CacheKey KEY = CacheKey.of("shop", "www.shop.example", "/a");

  private Cases() {}

  /** Fields of {@code |}-divided lines; {@code {+5}} stands for the date five seconds from then. */
  static FieldList fields(String lines) {
    FieldList.Builder fields = FieldList.builder();
    for (String line : lines.split("\\|", -1)) {
      int colon = line.indexOf(':');
      if (colon > 0) {
        fields.add(line.substring(0, colon).strip(), dated(line.substring(colon + 1).strip()));
      }
    }
    return fields.build();
  }

  private static String dated(String value) {
    if (!value.startsWith("{")) {
      return value;
    }
    return date(Long.parseLong(value.substring(1, value.length() - 1)));
  }

  static String date(long seconds) {
    return HttpDate.format(NOW + seconds * 1000);
  }

  static RequestHead request(String method, String lines) {
    return new RequestHead(
        method,
        "http",
        KEY.host(),
        80,
        KEY.target(),
        "HTTP/1.1",
        fields(lines),
        "192.0.2.1",
        false);
  }

  static Storage storage(String method, String requestLines, int status, String responseLines) {
    ResponseHead response = new ResponseHead(status, fields(responseLines));
    return StoragePolicy.decide(request(method, requestLines), KEY, response, NOW, NOW, 0);
  }

  /** A response that came at {@link #NOW} for a request with these fields. */
  static StoredMeta meta(String requestLines, String responseLines) {
    FieldList fields = fields(responseLines);
    List<String> names = Variants.names(fields);
    return new StoredMeta(
        KEY,
        new ResponseHead(200, fields),
        names,
        Variants.values(names, fields(requestLines)),
        Set.of(),
        NOW,
        NOW,
        0,
        0,
        OptionalLong.empty());
  }

  static StoredResponse stored(StoredMeta meta) {
    return new StoredResponse() {
      @Override
      public long id() {
        return 1;
      }

      @Override
      public StoredMeta meta() {
        return meta;
      }

      @Override
      public long length() {
        return 0;
      }

      @Override
      public Optional<StoredBody> open() {
        return Optional.empty();
      }
    };
  }
}
