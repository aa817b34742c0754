/** Longer than any pause between two rounds, so that no pooled connection is closed under a request. */
const KEEP_ALIVE_MS = 120_000;

/**
 * Listens on a free loopback port, tells it to the parent and ends with the parent, even when that one was killed.
 * @param {import('node:http').Server} server
 */
export function serve(server) {
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  process.on('disconnect', () => process.exit(0));
  server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
}

/**
 * Reads a request body as a whole.
 * @param {import('node:http').IncomingMessage} request
 * @param {(body: Buffer) => void} done
 */
export function readBody(request, done) {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => done(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)));
}

/**
 * @param {import('node:http').ServerResponse} response
 * @param {number} status
 * @param {string | Buffer} body
 */
export function answerJson(response, status, body) {
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
  response.end(body);
}
