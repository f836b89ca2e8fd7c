// Asks a server every question of graphql-http's audit of GraphQL over HTTP, and prints the answers as JSON.
//   node audit.mjs URL
import { auditServer } from 'graphql-http';

const [url] = process.argv.slice(2);

const results = await auditServer({ url });
console.log(
  JSON.stringify(results.map(({ id, name, status, reason }) => ({ id, name, status, reason: reason ?? null }))),
);
