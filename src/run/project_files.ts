/** The files of a project on the disk, as detection asks for them. */

import type { ProjectFiles } from "../gates/detect.ts";
import { isFile } from "../is_file.ts";

/** The files below an absolute directory. */
export function projectFiles(directory: string): ProjectFiles {
  return {
    exists: async (path) => await isFile(`${directory}/${path}`),
    read: async (path) => await Deno.readTextFile(`${directory}/${path}`),
    list: async () => {
      const names: string[] = [];
      for await (const entry of Deno.readDir(directory)) names.push(entry.name);
      return names.sort();
    },
  };
}
