package dev.perigee.testkit;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.platform.commons.support.AnnotationSupport;

/**
 * Marks a run that is too long for every build: it happens under {@code mvn verify -Pfull} only,
 * and elsewhere is named as skipped, with what it would have shown.
 */
@Documented
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(Full.InFullRuns.class)
public @interface Full {
  /** What stays unproven when it is skipped. */
  String value();

  /** Enabled when the system property {@code perigee.full} is true. */
  final class InFullRuns implements ExecutionCondition {
    /** Called by JUnit. */
    public InFullRuns() {}

    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
      if (Boolean.getBoolean("perigee.full")) {
        return ConditionEvaluationResult.enabled("a full run");
      }
      String what =
          AnnotationSupport.findAnnotation(context.getElement(), Full.class)
              .map(Full::value)
              .orElse("a long run");
      System.out.println("skipped, needs -Pfull: " + what);
      return ConditionEvaluationResult.disabled("needs -Pfull: " + what);
    }
  }
}
