/** Projects for the Java virtual machine: Gradle and Maven, by their wrapper where the project brings one. */

import { firstExisting, type KindFindings, type Project } from "./check.ts";

/** See the module. */
export async function jvm(project: Project): Promise<KindFindings | null> {
  const command = await commandFor(project);
  return command === null ? null : {
    kind: command.kind,
    checks: [{ name: "test", command: command.text, needs: [command.program, "java"] }],
    notes: [],
  };
}

/** A wrapper is a shell script; it may have lost its executable bit on the way into the repository. */
async function commandFor(
  project: Project,
): Promise<{ readonly kind: string; readonly text: string; readonly program: string } | null> {
  if (await project.exists("gradlew")) return { kind: "gradle", text: "sh ./gradlew test", program: "sh" };
  if (await firstExisting(project, ["build.gradle", "build.gradle.kts"]) !== undefined) {
    return { kind: "gradle", text: "gradle test", program: "gradle" };
  }
  if (!await project.exists("pom.xml")) return null;
  return await project.exists("mvnw")
    ? { kind: "maven", text: "sh ./mvnw --batch-mode test", program: "sh" }
    : { kind: "maven", text: "mvn --batch-mode test", program: "mvn" };
}
