package dev.perigee.control.api;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;

/**
 * Entity tags of what is shown (RFC 9110, section 8.8.3): of what was set, and not of what is
 * measured, which the schemas call {@code readOnly}; else no change could insist on one for long.
 * All control planes make the same. A site's is its revision.
 */
final class Etags {
  private static final String SITE = "Site";
  private static final int BYTES = 16;

  private static final ObjectMapper ORDERED =
      JsonMapper.builder().enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS).build();

  private final JsonNode schemas;

  Etags(JsonNode schemas) {
    this.schemas = schemas;
  }

  /** The tag, with its quotes, of what an answer with this schema shows. */
  String of(String schema, Object body) {
    JsonNode shown = ORDERED.valueToTree(body);
    if (schema.equals(SITE) && shown.has("revision")) {
      return '"' + shown.path("revision").asText() + '"';
    }
    if (shown instanceof ObjectNode object) {
      List<String> measured = new ArrayList<>();
      for (Map.Entry<String, JsonNode> property :
          schemas.path(schema).path("properties").properties()) {
        if (property.getValue().path("readOnly").asBoolean()) {
          measured.add(property.getKey());
        }
      }
      object.remove(measured);
    }
    return '"' + hash(shown) + '"';
  }

  /** A hash of what JSON can write, however the fields of its objects are ordered. */
  static String hash(Object shown) {
    try {
      String text = ORDERED.writeValueAsString(ORDERED.convertValue(shown, Object.class));
      byte[] all =
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return Base64.getUrlEncoder().withoutPadding().encodeToString(Arrays.copyOf(all, BYTES));
    } catch (JsonProcessingException | NoSuchAlgorithmException e) {
      throw new IllegalStateException("an answer has no tag", e);
    }
  }
}
