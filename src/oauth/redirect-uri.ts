const LOOPBACK = new Set(['127.0.0.1', '[::1]', 'localhost']);

/** May a client be told of the end of a login at this address? That of the gateway, and on the user's own machine. */
export function isRedirectUri(text: string, base: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || url.hash !== '' || url.username !== '' || url.password !== '') return false;
  if (url.protocol === 'http:' && LOOPBACK.has(url.hostname)) return true;
  return url.origin === new URL(base).origin;
}
