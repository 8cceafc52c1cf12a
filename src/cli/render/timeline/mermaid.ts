/** A timeline as a Mermaid Gantt chart, as forges draw it in Markdown. Pure. */

import type { BarTone, TimelinePicture } from "./timeline_picture.ts";

const TAGS: Readonly<Record<BarTone, string>> = {
  good: "done, ",
  bad: "crit, ",
  stopped: "",
  open: "active, ",
};

/** The lines of a `gantt`, one section for each task and each gate of the run. */
export function mermaidTimeline({ name, start, lanes }: TimelinePicture): readonly string[] {
  return [
    "gantt",
    `  title ${escaped(name)}`,
    "  dateFormat x",
    "  axisFormat %H:%M:%S",
    ...lanes.flatMap((lane) => [
      `  section ${escaped(lane.name)}`,
      // What took no time at all would not be drawn.
      ...lane.bars.map(({ label, tone, from, to }) =>
        `  ${escaped(label.replace(":", ","))} :${TAGS[tone]}${start + from}, ${
          start + Math.max(to, from + 1)
        }`
      ),
    ]),
  ];
}

/** A text without what means something to Mermaid: names end at a colon, and statements at a semicolon. */
function escaped(text: string): string {
  return text.replaceAll(/[:;#%\n\r]/g, " ").trim() || "-";
}
