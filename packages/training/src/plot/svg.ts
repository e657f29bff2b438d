/** Attributes of an SVG element. Numbers are rounded to tenths; `undefined` omits an attribute. */
export type SvgAttributes = Readonly<Record<string, string | number | undefined>>;

/** Renders an SVG element; its children are already rendered. */
export function renderSvgElement(
  name: string,
  attributes: SvgAttributes,
  ...children: readonly string[]
): string {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(
      ([key, value]) => ` ${key}="${typeof value === "number" ? round(value) : escapeXml(value!)}"`,
    )
    .join("");
  const inner = children.join("");
  return inner === "" ? `<${name}${written}/>` : `<${name}${written}>${inner}</${name}>`;
}

/** Renders a text element. */
export function renderSvgText(text: string, attributes: SvgAttributes): string {
  return renderSvgElement("text", attributes, escapeXml(text));
}

/** Formats a path through points, `M x y L x y ...`. */
export function formatSvgPath(points: readonly (readonly [x: number, y: number])[]): string {
  return points.map(([x, y], i) => `${i === 0 ? "M" : "L"}${round(x)} ${round(y)}`).join("");
}

const round = (value: number): string => String(Number(value.toFixed(1)));

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
};

const escapeXml = (text: string): string => text.replaceAll(/[&<>"]/gu, (each) => entities[each]!);
