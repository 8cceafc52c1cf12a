/** What a shell may offer for a word. */

/** A text that the word may become, and what it means. */
export interface Candidate {
  readonly value: string;
  readonly description: string;
}

/** What fits a word: these texts, or files or directories, which the shell finds by itself. */
export type Completion =
  | { readonly kind: "words"; readonly candidates: readonly Candidate[] }
  | { readonly kind: "files" | "directories" };

/** Nothing. */
export const NOTHING: Completion = { kind: "words", candidates: [] };
