/** What the text of an error says of its cause, where an agent has no code for it. */

import type { OutsideCause } from "./port.ts";

/** The first that fits counts: an answer about credit often has the code of one about rates. */
const CAUSES: readonly (readonly [OutsideCause, RegExp])[] = [
  [
    "out_of_credit",
    /insufficient[_ ](?:quota|credit|funds|balance)|out of credits?|credit balance|billing|quota (?:was )?exceeded|exceeded your (?:current )?quota|usage limit|payment required|\b402\b/i,
  ],
  [
    "login_required",
    /\b401\b|unauthori[sz]ed|authentication[_ ](?:required|error|failed)|auth_required|invalid (?:x-)?api[_ -]?key|incorrect api key|not logged in|please (?:run .{0,30})?log ?in|api key (?:is )?(?:missing|not|required)|login required/i,
  ],
  [
    "model_unreachable",
    /ECONNREFUSED|ECONNRESET|ENOTFOUND|ETIMEDOUT|EAI_AGAIN|connection (?:refused|reset|error|failed|closed)|error sending request|fetch failed|network error|stream (?:disconnected|closed|cut)|socket hang up|getaddrinfo|\b(?:500|502|503|504|529|429)\b|rate.?limit|too many requests|overloaded|service unavailable|bad gateway|internal server error|high demand|unable to connect/i,
  ],
];

/** The cause that a text names; undefined where it names none. */
export function causeOf(text: string): OutsideCause | undefined {
  return CAUSES.find(([, pattern]) => pattern.test(text))?.[0];
}

/** A doubt that the last words of an agent raise; texts longer than an error are work, not a complaint. */
export function doubtOf(lastWords: string): { readonly doubt?: OutsideCause } {
  const text = lastWords.trim();
  if (text === "") return { doubt: "model_unreachable" };
  const cause = text.length > LONGEST_COMPLAINT ? undefined : causeOf(text);
  return cause === undefined ? {} : { doubt: cause };
}

/** Longer texts are no mere error messages. */
const LONGEST_COMPLAINT = 1000;
