/** Colours that the reward knows, in alphabetical order. */
const colors: readonly string[] = (
  "alabaster apricot aqua ash asphalt azure banana beige black blue blush bordeaux bronze brown " +
  "burgundy camel camo caramel champagne charcoal cheetah chestnut chocolate christmas coffee " +
  "cognac copper coral cranberry cream crystal dark denim eggplant elephant espresso fuchsia gold " +
  "granite grape graphite grass gray green grey heather indigo ivory ivy khaki lavender lemon " +
  "leopard light lilac lime magenta maroon mauve merlot midnight mint mocha multicolor mushroom " +
  "mustard natural navy nude olive orange peach pewter pink plum purple rainbow red rose royal rust " +
  "sand sapphire seashell silver skull slate steel stone stonewash sunflower tan taupe teal tiger " +
  "turquoise violet walnut wheat white wine yellow"
).split(" ");

/** First colour whose name occurs in an option value; the value itself if none does. */
export function normalizeColor(value: string): string {
  return colors.find((color) => value.includes(color)) ?? value;
}

/**
 * Like {@link normalizeColor} for a name and a value treated as one text: the first colour that
 * equals the name or the value; `undefined` for none.
 */
export function colorOfPair(name: string, value: string): string | undefined {
  return colors.find((color) => color === name || color === value);
}
