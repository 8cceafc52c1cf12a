/** Python projects: pytest, and ruff or flake8, where they are set up, by the tool that manages the project's environment. */

import { type Check, firstExisting, type KindFindings, type Project } from "./check.ts";

/** Files that only a Python project has. */
const MARKERS = [
  "pyproject.toml",
  "setup.py",
  "setup.cfg",
  "requirements.txt",
  "pytest.ini",
  "tox.ini",
] as const;

/** Files that only a project with pytest has. */
const PYTEST_FILES = [
  "pytest.ini",
  ".pytest.ini",
  "conftest.py",
  "tests/conftest.py",
  "test/conftest.py",
] as const;

/** Where pytest is configured, or named as something that the project needs. */
const PYTEST_MENTIONS: readonly { readonly path: string; readonly pattern: RegExp }[] = [
  { path: "pyproject.toml", pattern: /\bpytest\b/ },
  { path: "setup.cfg", pattern: /\bpytest\b/ },
  { path: "tox.ini", pattern: /\bpytest\b/ },
  { path: "setup.py", pattern: /\bpytest\b/ },
  { path: "requirements.txt", pattern: /^pytest\b/m },
  { path: "requirements-dev.txt", pattern: /^pytest\b/m },
  { path: "dev-requirements.txt", pattern: /^pytest\b/m },
];

/** Where flake8 is configured, or named as something that the project needs. */
const FLAKE8_MENTIONS: typeof PYTEST_MENTIONS = [
  { path: "setup.cfg", pattern: /^\[flake8\]/m },
  { path: "tox.ini", pattern: /^\[flake8\]/m },
  { path: "requirements.txt", pattern: /^flake8\b/m },
  { path: "requirements-dev.txt", pattern: /^flake8\b/m },
  { path: "dev-requirements.txt", pattern: /^flake8\b/m },
];

/** Tools that run a program in the environment of the project, known by their lock files. */
const RUNNERS: readonly { readonly lock: string; readonly program: string }[] = [
  { lock: "uv.lock", program: "uv" },
  { lock: "poetry.lock", program: "poetry" },
];

/** See the module. */
export async function python(project: Project): Promise<KindFindings | null> {
  if (await firstExisting(project, MARKERS) === undefined) return null;
  const runner = await runnerOf(project);
  const checks: Check[] = [];
  const notes: string[] = [];
  if (await usesPytest(project)) checks.push(checkBy(runner, "test", "pytest"));
  else notes.push("pytest was left out: nothing in the project names or configures it");
  if (await usesRuff(project)) checks.push(checkBy(runner, "lint", "ruff check"));
  else if (await usesFlake8(project)) checks.push(checkBy(runner, "lint", "flake8"));
  return { kind: "python", checks, notes };
}

/** A runner that is not installed does not count: the programs may be on the PATH all the same. */
async function runnerOf(project: Project): Promise<string | undefined> {
  for (const { lock, program } of RUNNERS) {
    if (await project.exists(lock) && await project.hasCommand(program)) return program;
  }
  return undefined;
}

function checkBy(runner: string | undefined, name: string, command: string): Check {
  if (runner !== undefined) return { name, command: `${runner} run ${command}`, needs: [runner] };
  return { name, command, needs: command.split(" ").slice(0, 1) };
}

async function usesPytest(project: Project): Promise<boolean> {
  return await firstExisting(project, PYTEST_FILES) !== undefined || await mentions(project, PYTEST_MENTIONS);
}

async function usesRuff(project: Project): Promise<boolean> {
  if (await firstExisting(project, ["ruff.toml", ".ruff.toml"]) !== undefined) return true;
  return /^\[tool\.ruff\b/m.test(await project.read("pyproject.toml") ?? "");
}

async function usesFlake8(project: Project): Promise<boolean> {
  return await project.exists(".flake8") || await mentions(project, FLAKE8_MENTIONS);
}

async function mentions(project: Project, places: typeof PYTEST_MENTIONS): Promise<boolean> {
  for (const { path, pattern } of places) {
    if (pattern.test(await project.read(path) ?? "")) return true;
  }
  return false;
}
