// Asks a gateway with urql as an application does, and prints the answers as JSON:
//   node urql.mjs URL ACCOUNT
// a query, a mutation that is refused, and the account's first events, once over WebSocket and once over server-sent events.
import { Client, fetchExchange, subscriptionExchange } from '@urql/core';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws'; // Node.js 20 has none of its own

const [url, account] = process.argv.slice(2);

const QUERY = 'query Account($id: ID!) { account(id: $id) { id ownerName } }';
const MUTATION = `mutation Freeze { freezeAccount(input: { accountId: "Account:nobody" }) { __typename } }`;
const SUBSCRIPTION = 'subscription Events($id: ID!) { events(stream: $id) { node { version } } }';

const sockets = createClient({ url: `${url}/graphql`.replace(/^http/, 'ws'), webSocketImpl: WebSocket });
const overSockets = subscriptionExchange({
  forwardSubscription: ({ query, variables }) => ({
    subscribe: (sink) => ({ unsubscribe: sockets.subscribe({ query, variables }, sink) }),
  }),
});
const accepted = [];
const fetching = { url: `${url}/graphql`, fetch: (input, init) => (accepted.push(init.headers.accept), fetch(input, init)) };
const client = new Client({ ...fetching, exchanges: [overSockets, fetchExchange] });
const streams = new Client({ ...fetching, exchanges: [fetchExchange], fetchSubscriptions: true });

function first(from, count, context) {
  const found = [];
  return new Promise((resolve) => {
    const { unsubscribe } = from.subscription(SUBSCRIPTION, { id: account }, context).subscribe((result) => {
      if (found.length === count) return;
      found.push(result.error ? { error: String(result.error) } : result.data.events.node.version);
      if (found.length < count && !result.error) return;
      setImmediate(() => unsubscribe());
      resolve(found);
    });
  });
}

const query = await client.query(QUERY, { id: account }).toPromise();
const mutation = await client.mutation(MUTATION, {}).toPromise();
console.log(
  JSON.stringify({
    query: query.data ?? String(query.error),
    mutation: mutation.data ?? String(mutation.error),
    overWebSocket: await first(client, 2),
    overEvents: await first(streams, 2, { url: `${url}/graphql/stream` }),
    accepted,
  }),
);
await sockets.dispose();
