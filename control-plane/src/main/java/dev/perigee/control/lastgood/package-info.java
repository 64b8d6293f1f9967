/**
 * All that a control plane without the API answers from, as it was when it was last good, on disk.
 * The composition root writes it and starts from it where the database is away; it reads no
 * database and answers nobody.
 */
@NullMarked
package dev.perigee.control.lastgood;

import org.jspecify.annotations.NullMarked;
