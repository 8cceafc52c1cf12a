import { assertEquals } from "@std/assert";
import { type GivenAnswer, TerminalApprovals } from "../../src/cli/terminal_approvals.ts";
import { createStyle } from "../../src/cli/output.ts";
import { isBadNews, runEventLine } from "../../src/cli/render/run_event_line.ts";
import { draft, taskSubject } from "../../src/log/event.ts";
import { makeTask } from "../run/fixture.ts";
import { decideAll, ledgerOf, refOf, start } from "../scheduler/steps.ts";

Deno.test("TerminalApprovals shows a request as it is, and takes only answers that name an open one", async () => {
  const ledger = ledgerOf([makeTask("a")]);
  decideAll(ledger);
  start(ledger, "a");
  const said: string[] = [];
  const given: GivenAnswer[] = [];
  const typed = Promise.withResolvers<void>();
  const approvals = new TerminalApprovals({
    say: (line) => said.push(line),
    async *lines() {
      yield* ["y", "", "y 2", "Y 1 ", "no 1"];
      typed.resolve();
      await Promise.resolve();
    },
    give: (answer) => Promise.resolve(void given.push(answer)),
  });
  const [event] = ledger.add([draft("approval_requested", taskSubject("a"), "controller/1", {
    ...refOf(ledger, "a"),
    approval: "1",
    tool: "execute",
    detail: "Bash",
    command: "make\n\u001b[2Krelease\u202e",
    expires: ledger.now + 60_000,
  })]);
  if (event === undefined) throw new Error("there is no event");
  assertEquals(
    runEventLine(event, ledger.state, createStyle(false))?.replaceAll(/ +/g, " ").trim(),
    "asks a to execute: make\\n\\u{1b}[2Krelease\\u{202e} (omk approve 1)",
  );
  assertEquals(isBadNews(event), true, "the quiet see it too");
  approvals.see(event, ledger.state);
  await typed.promise;
  assertEquals(said, [
    "1  task a wants to execute: make\\n\\u{1b}[2Krelease\\u{202e}",
    "   no answer within 1m 00s is a no",
    '   type "y 1" to allow it, or "n 1"',
    'type "y 1" or "n 1"',
    "no approval 2 is open",
  ]);
  // The ledger folds no answers: the request stays open for both.
  assertEquals(given, [{ approval: "1", decision: "allow" }, { approval: "1", decision: "deny" }]);
});
