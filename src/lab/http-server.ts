/** Settings of a server of Node's http module, under Node's names, in milliseconds; left out, they are Node's own. */
export interface HttpServerOptions {
  readonly keepAliveTimeout?: number;
  readonly maxRequestsPerSocket?: number;
  readonly headersTimeout?: number;
  readonly requestTimeout?: number;
  /** How often the two above are looked at. */
  readonly connectionsCheckingInterval?: number;
  /** `server.setTimeout()`. */
  readonly timeout?: number;
  /** Answers with `Connection: close`. */
  readonly closes?: boolean;
  /** Does not answer at all. */
  readonly silent?: boolean;
}
