/** Hints at the name that was meant. */

import { nearest } from "./nearest.ts";
import { quote } from "./problem.ts";

/** For how many different words a suggester looks at all candidates. */
const MOST_WORDS = 50;

/** `did you mean "run"?`, or undefined where no candidate is near. */
export function suggest(word: string, candidates: Iterable<string>): string | undefined {
  const guess = nearest(word, candidates);
  return guess === undefined ? undefined : `did you mean ${quote(guess)}?`;
}

/**
 * `suggest` for many words over many candidates: it remembers its answers, and gives no new ones after so many
 * words that nobody reads them all.
 */
export function createSuggester(candidates: () => Iterable<string>): (word: string) => string | undefined {
  const answers = new Map<string, string | undefined>();
  return (word) => {
    if (!answers.has(word) && answers.size < MOST_WORDS) answers.set(word, suggest(word, candidates()));
    return answers.get(word);
  };
}
