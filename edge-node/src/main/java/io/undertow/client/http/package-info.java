/**
 * The one class that must live in Undertow's package. Called by the edge's origin package; holds
 * nothing else.
 */
@NullMarked
package io.undertow.client.http;

import org.jspecify.annotations.NullMarked;
