package dev.perigee.control.signin;

import java.util.Optional;
import java.util.Set;

/**
 * Whom the provider has signed in.
 *
 * @param sub its own name for the person
 * @param email one that it has verified
 */
record Person(String sub, Optional<String> email, Set<String> groups) {
  Person {
    groups = Set.copyOf(groups);
  }

  /** For people. */
  String name() {
    return email.orElse(sub);
  }
}
