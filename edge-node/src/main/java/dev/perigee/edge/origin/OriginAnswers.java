package dev.perigee.edge.origin;

import dev.perigee.edge.request.FieldList;
import io.undertow.client.ClientResponse;
import io.undertow.util.HeaderMap;
import io.undertow.util.HeaderValues;
import io.undertow.util.Headers;
import java.util.OptionalLong;

/** What an origin's answer may be believed to say. */
final class OriginAnswers {
  private OriginAnswers() {}

  /** What RFC 9112, section 6.3 lets a client believe about the length of the body. */
  static boolean isSound(ClientResponse response) {
    HeaderMap headers = response.getResponseHeaders();
    HeaderValues encodings = headers.get(Headers.TRANSFER_ENCODING);
    HeaderValues lengths = headers.get(Headers.CONTENT_LENGTH);
    int status = response.getResponseCode();
    boolean statusOk = status >= 200 && status <= 599;
    if (encodings != null) {
      boolean chunked = encodings.size() == 1 && encodings.getFirst().equalsIgnoreCase("chunked");
      return statusOk && chunked && lengths == null;
    }
    boolean lengthOk =
        lengths == null || (lengths.size() == 1 && lengths.getFirst().matches("[0-9]{1,18}"));
    return statusOk && lengthOk;
  }

  static OptionalLong length(ClientResponse response) {
    String text = response.getResponseHeaders().getFirst(Headers.CONTENT_LENGTH);
    return text == null ? OptionalLong.empty() : OptionalLong.of(Long.parseLong(text));
  }

  static FieldList fields(HeaderMap headers) {
    FieldList.Builder out = FieldList.builder();
    for (HeaderValues values : headers) {
      String name = values.getHeaderName().toString();
      values.forEach(value -> out.add(name, value));
    }
    return OriginFields.response(out.build());
  }
}
