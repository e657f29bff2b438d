/**
 * Word-break classes of Lucene 8's StandardTokenizer, by code point.
 *
 * They are frozen at Unicode 9.0 (`Word_Break`, `Script` for Han and Hiragana, `Line_Break` for
 * Thai-like scripts) with the pictographs of Unicode 11 and three additions by Lucene: full-width
 * digits are numeric, and the iteration marks U+3005 and U+303B are letters. The Unicode tables of
 * a JavaScript engine are newer and differ.
 *
 * Each range is a class letter, the gap to the previous range (base 36, omitted if 0) and, after a
 * dot, its length minus one.
 */
const packed =
  "WyCQ3C2D1B1N1.9MDL5.pU4L1.pE1aLX2EL6M1L2L5.mL1.uL1.cpL4.bM5L8.4L7L1Xh.33L.4L1.1L2.3DLL6M" +
  "L.2L1L1.jL1.2aL1.3uX1.6L.4lL1.11L2L7.12D1X7.18X1X1.1X1.1X1H8.qH5.2LMXb.5D6.1X2.aX1L3.16X" +
  ".kN.9N1DL1.1XL.2qL1X.7X1.5L.1X.1X1.3L.1N.9L.2L2XfLXL.tX.qL2.2gX.aLNe.9L.wX.8L.1D2L1L5.lX" +
  ".3LX.8LX.2LX.4Li.oX.2L1w.kL1.7Xm.1bL.1hX.2LX.hLX.6L.9X.1N2.9L1.fX.2L1.7L2.1L2.lL1.6L1L3." +
  "3X2LX.6X2.1X2.2LX8L4.1L1.2X.1N2.9L.1Xf.2L1.5L4.1L2.lL1.6L1.1L1.1L1.1X2X1.4X4.1X2.2X3L7.3" +
  "L1N7.9X.1L.2XXb.2L1.8L1.2L1.lL1.6L1.1L1.4X2LX.7X1.2X1.2L2Lf.1X.1N2.9L9X7.2L1.7L2.1L2.lL1" +
  ".6L1.1L1.4X2LX.6X2.1X2.2X8.1L4.1L1.2X.1N2.9L1XgLL1.5L3.2L1.3L3.1L1L1.1L3.1L3.2L3.bX4.4X3" +
  ".2X1.3L2X6Ne.9Xg.3L1.7L1.2L1.mL1.fL3X.6X1.2X1.3X7.1L1.2L5.1X.1N2.9LgX.2L1.7L1.2L1.mL1.9L" +
  "1.4X2LX.6X1.2X1.3X7.1L7L1.1X.1N2.9L1.1Xe.2L1.7L1.2L1.14L2X.6X1.2X1.3LL5.2XL7.2X.1N2.9La." +
  "5X2.1L1.hL3.nL1.8L1L2.6X3X4.5X1X1.7N6.9X2.1Sd.1bTS.1T.6S5.6T.7N1.9S13.1S1S2.1S1S2S6.3S1." +
  "6S1.2S1S1S2.1S1.3TS.1T.5T1.1SS2.4S1T1.5N2.9S2.3LwXn.1N6.9XbX1X1X4.1L.7L1.zX4.jX1.1L.4X.a" +
  "X1.zX9S1l.16T.jSN.9S6.5T.3S.3T.2ST.2S.1T.6S.2T.3S.cT.bSTN.9T.3S.1L.11L1L5L2.16L1.98L1.3L" +
  "2.6L1L1.3L2.14L1.3L2.wL1.3L2.6L1L1.3L2.eL1.1kL1.3L2.1uX2.2Lw.fLg.2dL2.5L3.h7L2.gL1.pL5.2" +
  "2L3.aL7.cL1.3X.2Lb.hX.2Lb.hX.1Lc.cL1.2X1.1Sc.1fT.vS3S4TN2.9Xx.3N1.9L6.2fL8.4X.1L.xXLL5.1" +
  "xLa.uX1.bX4.bNa.9S.tS2.4Sb.17S4.pN6.9SS3.1Lw.mX.4S4.1gT.9T1.sX2N.9N6.9S6.dX2.eX1t.4L.1aX" +
  ".gL.6N4.9Xh.8Xc.2L.tX.cL.1N.9L.17X.dLc.zX.jN8.9L3.2N.9L.zL2.8X1z.2X1.kL.3XL.3X.2L.1X1.1L" +
  "6.5bX.1hX5.4L.7pL2.5L2.11L2.5L2.7L1L1L1L1.uL2.1gL1.6L1L3.2L1.6L3.3L2.5L4.cL5.2L1.6XfZX.1" +
  "B8.1BaM2X2.4UEcU2.1D3E4UaXb.4X1.9L1LdLg.cX1f.wLhL4L2.9L1L3.4E4L1L1L1L1.3L1.9FL2.3L5.4L4L" +
  "h.14Eb.5Ef.1Ea7.1EcE2nE1yEp.aE4.2L57.bFL.12E5c.1EaE9E1m.3E1.5E1.bE1.8AE.2vEa.2wAE.bE2.1A" +
  ".3E.4E1E1E6E3E6Ea.1EfE2E4E1E4.2E1Eb.4E19.2E9EeEeEac.1Ecv.2Ej.1E1fE4L4q.1aL1.1aL1.3oL6.3X" +
  ".2L.1Lc.11L1L5L2.1jL7XfL.mL9.6L1.6L1.6L1.6L1.6L1.6L1.6L1.6X1.vL1bI28.pI1.2gIc.5xL1bI1Ip." +
  "8X.5EK.4I2.2L.1EI3.2dX2.1K.1I.2K.2iK1.3L5.14L3.2lLh.qK1h.fE47E1K1i.1aK1.2fI4o.52tI22.g5x" +
  "L16.wcL1v.19L2.7gL3.fN.9L.1Lk.1aX.3X1.9L1.uX.1L.27X.1L11.8L2.2uL2.zL1.7L1r.aXL.2XL.3XL.m" +
  "X.4Lo.1fXc.1L.1dX.hNa.9X6.hL.5L3L1N2.9L.rX.7L2.mX.cLc.sX3.3L.1aX.dLeN.9S6.4TS.9N.9S.4L1." +
  "14X.dL9.2XL.7X.1N2.9S6.qT.2S.1dTST.2S.1T.1S.4T.1STSSo.4L.aX.4L2.2X.1La.5L2.5L2.5L9.6L1.6" +
  "L1.16L1.9La.36X.7X1.1N2.9L6.8mbLc.mL4.1cI6is.a5I2.2xL12.6Lc.4H5XH.9H1.cH1.4H1H1.1H1.1H1." +
  "9L.2pLx.a2Li.1rL2.1hL14.bX4.dVXDM2DXb.fU3.1Uo.2DB1D1MLq.4L1.3qX2B7D4B1N1.9MDL5.pU4L1.pKb" +
  ".1jX.1L.uL3.5L2.5L2.5L2.2Xs.2L4.bL1.pL1.iL1.1L1.eL2.dLy.3eL1x.1gX3sL3m.sL3.1cXfLv.vLg.qL" +
  "5.11X.4L5.tL2.zL4.7L1.4L16.4dN2.9L6.zL4.zL4.13L8.1fL4c.8mL9.lLa.7L48.5L2L1.17L1.1L3L2.mL" +
  "a.mL9.uL1t.iL1.1La.lLa.pL1y.1jL6.1L1sX.2X1.1X5.3L.3L1.2L1.qX4.2X4Lw.sL3.sLz.7L1.rX.1Lp.1" +
  "hLa.lLa.iLd.hL32.20L1j.1eLd.1eXlp.2L.1gX.eNv.9Xf.3L.18X.aX2Li.oN7.9X6.2L.zX.dN1.9Lg.yXL2" +
  "X9.2L.1bX.dL.3X5.2N3.9LL1Lz.hL1.oX.bX6L1t.6L1L1.3L1.eL1.9L7.1aX.bN5.9X6.3L1.7L2.1L2.lL1." +
  "6L1.1L1.4X2LX.6X2.1X2.2L2X6L5.4X.1X2.6X3.4L3v.1gX.hL.3N5.9L12.1bX.jL.1L1N8.9L4m.1aX.6X2." +
  "8Ln.3X.1Ly.1bX.gL3Nb.9L12.16X.cN8.9S1i.pT3.eN4.9S.1S3L9s.1rN.9LlLcg.1kL7b.8L1.10X.7X1.7L" +
  "Nf.9Lo.tX2.lX1.dLnd.plL2u.32Lh.5fL24c.tqL34h.g6L6nt.fsL7.uN1.9L2u.tX2.4Lb.1bX.6L9.3Nc.9L" +
  "9.kL5.iLog.1wLbX.19Xg.3L.cL1sKcnzIL2da.2yL5.cL3.8L7.9X3.1X1.3X43l.4X3.lX2.6Xu.3X44.2Lcb." +
  "2cL1.1yL1.1L2L2.1L2.3L1.bL1L1.6L1.1sL1.3L2.7L1.6L1.rL1.3L1.4L1L3.6L1.9fL2.oL1.oL1.uL1.oL" +
  "1.uL1.oL1.uL1.oL1.uL1.oL1.7N2.1dXe8.1iX4.1dX8XeXm.4X1.eX11s.6X1.gX2.6X1.1X1.4L1jp.5gXb.6" +
  "L15.1vX.6N5.9Lx2.3L1.qL1.1L1L2L1.9L1.3L1L1L6L4L1L1L1.2L1.1L1L2L1L1L1L1L1.1L1L2.3L1.6L1.3" +
  "L1.3L1L1.9L1.gL5.2L1.4L1.gE90.73Ed.2EvL.pL6.pE2.3F.1L.bF.1L.9E4E2.9Ei.1kR.pIE.eEaEkE2.8E" +
  "1.3E9.8rAE.1nA.2E.1AE.1A.2E.19G.4E.1tA.1E.1A.aE.kA.3E.3AEA.8E.2AE.3A.2EA.2E.xAE.42E8.19A" +
  ".1E.3AE.kAE.3A.1E.4tA.2E.2A.4E1c.yAE.fA.2E.8AE.aAE.1eE38.bE2d.16Ec.3E1k.7Ea.5E14.7Eu.29E" +
  "c.bA.4EA.1E.5AE.8A.9EE1A.1E.6E1.31A.1EA.1E.mA.cE.17jI2.wyeI15.378Ib.65I2.4g1I866.f1Xfher" +
  "Xu.2nX3k.6n";

/** Letters of the classes; a class is an index into this string. */
const letters = "OLHNKUMDBQXZVITSERGFCWA";

/** A word-break class. */
export type WordBreak = number;

/** Classes by name. */
export const wordBreaks = {
  other: 0,
  letter: 1,
  hebrewLetter: 2,
  numeric: 3,
  katakana: 4,
  extendNumLet: 5,
  midLetter: 6,
  midNum: 7,
  midNumLet: 8,
  singleQuote: 9,
  /** Combining marks and format characters: part of the preceding character. */
  extend: 10,
  zeroWidthJoiner: 11,
  /** U+FE0E, which selects the text form of a pictograph. */
  textSelector: 12,
  /** Han and Hiragana: each is a word. */
  ideograph: 13,
  /** Marks of Thai-like scripts. */
  southEastAsianMark: 14,
  southEastAsian: 15,
  pictograph: 16,
  regionalIndicator: 17,
  /** Skin tones. */
  emojiModifier: 18,
  /** Letters that are pictographs too. */
  pictographLetter: 19,
  /** `#` and `*`, which start keycaps. */
  keycapBase: 20,
  doubleQuote: 21,
  /** Pictographs that take a skin tone. */
  modifierBase: 22,
} as const;

function unpack(): Uint8Array {
  const classes = new Uint8Array(0xe01f0);
  let position = 0;
  for (const [, letter, gap, extra] of packed.matchAll(/([A-Z])([0-9a-z]*)(?:\.([0-9a-z]+))?/gu)) {
    const start = position + (gap === "" ? 0 : Number.parseInt(gap!, 36));
    const end = start + 1 + (extra === undefined ? 0 : Number.parseInt(extra, 36));
    classes.fill(letters.indexOf(letter!), start, end);
    position = end;
  }
  return classes;
}

const classes = unpack();

/** Word-break class of a code point. */
export function findWordBreak(codePoint: number): WordBreak {
  return classes[codePoint] ?? wordBreaks.other;
}
