/** Lists of reported tests as files of a run: what a gate's reports said of which tests there are. */

import { canonicalJson } from "../../canonical_json.ts";
import type { Artifact } from "../../log/kinds.ts";
import { redactText } from "../../log/redact.ts";
import { ArtifactFile } from "../../process/artifact_file.ts";
import type { ReportedTest } from "./lost_tests.ts";

/** More tests than this are not kept: what cannot be compared in whole is not compared at all. */
const TESTS_KEPT = 200_000;

/** Keeps a list without the secrets in it; null where it is too long, or the disk does not take it. */
export async function keepTests(
  runDirectory: string,
  path: string,
  tests: readonly ReportedTest[],
): Promise<Artifact | null> {
  if (tests.length > TESTS_KEPT) return null;
  const safe = tests.map(({ suite, name, skipped }) => ({
    suite: redactText(suite),
    name: redactText(name),
    skipped,
  }));
  return await writeArtifact(runDirectory, path, `${canonicalJson({ tests: safe })}\n`);
}

/** The list that a text is; null where it is none. */
export function parseTests(text: string): readonly ReportedTest[] | null {
  try {
    const { tests } = JSON.parse(text);
    return Array.isArray(tests) && tests.every(isReportedTest) ? tests : null;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return null;
    throw error;
  }
}

/** Writes a file of a run; null where the disk does not take it. */
export async function writeArtifact(
  runDirectory: string,
  path: string,
  text: string,
): Promise<Artifact | null> {
  const file = new ArtifactFile(`${runDirectory}/${path}`);
  const bytes = file.write(text);
  const { kept_bytes, sha256, error } = await file.close();
  return error === undefined ? { path, bytes, kept_bytes, truncated: false, sha256 } : null;
}

function isReportedTest(value: unknown): value is ReportedTest {
  if (typeof value !== "object" || value === null) return false;
  const { suite, name, skipped } = value as Partial<Record<keyof ReportedTest, unknown>>;
  return typeof suite === "string" && typeof name === "string" && typeof skipped === "boolean";
}
