/**
 * What judges the work must not be changed by the work: the plan, the files of CI, and what the commands of gates
 * start from. Found by reading alone.
 */

import type { Command, GateSpec } from "../plan/spec.ts";
import { type BaseFiles, entryPoints } from "./entry_points.ts";

/** Where forges and CI systems look for what to do, and whom to ask. */
const CI_FILES: readonly string[] = [
  ".azure-pipelines/**",
  ".buildkite/**",
  ".ci/**",
  ".circleci/**",
  ".cirrus.yml",
  ".drone.yml",
  ".forgejo/**",
  ".gitea/**",
  ".github/**",
  ".gitlab-ci.yml",
  ".gitlab/**",
  ".travis.yml",
  ".woodpecker.yml",
  ".woodpecker/**",
  "Jenkinsfile",
  "appveyor.yml",
  "azure-pipelines.yml",
  "bitbucket-pipelines.yml",
];

/** The files that a program takes its orders from, by the program's name. */
const ENTRY_POINTS: readonly { readonly programs: readonly string[]; readonly files: readonly string[] }[] = [
  {
    programs: ["npm", "npx", "yarn", "pnpm", "bun", "bunx", "node"],
    files: ["package.json", ".npmrc", ".yarnrc.yml", "bunfig.toml"],
  },
  {
    programs: [
      "npm",
      "npx",
      "yarn",
      "pnpm",
      "bun",
      "jest",
      "vitest",
      "mocha",
      "playwright",
      "cypress",
      "eslint",
      "tsc",
    ],
    files: [
      "jest.config.*",
      "vitest.config.*",
      "vite.config.*",
      ".mocharc.*",
      "playwright.config.*",
      "cypress.config.*",
      "eslint.config.*",
      ".eslintrc*",
      "tsconfig*.json",
    ],
  },
  { programs: ["deno"], files: ["deno.json", "deno.jsonc"] },
  { programs: ["make", "gmake"], files: ["Makefile", "makefile", "GNUmakefile"] },
  { programs: ["just"], files: ["justfile", "Justfile", ".justfile"] },
  { programs: ["task"], files: ["Taskfile.yml", "Taskfile.yaml"] },
  {
    programs: ["pytest", "py.test", "tox", "nox", "python", "python3", "uv", "poetry", "ruff", "mypy"],
    files: [
      "pytest.ini",
      "tox.ini",
      "noxfile.py",
      "setup.cfg",
      "pyproject.toml",
      "conftest.py",
      "**/conftest.py",
      "ruff.toml",
      "mypy.ini",
    ],
  },
  { programs: ["cargo"], files: ["Cargo.toml", ".cargo/**", "rustfmt.toml", "clippy.toml"] },
  { programs: ["go", "golangci-lint"], files: [".golangci.*"] },
  { programs: ["mvn", "mvnw"], files: ["pom.xml", ".mvn/**", "mvnw"] },
  {
    programs: ["gradle", "gradlew"],
    files: [
      "build.gradle",
      "build.gradle.kts",
      "settings.gradle",
      "settings.gradle.kts",
      "gradle/**",
      "gradlew",
    ],
  },
  { programs: ["bundle", "rake", "rspec"], files: ["Rakefile", ".rspec", "Gemfile"] },
  { programs: ["composer", "phpunit"], files: ["composer.json", "phpunit.xml", "phpunit.xml.dist"] },
  { programs: ["dotnet"], files: ["Directory.Build.props", "Directory.Build.targets"] },
  { programs: ["bazel", "bazelisk"], files: ["WORKSPACE", "MODULE.bazel", ".bazelrc"] },
];

/**
 * The protected paths of a run, as entries of a path set, sorted.
 *
 * @param planPath of the plan, relative to the root; null where it lies elsewhere
 * @param base the tree that the run starts from: words of a gate's command that name a file of it are entry points, and
 * so are the files that the scripts behind it run
 */
export async function protectedPaths(
  { gates, planPath, base }: {
    readonly gates: readonly GateSpec[];
    readonly planPath: string | null;
    readonly base: BaseFiles;
  },
): Promise<readonly string[]> {
  const commands = gates.map(({ command }) => command);
  const words = commands.flatMap(wordsOf);
  const followed = await entryPoints(commands, base);
  const programs = new Set([
    ...words.map((word) => word.slice(word.lastIndexOf("/") + 1)),
    ...followed.programs,
  ]);
  const orders = ENTRY_POINTS.filter((each) => each.programs.some((program) => programs.has(program)));
  return [
    ...new Set([
      ...CI_FILES,
      ...(planPath === null ? [] : [planPath]),
      ...orders.flatMap(({ files }) => files),
      ...words.map((word) => word.replace(/^\.\//, "")).filter((path) => base.isTracked(path)),
      ...followed.files,
    ]),
  ].sort();
}

/** What stands between blanks, quotes and operators of a shell: each may name a program or a file. */
function wordsOf(command: Command): readonly string[] {
  const texts = typeof command === "string" ? [command] : command;
  return texts.flatMap((text) => text.split(/[\s;&|()<>"'`=]+/)).filter((word) => word !== "");
}
