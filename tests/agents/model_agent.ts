/**
 * A small agent that is real: it asks a model what to do, calls the tools that the model names, and prints its last
 * word. The prompt comes on standard input; the one argument is the model's URL.
 */

/** The definition of this agent for a plan, driven as a plain command; `url`: of the model. */
export function modelAgent(url: string): { readonly command: readonly string[] } {
  const script = decodeURIComponent(new URL(import.meta.url).pathname);
  return { command: [Deno.execPath(), "run", "--quiet", "--no-check", "--no-config", "-A", script, url] };
}

/** An agent that goes on for longer is in a loop. */
const MOST_CALLS = 20;

const TOOLS = [
  { name: "shell", required: ["command"] },
  { name: "write_file", required: ["path", "content"] },
].map(({ name, required }) => ({
  type: "function",
  function: {
    name,
    parameters: {
      type: "object",
      properties: Object.fromEntries(required.map((field) => [field, { type: "string" }])),
      required,
    },
  },
}));

async function shell(command: string): Promise<string> {
  const { stdout, stderr } = await new Deno.Command("sh", { args: ["-c", command], stdin: "null" }).output();
  const decoder = new TextDecoder();
  return decoder.decode(stdout) + decoder.decode(stderr);
}

async function writeFile(path: string, content: string): Promise<string> {
  if (path.includes("/")) await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
  await Deno.writeTextFile(path, content);
  return "written";
}

/** Works on the prompt; returns the last word. */
async function work(url: string, prompt: string): Promise<string> {
  const messages: unknown[] = [
    { role: "system", content: `Working directory: ${Deno.cwd()}` },
    { role: "user", content: prompt },
  ];
  for (let call = 0; call < MOST_CALLS; call += 1) {
    const response = await fetch(`${url}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ model: "fake-model", messages, tools: TOOLS }),
    });
    if (!response.ok) throw new Error(`API Error: ${response.status}`);
    const { message } = (await response.json()).choices[0];
    const [used] = message.tool_calls ?? [];
    if (used === undefined) return message.content;
    const input = JSON.parse(used.function.arguments);
    const content = used.function.name === "shell"
      ? await shell(input.command)
      : await writeFile(input.path, input.content);
    messages.push(message, { role: "tool", tool_call_id: used.id, content });
  }
  throw new Error(`The model has called ${MOST_CALLS} tools`);
}

if (import.meta.main) {
  console.log(await work(Deno.args[0] ?? "", await new Response(Deno.stdin.readable).text()));
}
