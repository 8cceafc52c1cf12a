/**
 * JUnit XML reports. There is no formal standard: some producers nest suites and count children twice, some leave
 * attributes out. So the test cases themselves are counted, and the attributes of the outermost suites only where a
 * report lists no case. Entities that a report declares are not expanded, and nothing is fetched.
 */

import { type SaxesAttributePlain, SaxesParser, type SaxesTagPlain } from "saxes";
import type { ReportedTest } from "./tests/lost_tests.ts";

/** How many tests a report tells of. */
export interface TestCounts {
  readonly tests: number;
  /** Failures and errors. */
  readonly failures: number;
  readonly skipped: number;
}

/** What a report tells. */
export interface JunitReport {
  readonly counts: TestCounts;
  /** Its test cases; empty where it only counts them. */
  readonly tests: readonly ReportedTest[];
}

/** Reads a report; null where the text is no JUnit report, or an incomplete one. */
export function readJunit(text: string): JunitReport | null {
  const counter = new CaseCounter();
  const parser = new SaxesParser({ xmlns: false, position: false });
  parser.on("opentag", (tag) => counter.open(tag));
  parser.on("closetag", ({ name }) => counter.close(name));
  try {
    parser.write(text.replaceAll(NOT_IN_XML, "")).close();
  } catch (error) {
    if (error instanceof Error) return null;
    throw error;
  }
  return counter.result();
}

/** What no XML may hold, but reports with the raw output of tests do. */
// deno-lint-ignore no-control-regex -- these are the characters that are meant
const NOT_IN_XML = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;

const SUITES: ReadonlySet<string> = new Set(["testsuites", "testsuite"]);

class CaseCounter {
  readonly #path: string[] = [];
  readonly #cases = { tests: 0, failures: 0, skipped: 0 };
  readonly #declared = { tests: 0, failures: 0, skipped: 0 };
  readonly #tests: ReportedTest[] = [];
  /** The case that is being read. */
  #case = { suite: "", name: "" };
  /** What the case that is being read has come to. */
  #verdict: "passed" | "failed" | "skipped" = "passed";
  #isReport = false;

  /** Takes the next element. */
  open({ name, attributes }: SaxesTagPlain): void {
    if (this.#path.length === 0) this.#isReport = SUITES.has(name);
    const parent = this.#path.at(-1);
    this.#path.push(name);
    if (name === "testcase") {
      this.#verdict = "passed";
      const { classname, file, name: title } = attributes;
      this.#case = { suite: classname ?? file ?? "", name: title ?? "" };
    }
    if (parent === "testcase") {
      if (name === "failure" || name === "error") this.#verdict = "failed";
      else if (name === "skipped" && this.#verdict === "passed") this.#verdict = "skipped";
    }
    const isOutermost = name === "testsuite" && (parent === undefined || parent === "testsuites");
    if (isOutermost) this.#declare(attributes);
  }

  /** Takes the end of an element. */
  close(name: string): void {
    this.#path.pop();
    if (name !== "testcase") return;
    this.#cases.tests += 1;
    if (this.#verdict === "failed") this.#cases.failures += 1;
    if (this.#verdict === "skipped") this.#cases.skipped += 1;
    this.#tests.push({ ...this.#case, skipped: this.#verdict === "skipped" });
  }

  /** What was read, once all of it was. */
  result(): JunitReport | null {
    if (!this.#isReport || this.#path.length > 0) return null;
    return { counts: this.#cases.tests > 0 ? this.#cases : this.#declared, tests: this.#tests };
  }

  #declare(attributes: Readonly<Record<string, SaxesAttributePlain["value"]>>): void {
    const number = (name: string) => {
      const value = Number(attributes[name] ?? 0);
      return Number.isSafeInteger(value) && value > 0 ? value : 0;
    };
    this.#declared.tests += number("tests");
    this.#declared.failures += number("failures") + number("errors");
    this.#declared.skipped += number("skipped");
  }
}
