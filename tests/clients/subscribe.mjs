// Subscribes over graphql-transport-ws with the graphql-ws client, and prints each message as a line of JSON.
//   node subscribe.mjs URL QUERY [VARIABLES as JSON] [COUNT]
// Ends after COUNT messages, or when the server completes; with exit code 1 when the server refuses.
import { createClient } from 'graphql-ws';
import WebSocket from 'ws'; // Node.js 20 has none of its own

const [url, query, variables = '{}', count = 'Infinity'] = process.argv.slice(2);

const client = createClient({ url: url.replace(/^http/, 'ws'), webSocketImpl: WebSocket, retryAttempts: 0 });

async function follow() {
  let left = Number(count);
  for await (const message of client.iterate({ query, variables: JSON.parse(variables) })) {
    console.log(JSON.stringify(message));
    left -= 1;
    if (left <= 0) return;
  }
}

/** GraphQL errors as they came; of a closed socket, its code and reason. */
function described(refusal) {
  if (Array.isArray(refusal)) return { errors: refusal };
  return { code: refusal.code, reason: refusal.reason ?? refusal.message };
}

try {
  await follow();
} catch (refusal) {
  console.error(JSON.stringify(described(refusal)));
  process.exitCode = 1;
} finally {
  await client.dispose();
}
