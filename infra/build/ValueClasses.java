import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.tools.ToolProvider;

/**
 * Compiles, while the project is built, the class that Chronicle Map would otherwise have the
 * compiler make at every start of every edge: seconds of work, and a JDK where a runtime is enough.
 * Chronicle takes it from the class path where it is there.
 *
 * <p>Usage: {@code java -cp <runtime class path> ValueClasses.java <folder of classes>}.
 */
final class ValueClasses {
  private static final String VALUE = "net.openhft.chronicle.hash.VanillaGlobalMutableState";

  private ValueClasses() {}

  public static void main(String[] args) throws IOException, ReflectiveOperationException {
    Path classes = Path.of(args[0]);
    Path compiled = classes.resolve(VALUE.replace('.', '/') + "$$Native.class");
    if (Files.exists(compiled)) {
      return;
    }
    String name = VALUE.substring(VALUE.lastIndexOf('.') + 1) + "$$Native";
    Path source = Files.createTempDirectory("value-classes").resolve(name + ".java");
    try {
      Files.writeString(source, source(name));
      compile(source, classes);
    } finally {
      Files.deleteIfExists(source);
      Files.deleteIfExists(source.getParent());
    }
  }

  /** Chronicle's generator is not public; a version without it fails the build here. */
  private static String source(String name) throws ReflectiveOperationException {
    Class<?> model = Class.forName("net.openhft.chronicle.values.ValueModel");
    Object value = model.getMethod("acquire", Class.class).invoke(null, Class.forName(VALUE));
    Method generate =
        Class.forName("net.openhft.chronicle.values.Generators")
            .getDeclaredMethod("generateNativeClass", model, String.class);
    generate.setAccessible(true);
    return (String) generate.invoke(null, value, name);
  }

  private static void compile(Path source, Path classes) {
    List<String> arguments =
        List.of(
            "-nowarn",
            "-proc:none",
            "-cp",
            System.getProperty("java.class.path"),
            "-d",
            classes.toString(),
            source.toString());
    int result =
        ToolProvider.getSystemJavaCompiler()
            .run(null, null, null, arguments.toArray(String[]::new));
    if (result != 0) {
      throw new IllegalStateException("the compiler refused " + source);
    }
  }
}
