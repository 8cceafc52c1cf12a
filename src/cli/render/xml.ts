/** Text inside XML. Pure. */

import { oneLine } from "./text.ts";

/** A text on one line, without what would be taken for markup, inside elements and attributes. */
export function escapedXml(text: string): string {
  return oneLine(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
