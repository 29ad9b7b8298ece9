// How GraphiQL asks: queries and mutations by HTTP, subscriptions by the `graphql-transport-ws` protocol.

const HTTP = new URL("/graphql", location.href).href;
const SOCKET = HTTP.replace(/^http/, "ws");

/** What GraphiQL's own request for the schema is sent with, which belongs to no tab: what was sent last. */
export const lastHeaders = {};

/** A fetcher for GraphiQL; each tab's headers say who asks. */
export function fetcher(parameters, { headers: given = {} } = {}) {
  const headers = Object.fromEntries(Object.entries(given).map(([name, value]) => [name.toLowerCase(), value]));
  if (headers.authorization) lastHeaders.authorization = headers.authorization;
  else if (parameters.operationName === "IntrospectionQuery") Object.assign(headers, lastHeaders);
  // Just after a tab has come to the front, GraphiQL still names the operation of the one before.
  const operations = definitions(parameters.query).filter((each) => each.kind === "OperationDefinition");
  const named = operations.find((each) => each.name?.value === parameters.operationName);
  const asked = named ?? operations[0];
  const request = named ? parameters : { ...parameters, operationName: asked?.name?.value };
  return asked?.operation === "subscription" ? listen(request, headers) : ask(request, headers);
}

function definitions(text) {
  try {
    return GraphiQL.GraphQL.parse(text).definitions;
  } catch {
    return []; // The server says what is wrong with it.
  }
}

async function ask(parameters, headers) {
  const response = await fetch(HTTP, {
    method: "POST",
    headers: { accept: "application/json", ...headers, "content-type": "application/json" },
    body: JSON.stringify(parameters),
  });
  return response.json();
}

// Each subscription has a connection of its own, for each may be somebody else's.
async function* listen(parameters, headers) {
  const client = graphqlWs.createClient({ url: SOCKET, connectionParams: headers, retryAttempts: 0 });
  try {
    yield* client.iterate(parameters);
  } catch (fault) {
    yield { errors: [{ message: fault?.reason || fault?.message || "The connection has failed." }] };
  } finally {
    client.dispose();
  }
}
