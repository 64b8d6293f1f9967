/**
 * Small benchmarks (JMH) of code on the way of every request or change. Run by hand with {@code
 * java -jar benchmarks/target/perigee-benchmarks-*.jar}; a figure that is quoted anywhere stands in
 * a file under {@code benchmarks/results} with the machine and the command.
 */
@NullMarked
package dev.perigee.benchmarks;

import org.jspecify.annotations.NullMarked;
