package dev.perigee.edge.respond.coding;

/** Why a response goes out in the coding that it is stored in, or came in. */
public enum NotCodedReason implements Selected {
  OFF("The site does not want it.", false),
  OTHER_NODE("Another node asks, and codes for its own readers.", false),
  METHOD("Only what GET and HEAD get is coded.", false),
  STATUS("Only what is answered with 200 is compressed.", false),
  PART("It is a part of a body.", false),
  NO_TRANSFORM("The origin forbids it (no-transform).", false),
  CODED_BY_ORIGIN("The origin has coded it, in a way that is not known here.", false),
  TOO_SMALL("It is too small to gain by it.", false),
  TOO_LARGE("It is larger than the node compresses.", false),
  TYPE("Its type is none that the site has compressed.", false),
  PERSONAL("It is private or sets cookies, and its length could give a secret away.", false),
  TAKEN("The reader takes the coding of the origin.", true),
  REQUEST_NO_TRANSFORM("The reader forbids it (no-transform).", true),
  CREDENTIALS("It was asked for with credentials, and its length could give a secret away.", true),
  RANGE("Ranges, and the conditions that go with them, are of the bytes of the origin.", true),
  NOT_YET("It is not compressed yet.", true),
  NOT_ACCEPTED("The reader takes no coding that there is.", true),
  NOT_PREFERRED("The reader likes it uncompressed more.", true);

  private final String sentence;
  private final boolean ofRequest;

  NotCodedReason(String sentence, boolean ofRequest) {
    this.sentence = sentence;
    this.ofRequest = ofRequest;
  }

  public String sentence() {
    return sentence;
  }

  /** Whether another request would get it in another coding: then Vary has to say so. */
  public boolean isOfRequest() {
    return ofRequest;
  }
}
