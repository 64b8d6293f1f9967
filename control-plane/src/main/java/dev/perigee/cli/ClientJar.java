package dev.perigee.cli;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.perigee.contract.HostName;
import dev.perigee.keys.ServerCertificate;
import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassFile.ClassHierarchyResolverOption;
import java.lang.classfile.ClassFile.StackMapsOption;
import java.lang.classfile.ClassFileVersion;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassModel;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.MethodModel;
import java.lang.classfile.MethodTransform;
import java.net.URISyntaxException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.yaml.snakeyaml.Yaml;
import picocli.CommandLine;

/**
 * What the client needs, in one jar, for its start: a class that is nowhere, and picocli looks for
 * some, is not looked for in each library of a control plane. The jar lies beside the archive of
 * classes that is made of it, and like that is nothing that is shipped.
 */
public final class ClientJar {
  /** A folder of classes, wherever this class comes from. */
  private record Part(Class<?> one, String folder) {}

  private static final List<Part> PARTS =
      List.of(
          new Part(PerigeeCli.class, "dev/perigee/cli"),
          new Part(HostName.class, "dev/perigee/contract"),
          new Part(ServerCertificate.class, "dev/perigee/keys"),
          new Part(CommandLine.class, "picocli"),
          new Part(JsonInclude.class, "com/fasterxml/jackson/annotation"),
          new Part(JsonFactory.class, "com/fasterxml/jackson/core"),
          new Part(JsonMapper.class, "com/fasterxml/jackson/databind"),
          new Part(Yaml.class, "org/yaml/snakeyaml"));

  /** Those that say by stack maps what their code leaves on the stack (JVMS 25, 4.10). */
  private static final int FIRST_WITH_STACK_MAPS = ClassFile.JAVA_6_VERSION;

  private static final ClassFile WITH_STACK_MAPS =
      ClassFile.of(
          StackMapsOption.GENERATE_STACK_MAPS,
          ClassHierarchyResolverOption.of(
              ClassHierarchyResolver.ofResourceParsing(ClassLoader.getSystemClassLoader())));

  private ClientJar() {}

  /**
   * Writes it.
   *
   * @param args the file
   */
  public static void main(String[] args) throws IOException {
    try (ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(Path.of(args[0])))) {
      for (Part part : PARTS) {
        copy(part, out);
      }
    }
  }

  private static void copy(Part part, ZipOutputStream out) throws IOException {
    Path source = source(part.one());
    if (Files.isDirectory(source)) {
      copy(source, part.folder(), out);
    } else {
      try (FileSystem jar = FileSystems.newFileSystem(source)) {
        copy(jar.getPath("/"), part.folder(), out);
      }
    }
  }

  private static void copy(Path root, String folder, ZipOutputStream out) throws IOException {
    try (Stream<Path> files = Files.walk(root.resolve(folder))) {
      for (Path file : (Iterable<Path>) files.filter(Files::isRegularFile).sorted()::iterator) {
        String name = root.relativize(file).toString();
        byte[] content = Files.readAllBytes(file);
        out.putNextEntry(new ZipEntry(name));
        out.write(name.endsWith(".class") ? verifiedFast(content) : content);
        out.closeEntry();
      }
    }
  }

  /**
   * The same class with stack maps. Without them, as up to Java 5, types are inferred at each start
   * (JVMS 25, 4.10.2), and no archive takes the class.
   */
  static byte[] verifiedFast(byte[] content) {
    ClassModel model = WITH_STACK_MAPS.parse(content);
    if (model.majorVersion() >= FIRST_WITH_STACK_MAPS) {
      return content;
    }
    return WITH_STACK_MAPS.transformClass(
        model,
        (to, element) -> {
          switch (element) {
            case ClassFileVersion older -> to.withVersion(FIRST_WITH_STACK_MAPS, 0);
            case MethodModel method ->
                to.transformMethod(
                    method, MethodTransform.transformingCode(CodeTransform.ACCEPT_ALL));
            default -> to.with(element);
          }
        });
  }

  private static Path source(Class<?> one) {
    try {
      return Path.of(one.getProtectionDomain().getCodeSource().getLocation().toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }
}
