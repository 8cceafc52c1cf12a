import { assertEquals, assertMatch } from "@std/assert";
import { pickIn, pickOutcome } from "../../../src/worker/review/pick.ts";
import { makeOutcome } from "../../run/fixture.ts";

const CODE = "0123456789ab";
const IDS = ["a.1", "a.2"];

function answer(fields: object, code = CODE): string {
  return JSON.stringify({ review: code, ...fields });
}

Deno.test("pickIn() takes the last pick with the code of the review", () => {
  const good = answer({ pick: "a.2", why: " It is\nshort. ", more: 1 });
  const expected = { ok: true, pick: { task_id: "a.2", why: "It is short." } } as const;
  assertEquals(pickIn(good, CODE, IDS), expected);
  assertEquals(pickIn(`Look: {}\n\`\`\`json\n${good}\n\`\`\``, CODE, IDS), expected);
  assertEquals(pickIn(`${answer({ pick: "a.1", why: "first thought" })}\n${good}`, CODE, IDS), expected);
});

Deno.test("P8: pickIn() takes nothing that names no candidate, gives no reason, or has another code", () => {
  const cases: readonly [string, RegExp][] = [
    ["", /^its answer holds no JSON object with "review": "0123456789ab"$/],
    ["I pick a.2", /holds no JSON object/],
    [answer({ pick: "a.2", why: "best" }, "ba9876543210"), /holds no JSON object/],
    [answer({ findings: [] }), /^"pick" is no text, not one of "a\.1", "a\.2"$/],
    [answer({ pick: "a.3", why: "best" }), /^"pick" is "a\.3", not one of/],
    [answer({ pick: ["a.1"], why: "best" }), /^"pick" is no text/],
    // The form that stands in the prompt is no answer.
    [answer({ pick: "CANDIDATE", why: "WHY IT IS THE BEST OF THEM" }), /^"pick" is "CANDIDATE"/],
    [answer({ pick: "a.1" }), /^"why" gives no reason$/],
    [answer({ pick: "a.1", why: " " }), /^"why" gives no reason$/],
    [`${answer({ pick: "a.1", why: "best" })} or ${answer({ pick: "none" })}`, /^"pick" is "none"/],
  ];
  for (const [text, problem] of cases) {
    const reading = pickIn(text, CODE, IDS);
    assertMatch(reading.ok ? "" : reading.problem, problem);
  }
});

Deno.test("P8: pickOutcome() is a success only with a pick", () => {
  const success = makeOutcome("success");
  const good = answer({ pick: "a.1", why: "best" });
  assertEquals(pickOutcome(success, good, CODE, IDS).pick, { task_id: "a.1", why: "best" });
  const silent = pickOutcome(success, "a.1 is fine", CODE, IDS);
  assertEquals([silent.result, silent.pick], ["pick_invalid", undefined]);
  const late = makeOutcome("timeout");
  assertEquals(pickOutcome(late, good, CODE, IDS), late);
});
