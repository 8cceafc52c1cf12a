/** omk's home: where the files of all runs of one place lie. */

import { sha256 } from "../digest.ts";
import { UsageError } from "../errors.ts";

/**
 * omk's home for a repository, in its git common directory, where no `git clean` reaches; outside a repository
 * in the state directory, under a hash of the directory.
 */
export function omkHome(
  place: { readonly commonDir: string } | { readonly directory: string; readonly stateHome: string },
): string {
  if ("commonDir" in place) return `${place.commonDir}/omk`;
  return `${place.stateHome}/omk/${sha256(place.directory).slice(0, 16)}`;
}

/** `$XDG_STATE_HOME`, or its default below the home directory; undefined where neither is known. */
export function stateHome(env: { readonly [name: string]: string | undefined }): string | undefined {
  if (env.XDG_STATE_HOME?.startsWith("/")) return env.XDG_STATE_HOME;
  return env.HOME?.startsWith("/") ? `${env.HOME}/.local/state` : undefined;
}

/**
 * omk's home for a repository or a plain directory.
 *
 * @throws {UsageError} outside a repository where no state directory is known.
 */
export function homeOf(
  repository: { readonly commonDir: string } | null,
  directory: string,
  env: Readonly<Record<string, string>>,
): string {
  if (repository !== null) return omkHome(repository);
  const state = stateHome(env);
  if (state !== undefined) return omkHome({ directory, stateHome: state });
  throw new UsageError({
    what: "Cannot tell where to keep the files of runs",
    why: "there is no git repository here, and neither XDG_STATE_HOME nor HOME is set",
    fix: "set XDG_STATE_HOME to a directory that you may write to",
  });
}
