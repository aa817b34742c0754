import type { ApiRequest } from '../../openapi/operation-request.js';

/** A body as bytes, with the type that it has gained by that. */
export interface EncodedBody {
  readonly body: string | Uint8Array | null;
  readonly headers: ApiRequest['headers'];
}

/** Writes multipart forms out, which choose their boundary; other bodies are ready. */
export async function encodedBody({ body, headers }: ApiRequest): Promise<EncodedBody> {
  if (!(body instanceof FormData)) return { body, headers };
  const written = new Response(body);
  const contentType = written.headers.get('content-type') ?? 'multipart/form-data';
  return { body: new Uint8Array(await written.arrayBuffer()), headers: { ...headers, 'content-type': contentType } };
}
