package dev.perigee.edge.respond.coding;

import dev.perigee.contract.ContentCoding;
import dev.perigee.edge.request.FieldList;
import java.util.Locale;
import java.util.Optional;

/** The fields of a response that goes out in another coding than it came in. */
public final class CodedFields {
  private CodedFields() {}

  /**
   * Says what the response is now.
   *
   * @param before as it came
   * @param out the same, to be changed
   */
  public static void apply(Selected selected, FieldList before, FieldList.Builder out) {
    switch (selected) {
      case NotCodedReason asIs -> {}
      case Selected.Encoded(ContentCoding coding) -> {
        other(before, out);
        out.set("Content-Encoding", coding.token());
      }
      case Selected.Decoded decoded -> {
        other(before, out);
        out.remove("Content-Encoding");
      }
    }
    if (selected.varies()) {
      vary(before, out);
    }
  }

  /**
   * Other bytes: digests speak of those that came (RFC 9530), ranges are of them alone, and a tag
   * says no more than that it means the same (RFC 9110, section 8.8.1).
   */
  private static void other(FieldList before, FieldList.Builder out) {
    out.remove("Content-Length")
        .remove("Accept-Ranges")
        .remove("Content-MD5")
        .remove("Digest")
        .remove("Content-Digest")
        .remove("Repr-Digest");
    Optional<String> tag = before.first("ETag");
    if (tag.isPresent() && !tag.get().startsWith("W/")) {
      out.set("ETag", "W/" + tag.get());
    }
  }

  private static void vary(FieldList before, FieldList.Builder out) {
    Optional<String> others = before.joined("Vary").filter(list -> !list.isBlank());
    if (others.isEmpty()) {
      out.set("Vary", "Accept-Encoding");
    } else if (!names(others.get())) {
      out.set("Vary", others.get() + ", Accept-Encoding");
    }
  }

  private static boolean names(String list) {
    for (String name : list.toLowerCase(Locale.ROOT).split(",", -1)) {
      String bare = name.strip();
      if (bare.equals("accept-encoding") || bare.equals("*")) {
        return true;
      }
    }
    return false;
  }
}
