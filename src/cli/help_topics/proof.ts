/** `omk help proof`. The fields come from the schema of a proof. */

import * as z from "zod";
import { proofSchema } from "../../proof/schema.ts";
import { schemaEntries } from "./schema_entries.ts";
import type { HelpTopic, TopicEntry } from "./topic.ts";

/** The fields that the schema describes; the others say by their names what they are. */
function describedFields(): readonly TopicEntry[] {
  return schemaEntries(z.toJSONSchema(proofSchema)).filter(({ name, meaning }) =>
    meaning !== "" && !name.includes(".")
  );
}

/** See the module. */
export const proofTopic: HelpTopic = {
  sections: [
    {
      title: "",
      paragraphs: [
        "At its end every run leaves proof.json: what was attempted, changed, passed, failed and not tested, what " +
        "needs a person, which gaps are known, and the commits and digests behind all this. It is computed from " +
        "the log alone. What a task says about itself counts for nothing in it.",
      ],
    },
    {
      title: "What it says",
      paragraphs: [
        "Only ready is proved: all tasks completed, at least one required gate ran, and every required gate passed " +
        "on exactly the tree that is delivered. The proof names that tree, those gates, and the log by the sum of " +
        "its last commit. passed means that everything was done, but without any gate, or without a tree.",
      ],
      entries: describedFields(),
    },
    {
      title: "How it is checked",
      paragraphs: [
        "omk verify trusts none of it. It recomputes the sums of the log, folds the events anew, derives the status, " +
        "compares every artifact with its digest, and asks git for base, head, tree, merges, pinned attempts and " +
        "patch. It works from a copy too: in a clone that has fetched refs/omk/*, with the directory of the run.",
      ],
      example: [
        "omk proof                      # read it",
        "omk proof --format md          # for a pull request",
        "omk verify                     # check it",
        "omk verify --json | jq .ok     # in a script",
      ],
    },
    {
      title: "Its limits",
      paragraphs: [
        "The chain of sums finds accidents and edits. Somebody who can rewrite log, files and refs alike can forge " +
        "all of them; this version does not sign. Tasks run as your user. What is not declared as a gate is not " +
        "tested, and the proof says so.",
      ],
    },
  ],
  seeAlso: ["proof --help", "verify --help", "help gates", "help exit-codes", "schema proof"],
};
