/** Escapes a text for markup and quoted attributes. */
export function escapeHtml(text: string): string {
  // Most texts need no escaping, and testing is cheaper than replacing.
  if (!/[&<>"']/u.test(text)) return text;
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&#34;")
    .replaceAll("'", "&#39;");
}
