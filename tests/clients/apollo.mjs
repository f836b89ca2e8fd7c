// Asks a gateway with Apollo Client as an application does, and prints the answers as JSON:
//   node apollo.mjs URL ACCOUNT
// a query, a mutation that is refused, and the account's first events, once over WebSocket and once over server-sent events.
import { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache, Observable } from '@apollo/client/core/index.js';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions/index.js';
import { print } from 'graphql';
import { createClient as createStreams } from 'graphql-sse';
import { createClient as createSockets } from 'graphql-ws';
import WebSocket from 'ws'; // Node.js 20 has none of its own

const [url, account] = process.argv.slice(2);
const variables = { id: account };

const QUERY = gql`query Account($id: ID!) { account(id: $id) { id ownerName } }`;
const MUTATION = gql`mutation Freeze { freezeAccount(input: { accountId: "Account:nobody" }) { __typename } }`;
const SUBSCRIPTION = gql`subscription Events($id: ID!) { events(stream: $id) { node { version } } }`;

const sockets = createSockets({ url: `${url}/graphql`.replace(/^http/, 'ws'), webSocketImpl: WebSocket });
const streams = createStreams({ url: `${url}/graphql/stream` });
const overEvents = new ApolloLink(
  (operation) =>
    new Observable((sink) => streams.subscribe({ query: print(operation.query), variables: operation.variables }, sink)),
);
const over = (link) => new ApolloClient({ cache: new InMemoryCache(), link });

function first(client, count) {
  const found = [];
  return new Promise((resolve, reject) => {
    const subscription = client.subscribe({ query: SUBSCRIPTION, variables }).subscribe({
      next: ({ data, error }) => {
        if (error) reject(error);
        if (found.length === count) return;
        found.push(data.events.node.version);
        if (found.length < count) return;
        setImmediate(() => subscription.unsubscribe());
        resolve(found);
      },
      error: reject,
    });
  });
}

const client = over(new HttpLink({ uri: `${url}/graphql` }));
const query = await client.query({ query: QUERY, variables });
const mutation = await client.mutate({ mutation: MUTATION });
console.log(
  JSON.stringify({
    query: query.data,
    mutation: mutation.data,
    overWebSocket: await first(over(new GraphQLWsLink(sockets)), 2),
    overEvents: await first(over(overEvents), 2),
  }),
);
await sockets.dispose();
streams.dispose();
