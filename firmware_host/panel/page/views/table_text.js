// @ts-check
/** Changing single values in the text of a table file, so that comments and order stay as somebody wrote them. */

/** @param {string[]} lines @param {string} section @returns {[number, number]} lines of the section's body: from, to (not included); −1 without it */
function body(lines, section) {
  const head = lines.findIndex((line) => line.replace(/#.*/, "").trim() === `[${section}]`);
  if (head < 0) return [-1, -1];
  const end = lines.findIndex((line, place) => place > head && /^\s*\[/.test(line));
  return [head + 1, end < 0 ? lines.length : end];
}

/** @param {string} text @param {string} name */
function key(text, name) {
  return new RegExp(`^\\s*${name}\\s*=`).test(text);
}

/**
 * Give the text with a value set, or with `null` taken out.
 *
 * @param {string} text @param {string} section such as "limits" @param {string} name
 * @param {string | number | null} value
 */
export function withValue(text, section, name, value) {
  const lines = text.split("\n");
  const [from, to] = body(lines, section);
  const written = value === null ? null : `${name} = ${typeof value === "number" ? value : JSON.stringify(value)}`;
  if (from < 0) {
    if (written === null) return text;
    const before = text.replace(/\n*$/, text.trim() === "" ? "" : "\n\n");
    return `${before}[${section}]\n${written}\n`;
  }
  const at = lines.findIndex((line, place) => place >= from && place < to && key(line, name));
  if (at >= 0) {
    const comment = /\s+#.*$/.exec(lines[at].replace(/"[^"]*"/g, (quoted) => "_".repeat(quoted.length)))?.[0] ?? "";
    const kept = comment === "" ? "" : lines[at].slice(-comment.length);
    lines.splice(at, 1, ...(written === null ? [] : [written + kept]));
  } else if (written !== null) {
    let last = to;
    while (last > from && lines[last - 1].trim() === "") last -= 1;
    lines.splice(last, 0, written);
  }
  return lines.join("\n");
}

/** A value as it stands in the text; null where it does not. @param {string} text @param {string} section @param {string} name @returns {string | null} */
export function valueOf(text, section, name) {
  const lines = text.split("\n");
  const [from, to] = body(lines, section);
  const line = from < 0 ? undefined : lines.slice(from, to).find((one) => key(one, name));
  if (line === undefined) return null;
  const written = line.slice(line.indexOf("=") + 1).trim();
  const quoted = /^"((?:[^"\\]|\\.)*)"|^'([^']*)'/.exec(written);
  if (quoted !== null) return quoted[2] ?? JSON.parse(quoted[0]);
  return written.replace(/\s*#.*$/, "");
}

const CHECKED = "# Directions and zero checked ";

/**
 * Give the text with the result of a check at its end, in place of that of an earlier one.
 * @param {string} text @param {string} day such as 2026-11-26 @param {string[]} findings
 */
export function withCheck(text, day, findings) {
  const kept = text.split("\n").filter((line) => !line.startsWith(CHECKED) && !line.startsWith("#   checked: "));
  while (kept.length > 0 && kept[kept.length - 1].trim() === "") kept.pop();
  return [...kept, "", `${CHECKED}${day}, with the table empty:`, ...findings.map((one) => `#   checked: ${one}`), ""].join("\n");
}

/** The check that a text tells of; null without one. @param {string} text @returns {string | null} */
export function lastCheck(text) {
  const line = text.split("\n").find((one) => one.startsWith(CHECKED));
  return line === undefined ? null : line.slice(CHECKED.length, CHECKED.length + 10);
}
