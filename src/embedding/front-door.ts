import type { IncomingMessage, Server, ServerResponse } from 'node:http';

type Listener = (request: IncomingMessage, response: ServerResponse) => void;

/** Answers a request that is the gateway's; false leaves it to the application. */
export type FrontDoor = (request: IncomingMessage, response: ServerResponse) => boolean;

/**
 * Puts a front door before whatever answers the requests of a server, be it Express or Fastify: their middleware, body
 * parsers and routers never see what is the gateway's.
 */
export function standBefore(server: Server, frontDoor: FrontDoor): void {
  const behind = server.listeners('request') as Listener[];
  server.removeAllListeners('request');
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    if (frontDoor(request, response)) return;
    for (const listener of behind) listener.call(server, request, response);
  });
}
