/** Reads a log in a process of its own, and prints its largest resident set in MB. Usage: WHAT LOG LAST_INDEX. */

import { followLog } from "../../src/log/follow.ts";
import { readRunLog } from "../../src/log/reader.ts";
import { TolerantReader } from "../../src/log/tolerant_reader.ts";
import { verifyLog } from "../../src/log/verify.ts";

const [what = "", path = "", last = "0"] = Deno.args;
let peak = 0;
let events = 0;

/** Looks at the memory now and then. */
function count(): void {
  if (events++ % 10_000 === 0) peak = Math.max(peak, Deno.memoryUsage().rss);
}

switch (what) {
  case "read":
    for await (const _event of readRunLog(path)) count();
    break;
  case "tolerant":
    for await (const _event of new TolerantReader(path)) count();
    break;
  case "follow":
    for await (const { index } of followLog(path)) {
      count();
      if (index === Number(last)) break;
    }
    break;
  case "verify": {
    const timer = setInterval(() => peak = Math.max(peak, Deno.memoryUsage().rss), 5);
    const { verdict, events: verified } = await verifyLog(path);
    if (verdict !== "verified") throw new Error(verdict);
    clearInterval(timer);
    events = verified;
    break;
  }
}
console.log(JSON.stringify({ events, megabytes: Math.round(peak / 1e6) }));
