import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { Kind, parse } from 'graphql';
import { createClient } from 'graphql-ws';

const { origin, pathname } = window.location;

/** The API answers where this page stands: nothing is configured, and no other host is asked. */
export const endpoint = origin + pathname;

const send = createGraphiQLFetcher({
  url: endpoint,
  // `lazy`: a socket is opened by the first subscription and closed after the last.
  wsClient: createClient({ url: endpoint.replace(/^http/, 'ws'), lazy: true }),
});

/**
 * Send what the editor shows. GraphiQL learns a tenth of a second late that another tab was chosen; whoever
 * is faster would send the name of the tab before, and a subscription over HTTP. So both are read anew here.
 */
export function fetcher(request, options) {
  const documentAST = parsed(request.query);
  if (!documentAST) return send(request, options);
  const operationName = chosen(request.operationName, documentAST);
  return send({ ...request, operationName }, { ...options, documentAST });
}

/** Null for what is no GraphQL: the server says better what is wrong with it. */
function parsed(query) {
  try {
    return parse(query);
  } catch {
    return null;
  }
}

function chosen(name, documentAST) {
  const operations = documentAST.definitions.filter(({ kind }) => kind === Kind.OPERATION_DEFINITION);
  const names = operations.map((operation) => operation.name?.value);
  return names.includes(name) ? name : names[0];
}
