import { assertEquals } from "@std/assert";
import { OmkError } from "../src/errors.ts";

Deno.test("OmkError tells what, where, why and what to do, and of very long words only the beginning", () => {
  const { message } = new OmkError({
    what: "Cannot read it",
    where: "/a/b",
    why: "it is gone",
    fix: "bring it back",
  });
  assertEquals(message, "Cannot read it (/a/b): it is gone; bring it back");
  const path = "/".padEnd(100_000, "x");
  const long = new OmkError({ what: "Cannot read it", where: path, why: "its name is too long" });
  assertEquals(
    long.message,
    `Cannot read it (${path.slice(0, 100)}… (100000 characters)): its name is too long`,
  );
  assertEquals(long.detail.where, path);
});
