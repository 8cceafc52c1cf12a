/** Kinds of projects whose tools have one way to check everything. */

import { type Check, firstExisting, type KindFindings, memberOf, type Project } from "./check.ts";
import { reasonOf } from "../../errors.ts";

/** Rust with Cargo. */
export async function cargo(project: Project): Promise<KindFindings | null> {
  if (!await project.exists("Cargo.toml")) return null;
  const checks: Check[] = [
    { name: "fmt", command: "cargo fmt --check", needs: ["cargo", "rustfmt"] },
    {
      name: "clippy",
      command: "cargo clippy --all-targets -- -D warnings",
      needs: ["cargo", "cargo-clippy"],
    },
    { name: "test", command: "cargo test", needs: ["cargo"] },
  ];
  return { kind: "cargo", checks, notes: [] };
}

/** Go modules. `gofmt -l` exits with 0 whatever it finds, and lists what is not formatted. */
export async function go(project: Project): Promise<KindFindings | null> {
  if (!await project.exists("go.mod")) return null;
  const checks: Check[] = [
    { name: "fmt", command: "gofmt -l .", needs: ["gofmt"], output_fails: true },
    { name: "vet", command: "go vet ./...", needs: ["go"] },
    { name: "test", command: "go test ./...", needs: ["go"] },
  ];
  return { kind: "go", checks, notes: [] };
}

/** .NET: a solution or a project in the root. */
export async function dotnet(project: Project): Promise<KindFindings | null> {
  const names = await project.list();
  if (!names.some((name) => /\.(?:slnx?|[cfv](?:s|b)proj)$/.test(name))) return null;
  return { kind: "dotnet", checks: [{ name: "test", command: "dotnet test", needs: ["dotnet"] }], notes: [] };
}

/** Ruby: RSpec where it is set up, else the test task of the Rakefile. */
export async function ruby(project: Project): Promise<KindFindings | null> {
  const hasGemfile = await project.exists("Gemfile");
  const rakefile = await project.read("Rakefile");
  if (!hasGemfile && rakefile === null) return null;
  const prefix = hasGemfile ? "bundle exec " : "";
  const usesSpecs = await firstExisting(project, [".rspec", "spec/spec_helper.rb"]) !== undefined;
  const hasTask = rakefile !== null && /Rake::TestTask|^\s*task[\s(]+(?:["':]?test\b)/m.test(rakefile);
  if (!usesSpecs && !hasTask) {
    return {
      kind: "ruby",
      checks: [],
      notes: ["Ruby was left out: it has neither RSpec nor a test task in a Rakefile"],
    };
  }
  const program = usesSpecs ? "rspec" : "rake";
  const command = usesSpecs ? `${prefix}rspec` : `${prefix}rake test`;
  return {
    kind: "ruby",
    checks: [{ name: "test", command, needs: [hasGemfile ? "bundle" : program] }],
    notes: [],
  };
}

/** PHP with Composer: its test script. */
export async function php(project: Project): Promise<KindFindings | null> {
  const text = await project.read("composer.json");
  if (text === null) return null;
  let manifest: unknown;
  try {
    manifest = JSON.parse(text);
  } catch (error) {
    return { kind: "composer", checks: [], notes: [`composer.json was left out: ${reasonOf(error)}`] };
  }
  if (memberOf(memberOf(manifest, "scripts"), "test") === undefined) {
    return { kind: "composer", checks: [], notes: ['composer.json was left out: it has no script "test"'] };
  }
  return {
    kind: "composer",
    checks: [{ name: "test", command: "composer test", needs: ["composer"] }],
    notes: [],
  };
}
