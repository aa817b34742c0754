import { http } from '../support/http.js';
import type { Door } from './door.js';

interface RestAnswer {
  code?: string;
  detail?: string;
  sent?: string;
  isError?: boolean;
  content?: { text?: string }[];
}

/** `POST /mcp-rest/tools/call${call.query ?? ''}`. */
export const REST_DOOR: Door = {
  name: 'REST',
  scoped: true,
  async call(gatewayUrl, call) {
    const raw = await http(`${gatewayUrl}/mcp-rest/tools/call${call.query ?? ''}`, {
      method: 'POST',
      headers: {
        'x-request-id': call.requestId,
        ...(call.key !== null && { authorization: `Bearer ${call.key}` }),
        ...call.headers,
      },
      body: { server_id: call.server, name: call.tool, arguments: call.arguments },
    });
    const body = (raw.json ?? {}) as RestAnswer;
    const kind = raw.status !== 200 ? 'refused' : body.isError === true ? 'tool_error' : 'ok';
    return {
      status: raw.status,
      kind,
      code: body.code ?? null,
      sent: body.sent ?? null,
      rpcCode: null,
      text: body.content?.[0]?.text ?? body.detail ?? '',
      raw,
    };
  },
};
