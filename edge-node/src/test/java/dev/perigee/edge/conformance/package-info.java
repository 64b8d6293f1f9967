/**
 * The cache against the sentences of its RFCs, one class for each section, cases as data. Each case
 * names what it shows; the pure policies answer, without sockets.
 */
@org.jspecify.annotations.NullMarked
package dev.perigee.edge.conformance;
