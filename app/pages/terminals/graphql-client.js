// GraphQL over HTTP in forty lines: ask for something, or change something safely.

/** The request was refused as a whole, or never arrived; `code` is for programs, the message for people. */
export class RequestError extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

export class GraphQLClient {
  /** @param {string} token A JSON Web Token. It is kept here and nowhere else: not in the address, not in storage. */
  constructor(token) {
    this.authorization = `Bearer ${token}`;
  }

  /** Send a document and return its `data`. */
  async ask(document, variables = {}) {
    const answer = await this.#send(document, variables);
    const body = await answer.json();
    if (body.errors) {
      const [{ message, extensions }] = body.errors;
      throw new RequestError(extensions?.code ?? "INTERNAL", message);
    }
    return body.data;
  }

  /**
   * Send a mutation with one field that takes an `input`, and return what the field answers.
   *
   * Whoever hears no answer does not know whether it was done. With an idempotency key the same can be sent again: what
   * was done is answered once more and not done twice.
   */
  async change(document, input) {
    const keyed = { ...input, idempotencyKey: crypto.randomUUID() };
    let data;
    try {
      data = await this.ask(document, { input: keyed });
    } catch (fault) {
      if (!["NETWORK", "UNAVAILABLE"].includes(fault.code)) throw fault;
      data = await this.ask(document, { input: keyed });
    }
    return Object.values(data)[0];
  }

  async #send(document, variables) {
    try {
      return await fetch("/graphql", {
        method: "POST",
        headers: {
          "Content-Type": "application/json",
          // With this media type a refused request has a status of its own.
          Accept: "application/graphql-response+json",
          Authorization: this.authorization,
        },
        body: JSON.stringify({ query: document, variables }),
      });
    } catch {
      throw new RequestError("NETWORK", "The server cannot be reached.");
    }
  }
}
