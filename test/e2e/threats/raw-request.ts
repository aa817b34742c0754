import { request as httpRequest } from 'node:http';
import type { HttpAnswer } from '../support/http.js';

/** Sends a target as it is written: other clients resolve dots and encode characters first. */
export function sendRaw(
  gatewayUrl: string,
  target: string,
  headers: Record<string, string>,
  body: object,
): Promise<Pick<HttpAnswer, 'status' | 'text'>> {
  const { hostname, port } = new URL(gatewayUrl);
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      {
        ...{ hostname, port, path: target, method: 'POST', agent: false },
        headers: {
          ...{ 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
          ...headers,
        },
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      },
    );
    request.on('error', reject).end(JSON.stringify(body));
  });
}
