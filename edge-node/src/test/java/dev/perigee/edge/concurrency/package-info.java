/**
 * What several threads share, under every order of their steps that a model checker comes to: what
 * it finds is printed with the order that led there.
 */
@NullMarked
package dev.perigee.edge.concurrency;

import org.jspecify.annotations.NullMarked;
