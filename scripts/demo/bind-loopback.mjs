/**
 * Preloaded into the demo's MCP server, which by itself listens on every interface and prints the port it was asked
 * for instead of the one it got: this keeps it on loopback, reports the real port, and ends it with its parent.
 */
import { Server } from 'node:net';

const listen = Server.prototype.listen;

Server.prototype.listen = function (port, ...rest) {
  this.once('listening', () => process.send?.({ port: this.address().port }));
  return listen.call(this, { port, host: '127.0.0.1' }, ...rest);
};

process.once('disconnect', () => process.exit(0));
