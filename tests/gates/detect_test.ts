import { assertEquals } from "@std/assert";
import { type DetectedGates, detectGates } from "../../src/gates/detect.ts";

/** Detects over files and commands that exist only here. */
function detect(
  files: Readonly<Record<string, string>>,
  ...commands: readonly string[]
): Promise<DetectedGates> {
  return detectGates({
    exists: (path) => Promise.resolve(Object.hasOwn(files, path)),
    read: (path) => {
      const text = files[path];
      return text === undefined ? Promise.reject(new Deno.errors.NotFound(path)) : Promise.resolve(text);
    },
    list: () => Promise.resolve(Object.keys(files).filter((path) => !path.includes("/"))),
  }, (name) => Promise.resolve(commands.includes(name) ? `/bin/${name}` : undefined));
}

function commandsOf({ gates }: DetectedGates): Record<string, unknown> {
  return Object.fromEntries(gates.map((gate) => [gate.name, gate.command]));
}

interface Case {
  readonly what: string;
  readonly files: Readonly<Record<string, string>>;
  readonly commands: readonly string[];
  readonly gates: Readonly<Record<string, string>>;
  readonly notes?: readonly string[];
}

const scripts = (entries: Readonly<Record<string, string>>) => JSON.stringify({ scripts: entries });

const CASES: readonly Case[] = [
  { what: "nothing in an empty project", files: {}, commands: ["npm", "make"], gates: {} },
  {
    what: "npm scripts, by npm where no lock file says otherwise",
    files: { "package.json": scripts({ test: "vitest", lint: "eslint .", "type-check": "tsc", build: "x" }) },
    commands: ["npm"],
    gates: { test: "npm run test", lint: "npm run lint", typecheck: "npm run type-check" },
  },
  {
    what: "the package manager whose lock file there is",
    files: { "package.json": scripts({ test: "vitest" }), "pnpm-lock.yaml": "" },
    commands: ["npm", "pnpm"],
    gates: { test: "pnpm run test" },
  },
  {
    what: "the package manager that the manifest names, before any lock file",
    files: {
      "package.json": JSON.stringify({ packageManager: "yarn@4.1.0", scripts: { test: "x" } }),
      "package-lock.json": "",
    },
    commands: ["npm", "yarn"],
    gates: { test: "yarn run test" },
  },
  {
    what: "no placeholder, watcher or empty script",
    files: {
      "package.json": scripts({
        test: 'echo "Error: no test specified" && exit 1',
        lint: "eslint --watch",
        typecheck: " ",
      }),
    },
    commands: ["npm"],
    gates: {},
    notes: [
      'the script "test" of package.json was left out: it is the placeholder of npm init',
      'the script "lint" of package.json was left out: it watches for changes and never ends',
      'the script "typecheck" of package.json was left out: it is empty',
    ],
  },
  {
    what: "no command that is not on the PATH",
    files: { "package.json": scripts({ test: "x" }), "yarn.lock": "" },
    commands: ["npm"],
    gates: {},
    notes: ["yarn run test was left out: yarn is not on the PATH"],
  },
  {
    what: "Cargo, without clippy where it is not installed",
    files: { "Cargo.toml": "[package]" },
    commands: ["cargo", "rustfmt"],
    gates: { fmt: "cargo fmt --check", test: "cargo test" },
    notes: ["cargo clippy --all-targets -- -D warnings was left out: cargo-clippy is not on the PATH"],
  },
  {
    what: "Go",
    files: { "go.mod": "module m" },
    commands: ["go", "gofmt"],
    gates: { fmt: "gofmt -l .", vet: "go vet ./...", test: "go test ./..." },
  },
  {
    what: "pytest and ruff where the project sets them up",
    files: { "pyproject.toml": '[project]\ndependencies = ["pytest>=8"]\n[tool.ruff]\n' },
    commands: ["pytest", "ruff"],
    gates: { test: "pytest", lint: "ruff check" },
  },
  {
    what: "pytest by the tool that manages the environment",
    files: { "pyproject.toml": "[tool.pytest.ini_options]", "uv.lock": "" },
    commands: ["uv"],
    gates: { test: "uv run pytest" },
  },
  {
    what: "no pytest that nothing asks for",
    files: { "setup.py": "setup()" },
    commands: ["pytest"],
    gates: {},
    notes: ["pytest was left out: nothing in the project names or configures it"],
  },
  {
    what: "the test task of a deno.jsonc",
    files: { "deno.jsonc": '{ // comment\n "tasks": { "test": "deno test -A" }, }' },
    commands: ["deno"],
    gates: { test: "deno task test" },
  },
  { what: "deno test", files: { "deno.json": "{}" }, commands: ["deno"], gates: { test: "deno test" } },
  {
    what: "deno lint and fmt where the project sets them up",
    files: { "deno.json": '{ "lint": {}, "fmt": { "lineWidth": 100 } }' },
    commands: ["deno"],
    gates: { test: "deno test", lint: "deno lint", fmt: "deno fmt --check" },
  },
  {
    what: "flake8 where the project sets it up, and no ruff",
    files: { "setup.cfg": "[flake8]\nmax-line-length = 100\n[tool:pytest]\n" },
    commands: ["pytest", "flake8", "ruff"],
    gates: { test: "pytest", lint: "flake8" },
  },
  {
    what: "a make target, which is no assignment, recipe, comment or phony list",
    files: { "Makefile": "test := 1\n#test:\n.PHONY: test\nall: a\n\ttest: x\nlint check: all\n\techo\n" },
    commands: ["make"],
    gates: { test: "make check" },
  },
  {
    what: "no makefile without a target for checking",
    files: { "Makefile": "all:\n\ttrue\n" },
    commands: ["make"],
    gates: {},
    notes: ['Makefile was left out: it has neither a "test" nor a "check" target'],
  },
  {
    what: "Gradle by its wrapper, Maven by the program",
    files: { "gradlew": "#!/bin/sh", "pom.xml": "" },
    commands: ["sh", "java", "mvn"],
    gates: { test: "sh ./gradlew test" },
  },
  {
    what: "Maven",
    files: { "pom.xml": "" },
    commands: ["java", "mvn"],
    gates: { test: "mvn --batch-mode test" },
  },
  { what: ".NET", files: { "App.sln": "" }, commands: ["dotnet"], gates: { test: "dotnet test" } },
  {
    what: "RSpec",
    files: { "Gemfile": "", ".rspec": "" },
    commands: ["bundle"],
    gates: { test: "bundle exec rspec" },
  },
  {
    what: "a Rake test task",
    files: { "Gemfile": "", "Rakefile": "Rake::TestTask.new" },
    commands: ["bundle"],
    gates: { test: "bundle exec rake test" },
  },
  {
    what: "Composer's test script",
    files: { "composer.json": scripts({ test: "phpunit" }) },
    commands: ["composer"],
    gates: { test: "composer test" },
  },
  {
    what: "every kind of a project with several, told apart by its name where checks have the same",
    files: { "package.json": scripts({ test: "x", lint: "y" }), "go.mod": "", "Makefile": "test:\n" },
    commands: ["npm", "go", "gofmt", "make"],
    gates: {
      "npm-test": "npm run test",
      "lint": "npm run lint",
      "fmt": "gofmt -l .",
      "vet": "go vet ./...",
      "go-test": "go test ./...",
      "make-test": "make test",
    },
  },
];

for (const { what, files, commands, gates, notes } of CASES) {
  Deno.test(`detectGates() finds ${what}`, async () => {
    const detected = await detect(files, ...commands);
    assertEquals(commandsOf(detected), gates);
    if (notes !== undefined) assertEquals(detected.notes, notes);
  });
}

Deno.test("detectGates() says why a manifest was not read", async () => {
  const { gates, notes } = await detect({ "package.json": "{", "composer.json": "[" }, "npm", "composer");
  assertEquals(gates, []);
  assertEquals(notes.map((note) => note.split(":")[0]), [
    "package.json was left out",
    "composer.json was left out",
  ]);
});

Deno.test("detectGates() gives whole definitions, and lets any output of gofmt fail", async () => {
  const { gates } = await detect({ "go.mod": "" }, "gofmt");
  assertEquals(gates, [{
    name: "fmt",
    command: "gofmt -l .",
    required: true,
    timeout_secs: 600,
    scope: "run",
    retries: 0,
    allow_fail: false,
    skip: false,
    output_fails: true,
    reports: [],
  }]);
});
