/** A text as it stands in markup or in a quoted attribute. */
export function escapeHtml(text: string): string {
  // Nearly all texts are plain: looking is cheaper than replacing.
  if (!/[&<>"']/u.test(text)) return text;
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&#34;")
    .replaceAll("'", "&#39;");
}
