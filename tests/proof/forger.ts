/** A forger who knows the format of the log: every sum of what he writes holds, and each commit follows the one before. */

import { sha256 } from "../../src/digest.ts";

/** The lines of each commit of a log. */
export function commitsOf(text: string): string[][] {
  const commits: string[][] = [];
  let open: string[] = [];
  for (const line of text.trimEnd().split("\n")) {
    open.push(line);
    if (!/,"sum":"[0-9a-f]{64}"\}$/.test(line)) continue;
    commits.push(open);
    open = [];
  }
  return commits;
}

/** A log with these commits: indexes, sums, and the chain between them are made anew. */
export function rechained(commits: readonly (readonly string[])[]): string {
  let index = 0;
  let prev = "0".repeat(64);
  return commits.map((lines) => {
    const bytes = lines.map((line) => line.replace(/^\{"index":\d+/, `{"index":${index++}`)).join("\n")
      .replace(/"prev":"[0-9a-f]{64}"/, `"prev":"${prev}"`).replace(/,"sum":"[0-9a-f]{64}"\}$/, "");
    prev = sha256(bytes);
    return `${bytes},"sum":"${prev}"}\n`;
  }).join("");
}
