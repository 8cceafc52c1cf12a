import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { stampBundle } from "../../scripts/compile.ts";
import { buildEnvironment, findToolchain, runStep } from "../../scripts/denort.ts";
import { buildInfo, VERSION } from "../../src/version.ts";

Deno.test("buildInfo() says that it runs from source", () => {
  assertEquals(buildInfo(), { version: VERSION, runtime: "source", deno: Deno.version.deno, commit: null });
});

Deno.test("stampBundle() makes a bundle say what it is, and refuses one without a place for the stamp", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const bundled = (await Deno.readTextFile(new URL("../../src/version.ts", import.meta.url)))
      .replaceAll("export ", "") + "\nconsole.log(JSON.stringify(buildInfo()));\n";
    const path = join(folder, "chunk.ts");
    await Deno.writeTextFile(path, bundled);
    await Deno.writeTextFile(join(folder, "main.js"), `import "./chunk.ts";`);
    await stampBundle(folder, "runtime=fallback&commit=abc-dirty");
    const output = await runStep(Deno.execPath(), ["run", "--no-config", path]);
    assertEquals(JSON.parse(output), {
      version: VERSION,
      runtime: "fallback",
      deno: Deno.version.deno,
      commit: "abc-dirty",
    });
    await assertRejects(() => stampBundle(folder, "runtime=own"), Error, "Cannot stamp the bundle");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("buildEnvironment() drops telemetry settings and a runtime that was not asked for", () => {
  const names = Object.keys(buildEnvironment({ DENO_DIR: "x" }));
  assertEquals(names.filter((name) => name.startsWith("OTEL_") || name === "DENORT_BIN"), []);
  assertEquals(names.includes("DENO_DIR"), true);
});

Deno.test("findToolchain() takes the running Deno for its own runtime", async () => {
  const { runtime, deno, version } = await findToolchain("own", Deno.build.target, () => {});
  assertEquals({ runtime, deno, version }, {
    runtime: "own",
    deno: Deno.execPath(),
    version: Deno.version.deno,
  });
});

Deno.test("findToolchain() has no fallback for another system", async () => {
  const error = await assertRejects(() => findToolchain("fallback", "aarch64-apple-darwin", () => {}), Error);
  assertEquals(error.message.startsWith("Cannot compile for aarch64-apple-darwin: "), true);
});
