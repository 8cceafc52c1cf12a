/** The files of a project on the disk, as detection asks for them. */

import type { ProjectFiles } from "../gates/detect.ts";

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

async function isFile(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return false;
    throw error;
  }
}
