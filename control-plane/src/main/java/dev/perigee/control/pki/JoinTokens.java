package dev.perigee.control.pki;

import dev.perigee.contract.JoinToken;

/** Makes what a new node needs to enrol. */
public interface JoinTokens {
  /** A token for a node that is provisioned: single use, valid for a day. */
  JoinToken issue(String node);
}
