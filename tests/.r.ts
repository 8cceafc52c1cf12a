import { typicalEvent } from "./bench/log.ts"; import { createRunLog } from "../src/log/file_log.ts"; import { OPTIONS, runStarted, TemporaryDirectory } from "./log/fixture.ts";
import { readRunLog } from "../src/log/reader.ts"; import { verifyLog } from "../src/log/verify.ts"; import { scanLog } from "../src/log/scan.ts"; import {createHash} from "node:crypto";
const N=20000;
for (const batch of [1,64]) { using d=new TemporaryDirectory(); const path=d.file(); { await using log=await createRunLog(path,OPTIONS); await log.append([runStarted()]); for(let i=0;i<N;i+=batch) await log.append(Array.from({length:batch},(_,k)=>typicalEvent(i+k))); }
 async function t(n:string,fn:()=>Promise<void>){ for(let i=0;i<3;i++)await fn(); const a:number[]=[]; for(let i=0;i<7;i++){const s=performance.now();await fn();a.push(performance.now()-s)} a.sort((x,y)=>x-y); console.log(batch,n,(a[3]/N*1000).toFixed(2),"us/event")}
 const parse=async(h:boolean)=>{const bytes=await Deno.readFile(path);const text=new TextDecoder().decode(bytes);let start=0;for(const line of text.split("\n")){if(line==="")continue;const {sum}=JSON.parse(line);if(!h||sum===undefined)continue;const end=text.indexOf(sum,start)+67;if(createHash("sha256").update(bytes.subarray(start,end-75)).digest("hex")!==sum)throw 1;start=end;}};
 await t("parse",()=>parse(false)); await t("parse+hash",()=>parse(true));
 await t("scan nosum",async()=>{for await(const _ of scanLog(path,{checkSums:false}));});
 await t("scan",async()=>{for await(const _ of scanLog(path));});
 await t("verify",async()=>{await verifyLog(path)});
 await t("read",async()=>{for await(const _ of readRunLog(path));});
}
