package dev.perigee.control.claim;

import java.util.ArrayList;
import java.util.Hashtable;
import java.util.List;
import javax.naming.Context;
import javax.naming.NameNotFoundException;
import javax.naming.NamingEnumeration;
import javax.naming.NamingException;
import javax.naming.directory.Attribute;
import javax.naming.directory.DirContext;
import javax.naming.directory.InitialDirContext;

/**
 * TXT records, asked of a resolver by the JDK's DNS client. Of the JNDI nothing else is used: what
 * comes back is text.
 *
 * @param resolver as {@code dns://192.0.2.53:53}; {@code dns:} for those of the system
 */
record DnsTexts(String resolver) {
  private static final String FACTORY = "com.sun.jndi.dns.DnsContextFactory";
  private static final String FIRST_MILLIS = "2000";
  private static final String TRIES = "2";
  private static final int MOST = 100;

  /** The texts of a name; none where there is no such name. */
  @SuppressWarnings("BanJNDI")
  List<String> of(String name) throws NamingException {
    DirContext dns = new InitialDirContext(settings());
    try {
      List<String> texts = new ArrayList<>();
      Attribute found = dns.getAttributes(name, new String[] {"TXT"}).get("TXT");
      if (found != null) {
        NamingEnumeration<?> all = found.getAll();
        while (all.hasMore() && texts.size() < MOST) {
          texts.add(String.valueOf(all.next()));
        }
      }
      return texts;
    } catch (NameNotFoundException e) {
      return List.of();
    } finally {
      dns.close();
    }
  }

  @SuppressWarnings("JdkObsolete")
  private Hashtable<String, String> settings() {
    Hashtable<String, String> settings = new Hashtable<>();
    settings.put(Context.INITIAL_CONTEXT_FACTORY, FACTORY);
    settings.put(Context.PROVIDER_URL, resolver);
    settings.put("com.sun.jndi.dns.timeout.initial", FIRST_MILLIS);
    settings.put("com.sun.jndi.dns.timeout.retries", TRIES);
    return settings;
  }
}
