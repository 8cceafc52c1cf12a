/** The nearest names for many words. */

import { nearest } from "./nearest.ts";

/** For how many different words a suggester looks at all candidates. */
const MOST_WORDS = 50;

/**
 * `nearest` for many words over many candidates: it remembers its answers, and gives no new ones after so many
 * words that nobody reads them all.
 */
export function createSuggester(candidates: () => Iterable<string>): (word: string) => string | undefined {
  const answers = new Map<string, string | undefined>();
  return (word) => {
    if (!answers.has(word) && answers.size < MOST_WORDS) answers.set(word, nearest(word, candidates()));
    return answers.get(word);
  };
}
