/** A timeline as a picture that any browser shows, on light and on dark ground. Pure. */

import { formatDuration } from "../duration.ts";
import { counted, cut, oneLine, widthOf } from "../text.ts";
import { escapedXml } from "../xml.ts";
import type { Bar, BarTone, Lane, TimelinePicture } from "./timeline_picture.ts";

/** All in the user's units of the picture. */
const ROW = 26;
const BAR_HEIGHT = 18;
const CHART_WIDTH = 900;
const MARGIN = 20;
const AXIS = 30;
const LETTER = 7.6;
const NAME_COLUMNS = 40;
/** What took no time is still seen. */
const NARROWEST = 2;
const HOUR = 3_600_000;
/** What may lie between two marks on the axis, in milliseconds; beyond an hour, whole hours. */
const STEPS = [
  ...[10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 30_000, 60_000],
  ...[120_000, 300_000, 600_000, 1_800_000, HOUR],
];
/** So many marks on the axis at most. */
const TICKS = 8;

const STYLE =
  ".ground{fill:#fff}text{fill:#111827}.axis{stroke:#d1d5db}.tick{font-size:10.5px;fill:#6b7280}" +
  ".good{fill:#86efac}.bad{fill:#f87171}.stopped{fill:#d1d5db}.open{fill:#60a5fa}.bar{stroke:#6b7280;stroke-width:.6}" +
  "@media (prefers-color-scheme:dark){.ground{fill:#111827}text{fill:#f9fafb}.axis{stroke:#374151}.tick{fill:#9ca3af}}";

const TONES: Readonly<Record<BarTone, string>> = {
  good: "done",
  bad: "failed",
  stopped: "stopped",
  open: "under way",
};

/** The lines of an SVG document; each bar tells in its title what it is. */
export function svgTimeline(picture: TimelinePicture): readonly string[] {
  const { name, lanes, length } = picture;
  const left = MARGIN + Math.max(4, ...lanes.map((lane) => widthOf(nameOf(lane)))) * LETTER + MARGIN;
  const bottom = MARGIN + AXIS + lanes.length * ROW;
  const [width, height] = [left + CHART_WIDTH + MARGIN, bottom + MARGIN + ROW];
  const scale = CHART_WIDTH / Math.max(1, length);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${round(width)}" height="${height}" viewBox="0 0 ${
      round(width)
    } ${height}"` +
    ' role="img" aria-labelledby="omk-title omk-description" font-family="sans-serif" font-size="13">',
    `<title id="omk-title">${escapedXml(name)}</title>`,
    `<desc id="omk-description">${escapedXml(describe(picture))}</desc>`,
    `<style>${STYLE}</style>`,
    '<rect class="ground" width="100%" height="100%"/>',
    ...ticks(length).flatMap((at) => {
      const x = round(left + at * scale);
      return [
        `<line class="axis" x1="${x}" x2="${x}" y1="${MARGIN + AXIS - 8}" y2="${bottom}"/>`,
        `<text class="tick" x="${x}" y="${MARGIN + 12}" text-anchor="middle">${formatDuration(at)}</text>`,
      ];
    }),
    ...lanes.flatMap((lane, at) => {
      const top = MARGIN + AXIS + at * ROW;
      return [
        `<text x="${MARGIN}" y="${top + BAR_HEIGHT - 4}">${escapedXml(nameOf(lane))}</text>`,
        ...lane.bars.map((bar) => drawn(bar, left, top, scale)),
      ];
    }),
    ...legend(lanes, bottom + MARGIN),
    "</svg>",
  ];
}

function drawn({ from, to, tone, label, span }: Bar, left: number, top: number, scale: number): string {
  const width = Math.max(NARROWEST, (to - from) * scale);
  const title = `${label}, ${formatDuration(to - from)}, by ${oneLine(span.by)}`;
  // Gates and merges of a task lie over its attempts, and are lower.
  const inset = span.kind === "attempt" || span.task_id === null ? 0 : 5;
  return `<rect class="bar ${tone}" x="${round(left + from * scale)}" y="${top + inset}" width="${
    round(width)
  }" ` +
    `height="${BAR_HEIGHT - 2 * inset}" rx="2"><title>${escapedXml(title)}</title></rect>`;
}

/** Told in words too: a colour alone does not reach everybody. */
function legend(lanes: readonly Lane[], y: number): readonly string[] {
  const used = new Set(lanes.flatMap(({ bars }) => bars.map(({ tone }) => tone)));
  const tones = (["good", "bad", "stopped", "open"] as const).filter((tone) => used.has(tone));
  return tones.map((tone, at) => {
    const x = MARGIN + at * 110;
    return `<rect class="bar ${tone}" x="${x}" y="${y}" width="14" height="14" rx="3"/>` +
      `<text x="${x + 20}" y="${y + 12}">${TONES[tone]}</text>`;
  });
}

/** Round moments from the beginning on. */
function ticks(length: number): readonly number[] {
  const step = STEPS.find((each) => length / each <= TICKS) ?? Math.ceil(length / TICKS / HOUR) * HOUR;
  return Array.from({ length: Math.floor(length / step) + 1 }, (_, at) => at * step);
}

function describe({ lanes, length }: TimelinePicture): string {
  const bars = lanes.reduce((sum, lane) => sum + lane.bars.length, 0);
  return `${counted(bars, "step")} in ${counted(lanes.length, "lane")}, ${formatDuration(length)} in all`;
}

function nameOf({ name }: Lane): string {
  return cut(name, NAME_COLUMNS);
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
