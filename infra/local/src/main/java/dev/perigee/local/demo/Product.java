package dev.perigee.local.demo;

import java.util.List;

/**
 * One thing that the demo shop sells.
 *
 * @param number its page is {@code /products/<number>}, tagged {@code product-<number>}
 * @param hue colour of its picture, degrees
 */
record Product(int number, String name, String price, int hue, String text) {
  static final List<Product> ALL =
      List.of(
          new Product(
              1,
              "Field telescope",
              "349.00",
              212,
              "A short refractor that fits in a rucksack and shows the rings of Saturn."),
          new Product(
              2,
              "Star chart",
              "18.50",
              265,
              "Both hemispheres to magnitude six, printed on paper that does not mind dew."),
          new Product(
              3,
              "Red torch",
              "24.00",
              356,
              "Dim enough to keep your eyes dark, bright enough to find the lens cap."),
          new Product(
              4,
              "Moon filter",
              "31.00",
              48,
              "Takes the glare from a full moon, so that the small craters come out."),
          new Product(
              5,
              "Travel tripod",
              "129.00",
              160,
              "Carries eight kilograms, weighs two, and stands still in a breeze."),
          new Product(
              6,
              "Planisphere",
              "12.00",
              232,
              "Turn it to the date and the hour, and it shows the sky above you."),
          new Product(
              7,
              "Wide eyepiece",
              "89.00",
              190,
              "Seventy degrees of sky in one look: whole clusters, and the field round them."),
          new Product(
              8,
              "Dew heater",
              "45.00",
              18,
              "A warm band for the front lens, driven by any small battery."));

  String tag() {
    return "product-" + number;
  }

  String path() {
    return "/products/" + number;
  }

  String picture() {
    return "/images/product-" + number + ".svg";
  }
}
