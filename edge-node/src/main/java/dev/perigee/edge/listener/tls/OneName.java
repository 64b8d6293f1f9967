package dev.perigee.edge.listener.tls;

import java.util.Locale;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SNIMatcher;
import javax.net.ssl.SNIServerName;
import javax.net.ssl.StandardConstants;

/**
 * Accepts the server name that an engine was chosen for and no other, so that it makes no
 * difference whether the engine reads a client's words as we did.
 */
final class OneName extends SNIMatcher {
  private final String name;

  /**
   * @param name in lower case; empty to accept none
   */
  OneName(String name) {
    super(StandardConstants.SNI_HOST_NAME);
    this.name = name;
  }

  @Override
  public boolean matches(SNIServerName asked) {
    return !name.isEmpty() && ascii(asked).toLowerCase(Locale.ROOT).equals(name);
  }

  private static String ascii(SNIServerName name) {
    try {
      return new SNIHostName(name.getEncoded()).getAsciiName();
    } catch (IllegalArgumentException e) {
      return ""; // no name that a certificate could be for
    }
  }
}
