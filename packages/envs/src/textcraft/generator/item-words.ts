/**
 * Names of generated items. The names do not reveal the ingredients, because recipes are random.
 */
export const itemWords: readonly string[] = [
  ..."amber ash bark beeswax brine cedar chalk clay copper coral cork cotton ember flax".split(" "),
  ..."garnet gravel hemp horn ivy jade kelp linen loam maple moss nickel ochre opal peat".split(
    " ",
  ),
  ..."pewter pitch quill reed resin sage salt shell silk slate soot tallow tar tin walnut".split(
    " ",
  ),
  ..."wax willow zinc anchor axle barrel basket beam bellows blanket bolt bottle broom".split(" "),
  ..."brush button cabinet candle canvas cart chain clock cord crate desk drum fan flute".split(
    " ",
  ),
  ..."frame funnel gear goblet hammer harp hinge hook kettle kite ladder lantern lens loom".split(
    " ",
  ),
  ..."mask mast needle oar parcel pulley raft rope sail scroll sieve sled spool strap tent".split(
    " ",
  ),
  ..."tile torch trough vase wheel whistle acorn basalt birch feather granite honey indigo".split(
    " ",
  ),
  ..."ivory lime marble oak olive pebble quartz rubber saffron sand silver thistle turf wool".split(
    " ",
  ),
];
