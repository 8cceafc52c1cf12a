import { KINDS, type Kind } from "../src/log/kinds.ts"; import { isSurelyPayload } from "../src/log/payload_check.ts";
import * as m from "../src/log/payload_check.ts";
for (const k of Object.keys(KINDS) as Kind[]) { const s=(m as any).checkOf; }
import { typicalEvent } from "./bench/log.ts";
const p=typicalEvent(1).payload; console.log(isSurelyPayload("task_claimed",p));
function t(n:string,fn:()=>void){for(let i=0;i<2e4;i++)fn();const s=performance.now();for(let i=0;i<1e5;i++)fn();console.log(n,((performance.now()-s)/1e5*1000).toFixed(2),"us")}
t("quick",()=>{isSurelyPayload("task_claimed",p)}); t("zod",()=>{KINDS.task_claimed.payload.safeParse(p)});
import {runEventProblem} from "../src/log/run_event.ts"; import {parseLine} from "../src/log/line.ts";
const e:any={index:17,id:"0".repeat(36),run_id:"20261120-235000-abcd",ts:"2026-11-20T23:50:00.123Z",schema_version:1,kind:"task_claimed",subject:"task/api",actor:"controller/2",payload:p};
t("problem",()=>{runEventProblem(e)});
const line=JSON.stringify(e).slice(0,-1)+`,"prev":"${"0".repeat(64)}","commit":1,"sum":"${"0".repeat(64)}"}`;
t("parseLine",()=>{parseLine(line)});t("JSON.parse",()=>{JSON.parse(line)});
import {admit} from "../src/log/admission.ts"; t("admit",()=>{admit(typicalEvent(1))});t("typical",()=>{typicalEvent(1)});
import {makeCommit} from "../src/log/commit_batch.ts"; import {CommitEncoder,NO_SUM} from "../src/log/commit.ts"; import {createUuid7} from "../src/log/uuid7.ts";
const enc=new CommitEncoder(), id=createUuid7(); const a=admit(typicalEvent(1)); const b={index:3,sum:NO_SUM,ts:"2026-11-20T23:50:00.123Z"};
t("makeCommit",()=>{makeCommit([a],b,{runId:"r",now:Date.now(),newId:id,encoder:enc})});
t("uuid7",()=>{id()});
const many=Array.from({length:64},()=>a);t("makeCommit64",()=>{makeCommit(many,b,{runId:"r",now:Date.now(),newId:id,encoder:enc})});
