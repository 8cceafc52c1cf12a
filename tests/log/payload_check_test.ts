import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { type Kind, KINDS } from "../../src/log/kinds.ts";
import { payloadCheckOf } from "../../src/log/payload_check.ts";
import { fromFileUrl } from "@std/path";
import { isKind } from "../../src/log/kinds.ts";

/** Recorded events: payloads that are as they should be. */
const RECORDED = fromFileUrl(new URL("../corpus/first-formats/events.jsonl", import.meta.url));

function recorded(): { kind: Kind; payload: Record<string, unknown> }[] {
  return Deno.readTextFileSync(RECORDED).trimEnd().split("\n").map((line) => {
    const { kind, payload } = JSON.parse(line);
    assert(isKind(kind));
    return { kind, payload };
  });
}

Deno.test("payloadCheckOf() knows the payloads of recorded events", () => {
  const events = recorded();
  assert(events.length > 20);
  const unsure = events.filter(({ kind, payload }) => !payloadCheckOf(kind)(payload)).map(({ kind }) => kind);
  assertEquals(unsure, []);
});

Deno.test("payloadCheckOf() knows payloads whose keys stand in another order", () => {
  const unsure = recorded().filter(({ kind, payload }) => {
    const reversed = Object.fromEntries(Object.entries(payload).toReversed());
    return !payloadCheckOf(kind)(reversed);
  });
  assertEquals(unsure, []);
});

/** Values that a field may wrongly have. */
const wrong = fc.oneof(
  fc.constantFrom(undefined, null, true, "", "x", -1, 0, 1, 1.5, NaN, Infinity, 2 ** 53, "0".repeat(40)),
  fc.array(fc.constantFrom<unknown>(null, "x", 1, {}), { maxLength: 2 }),
  fc.dictionary(fc.constantFrom("a", "pid", "path"), fc.constantFrom<unknown>(1, "x"), { maxKeys: 2 }),
);

/** Every place in a value. */
function placesOf(value: unknown, path: string[] = []): string[][] {
  if (typeof value !== "object" || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, inner]) => placesOf(inner, [...path, key]))];
}

function changed(value: unknown, path: readonly string[], to: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return to;
  if (typeof value !== "object" || value === null) return value;
  const inner = (value as Record<string, unknown>)[key];
  if (Array.isArray(value)) {
    return value.map((item, i) => (String(i) === key ? changed(inner, rest, to) : item));
  }
  return { ...value, [key]: changed(inner, rest, to) };
}

Deno.test("payloadCheckOf() never accepts what the schema refuses", () => {
  const samples = recorded().map((event) => ({ ...event, places: placesOf(event.payload) }));
  let accepted = 0;
  let refused = 0;
  fc.assert(
    fc.property(
      fc.nat(samples.length - 1),
      fc.nat(1000),
      wrong,
      fc.boolean(),
      (at, place, to, isExtra) => {
        const sample = samples[at];
        assert(sample !== undefined);
        const { kind, payload, places } = sample;
        const path = places[place % places.length] ?? [];
        const value = changed(payload, isExtra ? [...path, "extra"] : path, to);
        const isSure = payloadCheckOf(kind)(value);
        const isRight = KINDS[kind].payload.safeParse(value).success;
        if (isSure) accepted++;
        else refused++;
        return isRight || !isSure;
      },
    ),
    { numRuns: 3000 },
  );
  assert(accepted > 100 && refused > 100, `void: ${accepted} and ${refused}`);
});

Deno.test("payloadCheckOf() takes no object with inherited, hidden or odd parts for a payload", () => {
  const payload = { reason: "x" };
  assert(payloadCheckOf("run_paused")(payload));
  for (
    const odd of [Object.create(payload), [], new Map(), { ...payload, more: 1 }, {}, null, "x", undefined]
  ) {
    assert(!payloadCheckOf("run_paused")(odd));
  }
});
