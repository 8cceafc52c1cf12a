/** `omk help log`. The kinds come from their table. */

import { ALLOWED_AFTER_PROOF, type KindClass, KINDS } from "../../log/kinds.ts";
import type { HelpTopic, TopicEntry } from "./topic.ts";

/** What every request holds besides: who asks, and when. */
const OF_EVERY_REQUEST: readonly string[] = ["process", "wall"];

/** The kinds of a class, each with the fields of its payload; `*` marks one that is synced at once. */
function kindEntries(wanted: KindClass): readonly TopicEntry[] {
  return Object.entries(KINDS).filter(([, kind]) => kind.class === wanted).map(([name, kind]) => {
    const fields = Object.keys(kind.payload.shape);
    const own = wanted === "request" ? fields.filter((each) => !OF_EVERY_REQUEST.includes(each)) : fields;
    return { name: `${name}${kind.synced ? "*" : ""}`, meaning: own.join(", ") };
  });
}

/** See the module. */
export const logTopic: HelpTopic = {
  sections: [
    {
      title: "",
      paragraphs: [
        "A run is its log: a file events.jsonl to which events are only ever appended. The live view, omk status, " +
        "omk resume, the proof and omk verify are all made from it, so they cannot disagree.",
      ],
      example: [
        '{"index":17,"id":"<uuid>","run_id":"…","ts":"2026-11-20T23:50:00.123Z",',
        ' "schema_version":1,"kind":"task_claimed","subject":"task/api",',
        ' "actor":"controller/1","payload":{…},"prev":"<sha-256>","commit":1,',
        ' "sum":"<sha-256>"}',
      ],
    },
    {
      title: "Form",
      paragraphs: [
        "UTF-8, one event on each line (above it is broken up to fit). What one process writes at once is a commit: " +
        "its first event has prev (the sum of the commit before) and commit (how many events it has); its last line " +
        "ends with sum, the SHA-256 of the commit's bytes up to there. So each commit is known to be whole, and " +
        "vouches for all before it. index counts from 0 without gaps, and ts never decreases.",
        "A commit that was cut short by a crash is removed and recorded; anything else that does not verify is " +
        "corrupt, and nothing is appended to it any more. Nor is it after a failed sync, when nobody knows what is on " +
        "the disk: the log is poisoned. omk log verify says which; omk log repair writes a poisoned log anew from what " +
        "verifies, and omk log salvage copies what is whole of a corrupt one. Secrets of known shapes are hidden before " +
        "anything is written.",
      ],
    },
    {
      title: "Who writes what",
      paragraphs: [
        "Facts are appended by the one controller of the run, which holds controller.lock. Any other process (omk " +
        "cancel, omk answer) appends requests, and the controller answers each by a fact. A fact that anybody else " +
        "appends ends the run.",
        "With durability batch (the default) the kinds marked * are on the disk before their effect can be seen, " +
        "all others within a second. A payload is described in full by omk schema events.",
      ],
    },
    { title: "Facts, with the fields of their payloads", entries: kindEntries("fact") },
    {
      title: `Requests, besides ${OF_EVERY_REQUEST.join(" and ")}`,
      entries: kindEntries("request"),
    },
    { title: "Records of the log itself", entries: kindEntries("record") },
    {
      title: "After the proof",
      paragraphs: [
        `Once a proof is written, only requests, records and these facts may follow without a new one: ${
          [...ALLOWED_AFTER_PROOF].join(", ")
        }.`,
      ],
    },
    {
      title: "Logs of your own",
      paragraphs: [
        "omk log append FILE keeps the same kind of log for anything: any kind of event, any number of writers, " +
        "acknowledged line by line.",
      ],
    },
  ],
  seeAlso: ["events --help", "log tail --help", "log verify --help", "query --help", "help proof"],
};
