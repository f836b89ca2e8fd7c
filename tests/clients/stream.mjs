// Subscribes over server-sent events with the graphql-sse client, and prints each message as a line of JSON.
//   node stream.mjs URL QUERY [VARIABLES as JSON] [COUNT]
// Ends after COUNT messages, or when the server completes; with exit code 1 when the server refuses.
import { createClient } from 'graphql-sse';

const [url, query, variables = '{}', count = 'Infinity'] = process.argv.slice(2);

const client = createClient({ url, retryAttempts: 0 });

try {
  let left = Number(count);
  for await (const message of client.iterate({ query, variables: JSON.parse(variables) })) {
    console.log(JSON.stringify(message));
    left -= 1;
    if (left <= 0) break;
  }
} catch (refusal) {
  console.error(JSON.stringify({ message: refusal.message }));
  process.exitCode = 1;
} finally {
  client.dispose();
}
