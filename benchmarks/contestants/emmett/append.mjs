// One event a stream, so many appends at once, through Emmett's event store on MongoDB.
// node append.mjs URI DATABASE SECONDS AT_ONCE; prints one line of JSON.
import { getMongoDBEventStore } from "@event-driven-io/emmett-mongodb";
import { MongoClient } from "mongodb";
import { randomUUID } from "node:crypto";

const [uri, database, seconds, atOnce] = process.argv.slice(2);
const url = new URL(uri);
url.pathname = `/${database}`;
url.searchParams.set("w", "majority");
url.searchParams.set("journal", "true");
const client = await new MongoClient(url.toString()).connect();
const store = getMongoDBEventStore({ client });

const latencies = [];
let names = [];

async function append() {
  const name = `account:${randomUUID()}`;
  const data = { account: name, customer: "c1", ownerName: "Name 1", currency: "EUR" };
  const isNew = { expectedStreamVersion: "STREAM_DOES_NOT_EXIST" };
  await store.appendToStream(name, [{ type: "AccountOpened", data }], isNew);
  names.push(name);
}

async function appendUntil(end) {
  while (performance.now() < end) {
    const began = performance.now();
    await append();
    latencies.push(performance.now() - began);
  }
}

async function run(duration) {
  const began = performance.now();
  latencies.length = 0;
  await Promise.all(Array.from({ length: Number(atOnce) }, () => appendUntil(began + duration * 1000)));
  return latencies.length / ((performance.now() - began) / 1000);
}

await run(Math.max(1, Number(seconds) / 3)); // warm
names = [];
const before = process.cpuUsage();
const rate = await run(Number(seconds));
const { user, system } = process.cpuUsage(before);
latencies.sort((a, b) => a - b);
const at = (share) => latencies[Math.floor(latencies.length * share)];
// The stream's document has its events in it: that it is there is that its event is there.
const written = { streamName: { $in: names }, "messages.0": { $exists: true } };
const missing = names.length - (await client.db().collection("emt:account").countDocuments(written));
const cpu = (user + system) / 1000 / latencies.length;
console.log(JSON.stringify({ rate, p50: at(0.5), p99: at(0.99), cpu, memory: process.memoryUsage().rss / 1e6, missing }));
await client.close();
