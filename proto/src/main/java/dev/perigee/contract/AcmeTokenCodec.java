package dev.perigee.contract;

import dev.perigee.contract.sync.v1.AcmeTokens;

/** The part of {@link SyncCodec} that has to do with certificate authorities. */
final class AcmeTokenCodec {
  private AcmeTokenCodec() {}

  static AcmeTokens encode(FromControl.AcmeTokens message) {
    AcmeTokens.Builder out = AcmeTokens.newBuilder().setThrough(message.through());
    for (AcmeToken token : message.tokens()) {
      out.addTokens(
          dev.perigee.contract.sync.v1.AcmeToken.newBuilder()
              .setHost(token.host())
              .setToken(token.token())
              .setKeyAuthorization(token.keyAuthorization()));
    }
    return out.build();
  }

  static FromControl.AcmeTokens decode(AcmeTokens message) {
    return new FromControl.AcmeTokens(
        message.getTokensList().stream()
            .map(one -> new AcmeToken(one.getHost(), one.getToken(), one.getKeyAuthorization()))
            .toList(),
        message.getThrough());
  }
}
