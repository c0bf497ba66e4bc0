import { RestError, TableClient } from '@azure/data-tables';
import type { TableServiceClientOptions } from '@azure/data-tables';
import { signByAccountKey } from './accountKey.ts';
import { readAccount } from './connectionString.ts';

/** What an identity library's credential does; every `TokenCredential` of Azure's libraries is one. */
interface TokenSource {
  getToken(scopes: string | string[], options?: object): Promise<{ token: string; expiresOnTimestamp: number } | null>;
}

export type TablesConnection =
  /** Azurite, or an account's key. */
  | { readonly connectionString: string }
  /** `https://<account>.table.core.windows.net` and a managed identity. */
  | { readonly url: string; readonly credential: TokenSource };

export interface ConnectTableOptions {
  readonly connection: TablesConnection;
  /** Called before each request is sent, retries included. */
  readonly onRoundTrip?: (() => void) | undefined;
}

/** Few and quick: a caller waits, and beyond these the answer is 503 and the client's own back-off. */
const RETRIES = { maxRetries: 2, retryDelayInMs: 50, maxRetryDelayInMs: 500 };

/** Azurite speaks plain HTTP, and on this machine alone may anything do so. */
const AZURITE = /(^|;)(UseDevelopmentStorage=true|TableEndpoint=http:\/\/(127\.0\.0\.1|localhost)[:/])/i;

export function connectTable(name: string, options: ConnectTableOptions): TableClient {
  const { connection, onRoundTrip } = options;
  const counting = onRoundTrip === undefined ? [] : [countingPolicy(onRoundTrip)];
  const clientOptions = { retryOptions: RETRIES, additionalPolicies: [WHOLE_ANSWERS, ...counting] };
  const table = createClient(name, connection, clientOptions);
  for (const policy of NOT_NEEDED) table.pipeline.removePolicy({ name: policy });
  return table;
}

/**
 * Steps of the library's client that each request pays for and none of ours needs: no tracer is registered, rows come
 * uncompressed and are no forms, its log is not read, and the store answers where it was asked.
 */
const NOT_NEEDED = [
  ...['tracingPolicy', 'logPolicy', 'redirectPolicy', 'decompressResponsePolicy'],
  ...['formDataPolicy', 'multipartPolicy', 'userAgentPolicy'],
];

function createClient(name: string, connection: TablesConnection, options: TableServiceClientOptions): TableClient {
  if ('url' in connection) return new TableClient(connection.url, name, connection.credential, options);
  const { connectionString } = connection;
  const allowInsecureConnection = AZURITE.test(connectionString);
  const table = TableClient.fromConnectionString(connectionString, name, { ...options, allowInsecureConnection });
  const account = readAccount(connectionString);
  if (account !== null) signByAccountKey(table, account);
  return table;
}

type AdditionalPolicy = NonNullable<
  NonNullable<Parameters<typeof TableClient.fromConnectionString>[2]>['additionalPolicies']
>[number];

function countingPolicy(onRoundTrip: () => void): AdditionalPolicy {
  return {
    position: 'perRetry',
    policy: {
      name: 'countRoundTrips',
      sendRequest: (request, next) => {
        onRoundTrip();
        return next(request);
      },
    },
  };
}

const QUERY = /\/\w+\(\)(?:\?|$)/;

/** An answer to a query that has no list is none, and not an empty one: to the client it would be the latter. */
const WHOLE_ANSWERS: AdditionalPolicy = {
  position: 'perRetry',
  policy: {
    name: 'wholeAnswers',
    sendRequest: async (request, next) => {
      const response = await next(request);
      if (response.status === 200 && QUERY.test(request.url) && !/"value"\s*:\s*\[/.test(response.bodyAsText ?? '')) {
        throw new RestError('an answer without a list', { code: 'QueryAnswerNotWhole', statusCode: 200 });
      }
      return response;
    },
  },
};
