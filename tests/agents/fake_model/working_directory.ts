/** Where an agent works, as it tells the model; agents have no field for it, only a sentence. */

const SENTENCES: readonly RegExp[] = [
  /<cwd>(\/[^<]+)<\/cwd>/g,
  /(?:primary )?working directory(?: is)?[:`\s*]*\s*`?(\/[^\s"'`<,]+)/gi,
  /currently working in the directory:?\s*`?(\/[^\s"'`<]+)/gi,
  /\bcwd\b[:=\s`"]*(\/[^\s"'`<,]+)/gi,
  /workspace(?: directory| root)?[:\s`*]+(\/[^\s"'`<,]+)/gi,
  /directory:?\s+`?(\/[^\s"'`<,]+)/gi,
];

/** The directory in the text of a request; null where none is named. */
export function workingDirectoryIn(request: string): string | null {
  const text = request.replaceAll("\\n", "\n").replaceAll('\\"', '"');
  for (const sentence of SENTENCES) {
    const named = [...text.matchAll(sentence)].at(-1)?.[1];
    if (named !== undefined) return named.replace(/[.,;:]+$/, "");
  }
  return null;
}
