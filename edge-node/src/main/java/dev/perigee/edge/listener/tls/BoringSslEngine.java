package dev.perigee.edge.listener.tls;

import io.netty.handler.ssl.ReferenceCountedOpenSslEngine;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/**
 * Netty's BoringSSL engine in the form in which Undertow expects one. Undertow sets session
 * creation, parameters and an ALPN selector, which netty's engine refuses or would lose its server
 * name check by: all of that is fixed in netty's context, so it is passed over here. The native
 * memory is given back when both directions are closed; netty's finaliser is the backstop.
 */
final class BoringSslEngine extends SSLEngine {
  private final ReferenceCountedOpenSslEngine netty;
  private boolean helloSeen;
  private boolean wrappedBytes;
  private @Nullable SSLException failure;

  BoringSslEngine(ReferenceCountedOpenSslEngine netty) {
    this.netty = netty;
  }

  @Override
  public SSLEngineResult wrap(ByteBuffer source, ByteBuffer target) throws SSLException {
    return wrap(new ByteBuffer[] {source}, 0, 1, target);
  }

  @Override
  public SSLEngineResult wrap(ByteBuffer[] sources, int offset, int length, ByteBuffer target)
      throws SSLException {
    try {
      SSLEngineResult result = netty.wrap(sources, offset, length, target);
      wrappedBytes = result.bytesProduced() > 0;
      return result;
    } catch (SSLException e) {
      return failedAfterAlert(e);
    }
  }

  /**
   * A handshake fails here right after its alert was wrapped, while Undertow, which wraps as long
   * as more is wanted, has not sent that alert yet: the failure waits for the next unwrap.
   */
  private SSLEngineResult failedAfterAlert(SSLException thrown) throws SSLException {
    if (!wrappedBytes || failure != null) {
      throw thrown;
    }
    failure = thrown;
    return new SSLEngineResult(
        SSLEngineResult.Status.CLOSED, HandshakeStatus.NOT_HANDSHAKING, 0, 0);
  }

  @Override
  public SSLEngineResult unwrap(ByteBuffer source, ByteBuffer target) throws SSLException {
    return unwrap(source, new ByteBuffer[] {target}, 0, 1);
  }

  @Override
  public SSLEngineResult unwrap(ByteBuffer source, ByteBuffer[] targets, int offset, int length)
      throws SSLException {
    if (failure != null) {
      throw failure;
    }
    boolean withoutEcdsa = !helloSeen && saysWithoutEcdsa(source);
    SSLEngineResult result = netty.unwrap(source, targets, offset, length);
    if (withoutEcdsa) {
      // not before: the first unwrap begins the handshake, which clears the session's values
      netty.getSession().putValue(SniKeys.WITHOUT_ECDSA, true);
    }
    return result;
  }

  private boolean saysWithoutEcdsa(ByteBuffer source) {
    Optional<ClientHello> hello = ClientHello.peek(source);
    helloSeen = hello.isPresent();
    return hello.map(seen -> !seen.ecdsa()).orElse(false);
  }

  @Override
  public @Nullable Runnable getDelegatedTask() {
    return netty.getDelegatedTask();
  }

  @Override
  public void closeInbound() throws SSLException {
    try {
      netty.closeInbound();
    } finally {
      releaseWhenClosed();
    }
  }

  @Override
  public boolean isInboundDone() {
    return netty.isInboundDone();
  }

  @Override
  public void closeOutbound() {
    netty.closeOutbound();
    releaseWhenClosed();
  }

  @Override
  public boolean isOutboundDone() {
    return netty.isOutboundDone();
  }

  private void releaseWhenClosed() {
    if (netty.isInboundDone() && netty.isOutboundDone()) {
      netty.shutdown();
    }
  }

  @Override
  public String[] getSupportedCipherSuites() {
    return netty.getSupportedCipherSuites();
  }

  @Override
  public String[] getEnabledCipherSuites() {
    return netty.getEnabledCipherSuites();
  }

  @Override
  public void setEnabledCipherSuites(String[] suites) {
    netty.setEnabledCipherSuites(suites);
  }

  @Override
  public String[] getSupportedProtocols() {
    return netty.getSupportedProtocols();
  }

  @Override
  public String[] getEnabledProtocols() {
    return netty.getEnabledProtocols();
  }

  @Override
  public void setEnabledProtocols(String[] protocols) {
    netty.setEnabledProtocols(protocols);
  }

  @Override
  public SSLSession getSession() {
    return netty.getSession();
  }

  @Override
  public @Nullable SSLSession getHandshakeSession() {
    return netty.getHandshakeSession();
  }

  @Override
  public void beginHandshake() throws SSLException {
    netty.beginHandshake();
  }

  @Override
  public HandshakeStatus getHandshakeStatus() {
    return netty.getHandshakeStatus();
  }

  @Override
  public void setUseClientMode(boolean client) {
    if (client) {
      throw new IllegalArgumentException("it is a server's engine");
    }
  }

  @Override
  public boolean getUseClientMode() {
    return false;
  }

  @Override
  public void setNeedClientAuth(boolean need) {
    netty.setNeedClientAuth(need);
  }

  @Override
  public boolean getNeedClientAuth() {
    return netty.getNeedClientAuth();
  }

  @Override
  public void setWantClientAuth(boolean want) {
    netty.setWantClientAuth(want);
  }

  @Override
  public boolean getWantClientAuth() {
    return netty.getWantClientAuth();
  }

  @Override
  public void setEnableSessionCreation(boolean enable) {
    // fixed in netty's context
  }

  @Override
  public boolean getEnableSessionCreation() {
    return true;
  }

  @Override
  public SSLParameters getSSLParameters() {
    return netty.getSSLParameters();
  }

  @Override
  public void setSSLParameters(SSLParameters parameters) {
    // fixed in netty's context, the server name check among them
  }

  @Override
  public String getApplicationProtocol() {
    String negotiated = netty.getNegotiatedApplicationProtocol();
    return negotiated == null ? "" : negotiated;
  }

  @Override
  public String getHandshakeApplicationProtocol() {
    return getApplicationProtocol();
  }

  @Override
  public void setHandshakeApplicationProtocolSelector(
      @Nullable BiFunction<SSLEngine, List<String>, String> selector) {
    // fixed in netty's context
  }

  @Override
  public @Nullable BiFunction<SSLEngine, List<String>, String>
      getHandshakeApplicationProtocolSelector() {
    return null;
  }
}
