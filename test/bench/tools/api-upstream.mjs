// An HTTP API with its OpenAPI document, and a provider of models that streams one short answer.
// Usage: api-upstream.mjs <number of operations>
import { createServer } from 'node:http';
import { answerJson, readBody, serve } from '../bench-server.mjs';

const CHUNK = { id: 'c', object: 'chat.completion.chunk', created: 0, model: 'bench' };
const STREAM = [
  { ...CHUNK, choices: [{ index: 0, delta: { role: 'assistant', content: 'Hello' }, finish_reason: null }] },
  { ...CHUNK, choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] },
]
  .map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`)
  .join('')
  .concat('data: [DONE]\n\n');
const document = JSON.stringify(describe(Number(process.argv[2] ?? 20)));

serve(
  createServer((request, response) => {
    if (request.url === '/openapi.json') return answerJson(response, 200, document);
    readBody(request, () => {
      const { pathname, searchParams } = new URL(request.url, 'http://localhost');
      if (pathname.startsWith('/tool_'))
        return answerJson(response, 200, JSON.stringify({ text: searchParams.get('text') }));
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.end(STREAM);
    });
  }),
);

function describe(count) {
  const parameters = [{ name: 'text', in: 'query', required: true, schema: { type: 'string', maxLength: 10_000 } }];
  const operation = (index) => ({
    operationId: `tool_${index}`,
    parameters,
    responses: { 200: { description: 'ok' } },
  });
  const paths = Object.fromEntries(
    Array.from({ length: count }, (_, index) => [`/tool_${index}`, { post: operation(index) }]),
  );
  return { openapi: '3.1.0', info: { title: 'bench', version: '1' }, paths };
}
