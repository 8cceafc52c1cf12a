/** Texts inside Markdown and on terminals. Names and reasons come from tasks and file names. Pure. */

/** A text on one line, without what would reach the terminal. */
export function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, " ").replace(/\p{Cc}/gu, "?");
}

/** A number of tests in words. */
export function testsText(count: number): string {
  return count === 1 ? "1 test" : `${count} tests`;
}

/** A text on one line, without what means something in Markdown. */
export function escapeMarkdown(text: string): string {
  return oneLine(text).replace(/[\\`*_[\]<>|#]/g, (char) => `\\${char}`);
}
