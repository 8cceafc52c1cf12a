import { typicalEvent } from "./bench/log.ts"; import { createRunLog } from "../src/log/file_log.ts"; import { OPTIONS, runStarted, TemporaryDirectory } from "./log/fixture.ts";
import { readRunLog } from "../src/log/reader.ts";
const N=20000; const batch=Number(Deno.args[0]);
using d=new TemporaryDirectory(); const path=d.file(); { await using log=await createRunLog(path,OPTIONS); await log.append([runStarted()]); for(let i=0;i<N;i+=batch) await log.append(Array.from({length:batch},(_,k)=>typicalEvent(i+k))); }
for(let i=0;i<40;i++) for await(const _ of readRunLog(path));
