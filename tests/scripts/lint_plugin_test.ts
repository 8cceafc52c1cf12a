import { assertEquals, assertStringIncludes } from "@std/assert";
import plugin from "../../scripts/lint_plugin.ts";

/** The messages that the plugin gives for a file, as `rule: message`. */
function lint(path: string, source: string): string[] {
  return Deno.lint.runPlugin(plugin, path, source).map(({ id, message }) => `${id}: ${message}`);
}

Deno.test("terminal allows console, exit, args and signals in main.ts, src/cli/, tests/ and scripts/ only", () => {
  const source = [
    `console.log("x");`,
    `Deno.exit(1);`,
    `Deno["args"];`,
    `Deno.addSignalListener("SIGTERM", () => {});`,
    `Deno.removeSignalListener("SIGTERM", () => {});`,
    `Deno.stdout.writeSync(new Uint8Array());`,
    `const { exit } = Deno;`,
  ].join("\n");
  for (const path of ["main.ts", "src/cli/commands/run.ts", "tests/cli/run_test.ts", "scripts/demo.ts"]) {
    assertEquals(lint(path, source), [], path);
  }
  assertEquals(lint("src/run/controller.ts", source), [
    "omk/terminal: console.log outside main.ts and src/cli/",
    "omk/terminal: Deno.exit outside main.ts and src/cli/",
    "omk/terminal: Deno.args outside main.ts and src/cli/",
    "omk/terminal: Deno.addSignalListener outside main.ts and src/cli/",
    "omk/terminal: Deno.removeSignalListener outside main.ts and src/cli/",
    "omk/terminal: Deno.stdout outside main.ts and src/cli/",
    "omk/terminal: Taking Deno apart outside main.ts and src/cli/",
  ]);
  assertEquals(lint("src/process/supervisor.ts", `await Deno.readTextFile("console.log");`), []);
});

Deno.test("pure refuses I/O, time and randomness in the deterministic modules", () => {
  const impure: Record<string, string> = {
    "Deno": `Deno.readTextFileSync("x");`,
    "fetch": `await fetch("x");`,
    "Date.now": `Date.now();`,
    "new Date() without an argument": `new Date();`,
    "Date()": `Date();`,
    "Math.random": `Math.random();`,
    "crypto": `crypto.randomUUID();`,
    "performance": `performance.now();`,
    "setTimeout": `setTimeout(() => {}, 1);`,
    "setInterval": `setInterval(() => {}, 1);`,
  };
  for (
    const path of [
      "src/scheduler/decide.ts",
      "src/run/state.ts",
      "src/proof/status.ts",
      "src/canonical_json.ts",
    ]
  ) {
    for (const [what, source] of Object.entries(impure)) {
      assertEquals(lint(path, source), [`omk/pure: ${what} in a pure module`], `${path}: ${source}`);
    }
  }
  for (const source of Object.values(impure)) assertEquals(lint("src/worker/heartbeat.ts", source), []);
});

Deno.test("pure allows dates that are given, and names that only look like globals", () => {
  const source = [
    `/** When. */\nexport const at = (ms: number) => new Date(ms).toISOString();`,
    `const gate = (state: { process: number }) => ({ process: state.process, fetch: 1 });`,
    `interface Limits { process: number; crypto(): void }`,
    `type Stat = Deno.FileInfo;`,
  ].join("\n");
  assertEquals(lint("src/scheduler/decide.ts", source), []);
});

Deno.test("pure allows imports of types and of other pure modules only", () => {
  const refused = [
    `import { createHash } from "node:crypto";`,
    `import $ from "@david/dax";`,
    `import { openLog } from "../log/file_log.ts";`,
    `import { systemClock } from "../clock.ts";`,
    `export * from "../process/supervisor.ts";`,
    `await import("../process/supervisor.ts");`,
  ];
  for (const source of refused) {
    assertStringIncludes(lint("src/scheduler/decide.ts", source).join(), "omk/pure: Import of", source);
  }
  const allowed = [
    `import type { EventLog } from "../log/port.ts";`,
    `import { KINDS } from "../log/kinds.ts";`,
    `import { canonicalJson } from "../canonical_json.ts";`,
    `import { OmkError } from "../errors.ts";`,
    `import { readyQueue } from "./ready_queue.ts";`,
    `export type { Plan } from "../plan/schema.ts";`,
  ];
  for (const source of allowed) assertEquals(lint("src/scheduler/decide.ts", source), [], source);
});

Deno.test("layers lets imports point one way and names both folders", () => {
  assertEquals(lint("src/log/file_log.ts", `import { apply } from "../run/state.ts";`), [
    `omk/layers: "log" may not import "run": the import points up`,
  ]);
  assertEquals(lint("src/run/controller.ts", `export { main } from "../../main.ts";`), [
    `omk/layers: "run" may not import "main": the import points up`,
  ]);
  assertEquals(lint("src/errors.ts", `import type { Kind } from "./log/kinds.ts";`), [
    `omk/layers: "root" may not import "log": the import points up`,
  ]);
  assertEquals(lint("src/cli/commands/run.ts", `await import("../../run/controller.ts");`), []);
  assertEquals(lint("main.ts", `import { run } from "./src/cli/run.ts";`), []);
  assertEquals(lint("src/run/controller.ts", `import { pin } from "../git/pin.ts";`), []);
  assertEquals(lint("src/git/hub.ts", `import { OmkError } from "../errors.ts";`), []);
});

Deno.test("layers lets folders of one layer share types, and plan and process use the log", () => {
  assertEquals(lint("src/gates/run.ts", `import { pin } from "../git/pin.ts";`), [
    `omk/layers: "gates" may not import "git": folders of one layer share types only`,
  ]);
  assertEquals(lint("src/gates/run.ts", `import type { Pin } from "../git/port.ts";`), []);
  assertEquals(lint("src/plan/load.ts", `import { redact } from "../log/redaction.ts";`), []);
  assertEquals(lint("src/process/capture.ts", `import { redact } from "../log/redaction.ts";`), []);
});

Deno.test("layers refuses folders that it does not know, and tests as a source of code", () => {
  assertEquals(lint("src/helpers/text.ts", `import { sha256 } from "../digest.ts";`), [
    `omk/layers: "helpers" may not import "root": "helpers" is not in the table of layers`,
  ]);
  assertEquals(lint("src/run/resume.ts", `import { x } from "../../tests/run/fixture.ts";`), [
    `omk/layers: src/ may not import "tests/run/fixture.ts"`,
  ]);
});

Deno.test("documented wants a doc comment on exports and on public methods of exported classes", () => {
  const source = [
    `/** The file – “said”. */`,
    ``,
    `export function a() {}`,
    `// A comment is not enough.`,
    `export const b = 1;`,
    `export interface C { d: string }`,
    `/** Said. */`,
    `export class E { constructor(e: string) { this.#h(e); } f() {} /** Said. */ g() {} #h(_: string) {} private i() {} }`,
    `/** Said. */`,
    `export class F implements C { d = ""; promised() {} }`,
    `function internal() {}`,
    `export { internal };`,
  ].join("\n");
  assertEquals(lint("src/git/hub.ts", source), [
    `omk/documented: Exported "a" has no doc comment`,
    `omk/documented: Exported "b" has no doc comment`,
    `omk/documented: Exported "C" has no doc comment`,
    `omk/documented: Method "f" has no doc comment`,
  ]);
  assertEquals(lint("tests/git/fixture.ts", source), []);
});

Deno.test("kept_using finds a using that the minifier of the executable drops", () => {
  const path = "src/git/files.ts";
  const message =
    'omk/kept_using: using "file" is read once, right behind it, and so is lost in the executable';
  const within = (body: string) => lint(path, `/** It. */\nexport async function f() {\n${body}\n}`);
  assertEquals(within("using file = open();\nawait file.sync();"), [message]);
  assertEquals(within("await using file = await open();\nreturn await file.read();"), [message]);
  for (
    const body of [
      "const file = open();\nusing _file = file;\nawait file.sync();",
      "using file = open();\nfile.write(1);\nfile.write(2);",
      "using _lock = lock();\nawait work();",
      "using file = open();\nconst size = 1;\nfile.write(size);",
    ]
  ) assertEquals(within(body), [], body);
});
