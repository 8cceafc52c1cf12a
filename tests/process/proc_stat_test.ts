import { assertEquals } from "@std/assert";
import { parseProcStat, parseProcTable, parsePsStat, parsePsTable } from "../../src/process/proc_stat.ts";
import { signalName } from "../../src/process/signals.ts";

const AFTER = " S 1 100 90 0 -1 4194304 90 0 1 0 3 4 5 6 20 0 1 0 181312 2654208 357";

Deno.test("parseProcStat() takes the fields after the command", () => {
  assertEquals(parseProcStat(AFTER), {
    parent: 1,
    pgid: 100,
    session: 90,
    alive: true,
    startTime: "181312",
    cpuMs: 180,
  });
  assertEquals(parseProcStat(AFTER.replace("S", "Z"))?.alive, false);
  assertEquals(parseProcStat(" S 1 100"), null);
  assertEquals(parseProcStat(""), null);
});

Deno.test("parseProcTable() keeps files apart, whatever a command is called", () => {
  const table = parseProcTable([
    `100/stat:100 (a) b)${AFTER}`,
    "101/stat:101 (x",
    "101/stat:100 (sh) S 1",
    `101/stat:)${AFTER.replace("100", "101")}`,
    "102/stat:102 (gone) S",
    "not a line of a table",
  ]);
  assertEquals([...table].map(([pid, { pgid }]) => [pid, pgid]), [[100, 100], [101, 101]]);
});

Deno.test("parsePsStat() and parsePsTable() read what ps prints", () => {
  assertEquals(parsePsStat("  12 Ss+  Sat Nov 21 02:54:48 2026"), {
    parent: 0,
    pgid: 12,
    session: 12,
    alive: true,
    startTime: "Sat Nov 21 02:54:48 2026",
    cpuMs: 0,
  });
  assertEquals(parsePsStat(""), null);
  const table = parsePsTable([
    "ps 1 1 Ss 00:00:07",
    "ps   20  12 Z 1-02:03:04",
    "ps 21 12 S 0:01.25",
    "junk",
  ]);
  assertEquals([...table].map(([pid, { pgid, alive, cpuMs }]) => [pid, pgid, alive, cpuMs]), [
    [1, 1, true, 7000],
    [20, 12, false, 93_784_000],
    [21, 12, true, 1250],
  ]);
});

Deno.test("signalName() names what a process can be ended by", () => {
  assertEquals([signalName(9), signalName(11), signalName(34), signalName(40)], [
    "SIGKILL",
    "SIGSEGV",
    "SIGRTMIN",
    "SIGRTMIN+6",
  ]);
  assertEquals([signalName(0), signalName(127), signalName(32)], [null, null, null]);
});
