/**
 * Parses the address of a server. Its user, password, query and fragment are refused, and no message
 * repeats them, because they may be secrets.
 * @param where - Name of the calling function or setting, for messages.
 * @throws `RangeError` if the address is not `http` or `https`, or has one of those parts.
 */
export function parseServerUrl(where: string, text: string): URL {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    // Text before an @ may be a password.
    const shown = text.includes("@")
      ? `one that ends in ${text.slice(text.lastIndexOf("@"))}`
      : text;
    throw new RangeError(`${where}: url must be http://host or https://host, got ${shown}`);
  }
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") {
    throw new RangeError(
      `${where}: url must have no user, password, query or fragment, got one at ${url.host}`,
    );
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new RangeError(`${where}: url must be http://host or https://host, got ${text}`);
  }
  return url;
}
