package dev.perigee.control.dns;

import dev.perigee.contract.SiteConfig;

/** What a name is. */
sealed interface Named {
  /** A name without data of its own. */
  enum Bare implements Named {
    /** Nobody asked this server to answer for it. */
    ELSEWHERE,
    /** It does not exist. */
    NOTHING,
    /** It exists, because something below it does (RFC 8020), or because a zone begins there. */
    EMPTY
  }

  /**
   * A name of a site: its readers are steered.
   *
   * @param https whether the edges have a certificate for the name
   */
  record Steered(SiteConfig site, boolean https) implements Named {}

  /** A node or a name server: the same addresses for everybody. */
  record Fixed(Addresses addresses) implements Named {}
}
