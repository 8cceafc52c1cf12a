import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { packTar } from "modern-tar";
import { ArchiveError, packRun, unpackRun } from "../../src/proof/archive.ts";

const RUN = "20260102-030405-0001";

async function inDirectory(body: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await body(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("packRun() and unpackRun() keep every byte, and leave locks and caches behind", async () => {
  await inDirectory(async (root) => {
    const run = `${root}/runs/${RUN}`;
    const long = "deep/".repeat(40);
    await Deno.mkdir(`${run}/tasks/a/1/${long}`, { recursive: true });
    await Deno.mkdir(`${run}/workers/x`, { recursive: true });
    const bytes = crypto.getRandomValues(new Uint8Array(60_000));
    const files = ["events.jsonl", "tasks/a/1/output.log", `tasks/a/1/${long}größe name.log`, "empty"];
    for (const name of files) {
      await Deno.writeFile(`${run}/${name}`, name === "empty" ? new Uint8Array() : bytes);
    }
    for (const name of ["events.lock", "controller.lock", ".new-proof.json", "workers/x/heartbeat.json"]) {
      await Deno.writeTextFile(`${run}/${name}`, "x");
    }
    await Deno.writeTextFile(`${root}/bundle`, "refs");
    const target = `${root}/run.tar`;
    await Deno.writeTextFile(target, "an older export");
    const packed = await packRun({ directory: run, runId: RUN, bundle: `${root}/bundle`, target });
    assertEquals(packed.files, files.length + 1);
    assertEquals((await Deno.stat(target)).size, packed.bytes);
    await Deno.mkdir(`${root}/out`);
    const out = await unpackRun(target, `${root}/out`);
    assertEquals(out, `${root}/out/${RUN}`);
    for (const name of files) {
      assertEquals(await Deno.readFile(`${out}/${name}`), await Deno.readFile(`${run}/${name}`), name);
    }
    assertEquals(await Deno.readTextFile(`${out}/refs.bundle`), "refs");
    const top = await Array.fromAsync(Deno.readDir(out), ({ name }) => name);
    assertEquals(top.sort(), ["empty", "events.jsonl", "refs.bundle", "tasks"]);
    await assertRejects(
      () => packRun({ directory: run, runId: RUN, bundle: null, target: `${root}/out` }),
      ArchiveError,
      "; name a file in a directory that is there",
    );
    assertEquals(
      (await Array.fromAsync(Deno.readDir(root))).filter(({ name }) => name.includes(".new-")),
      [],
    );
  });
});

Deno.test("unpackRun() takes nothing but plain files of one run, and writes nothing outside", async () => {
  const entries = [
    { name: `${RUN}/../../evil`, type: "file" },
    { name: "/evil", type: "file" },
    { name: "evil", type: "file" },
    { name: "other/evil", type: "file" },
    { name: `${RUN}/evil`, type: "symlink", linkname: "/etc/passwd" },
    { name: `${RUN}/evil`, type: "link", linkname: "/etc/passwd" },
    { name: `${RUN}/./evil`, type: "file" },
  ] as const;
  await inDirectory(async (root) => {
    for (const entry of entries) {
      const good = { header: { name: `${RUN}/plan.json`, size: 2, type: "file" as const }, body: "{}" };
      const bad = { header: { ...entry, size: 0 }, body: "" };
      await Deno.writeFile(`${root}/bad.tar`, await packTar([good, bad]));
      const into = await Deno.makeTempDir({ dir: root });
      const error = await assertRejects(() => unpackRun(`${root}/bad.tar`, into), ArchiveError);
      assertStringIncludes(error.message, JSON.stringify(entry.name));
      assertEquals(await Array.fromAsync(Deno.readDir(`${into}/${RUN}`), ({ name }) => name), ["plan.json"]);
    }
    assert(!(await Array.fromAsync(Deno.readDir(root))).some(({ name }) => name === "evil"));
    for (
      const bytes of [new Uint8Array(), new Uint8Array(1024), new TextEncoder().encode("no tar".repeat(200))]
    ) {
      await Deno.writeFile(`${root}/bad.tar`, bytes);
      const into = await Deno.makeTempDir({ dir: root });
      await assertRejects(() => unpackRun(`${root}/bad.tar`, into), ArchiveError);
    }
  });
});
